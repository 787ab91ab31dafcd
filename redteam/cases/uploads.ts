import { attempts, type CaseClass } from "../attempt.ts";
import { neighboursHarm } from "../support/vault.ts";

/** Paths of files that would lie where no upload may, or mean something to whoever loads them. */
const PATHS = [
  "../escape.js",
  "a/../../escape.js",
  "/escape.js",
  "./../escape.js",
  ".isola/runtime.js",
  ".isola/main.js",
  ".ISOLA/main.js",
  "a/.isola/main.js",
  ".modules/vault/index.js",
  ".packages/hono/index.js",
  "a\\b.js",
  "a//b.js",
  "%2e%2e/escape.js",
  "node:fs.js",
  "cloudflare:workers.js",
  "data:text/javascript,1.js",
  "a\u0000.js",
  "a\n.js",
  "\u202Ea.js",
  "a\u200B.js",
  "con*.js",
  "a?.js",
  "a#.js",
  " a.js",
  "native.node",
  "code.wasm",
  "x".repeat(250) + ".js",
] as const;

/** Names of scripts that are no names. */
const NAMES = [
  "..%2Fvault",
  "__proto__",
  "%00",
  "A",
  "a%2Fb",
  "-",
  "vault%20",
  "x".repeat(100),
  "%F0%9F%8F%9D",
] as const;

/** Bodies that are no uploads, or that say more than an upload may. */
const BODIES: Record<string, string> = {
  "limits above the ceiling": `{"source":"export default () => 1","limits":{"wallClockMs":3600000}}`,
  "limits below zero": `{"source":"export default () => 1","limits":{"subrequests":-1}}`,
  "limits that are no numbers": `{"source":"export default () => 1","limits":{"cpuMs":1e400}}`,
  "a kind of its own": `{"source":"export default () => 1","kind":"platform"}`,
  "an array for files": `{"files":["export default () => 1"]}`,
  "a file that is no text": `{"files":{"index.js":{"toString":"x"}}}`,
  "no files": `{"files":{}}`,
  "100,000 levels": "[".repeat(100_000),
  "a main beside the files": `{"files":{"index.js":"export default () => 1"},"main":"../.isola/main.js"}`,
};

interface Answered {
  status: number;
  harm: string | null;
}

const judge = ({ status, harm }: Answered): string | null =>
  [400, 404, 413, 422].includes(status) ? harm : `it was answered ${status}`;
const breach: Answered = { status: 200, harm: null };

const HANDLER = "export default { fetch() { return new Response('ok'); } };\n";

export const uploads: CaseClass = {
  name: "uploads",
  cases: [
    ...attempts<Answered>({
      names: PATHS.map((path) => `the file ${path}`),
      expected: "refused with the file's name",
      attack: async (stage) => {
        const { attacker } = stage;
        const seen = new Map<string, Answered>();
        for (const path of PATHS) {
          const body = { files: { "index.js": HANDLER, [path]: HANDLER }, main: "index.js" };
          const answer = await stage.api(attacker.token, "PUT", `/orgs/${attacker.slug}/scripts/upload`, body);
          seen.set(`the file ${path}`, { status: answer.status, harm: await neighboursHarm(stage) });
        }
        return seen;
      },
      judge,
      breach,
    }),
    ...attempts<Answered>({
      names: NAMES.map((name) => `the name ${name}`),
      expected: "refused, or not there",
      attack: async (stage) => {
        const { attacker } = stage;
        const seen = new Map<string, Answered>();
        for (const name of NAMES) {
          const answer = await stage.api(attacker.token, "PUT", `/orgs/${attacker.slug}/scripts/${name}`, {
            source: HANDLER,
          });
          seen.set(`the name ${name}`, { status: answer.status, harm: await neighboursHarm(stage) });
        }
        return seen;
      },
      judge,
      breach,
    }),
    ...attempts<Answered>({
      names: Object.keys(BODIES),
      expected: "refused",
      attack: async (stage) => {
        const { attacker, platform } = stage;
        const seen = new Map<string, Answered>();
        for (const [name, body] of Object.entries(BODIES)) {
          const answer = await platform.fetch("app.localhost", `/api/v1/orgs/${attacker.slug}/scripts/upload`, {
            method: "PUT",
            headers: { authorization: `Bearer ${attacker.token}`, "content-type": "application/json" },
            body,
          });
          seen.set(name, { status: answer.status, harm: await neighboursHarm(stage) });
        }
        return seen;
      },
      judge,
      breach,
    }),
  ],
};
