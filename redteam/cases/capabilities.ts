import { attempts, type CaseClass } from "../attempt.ts";
import type { Execution, Stage } from "../support/stage.ts";
import { neighboursHarm } from "../support/vault.ts";

/** Collects every stub that a script can get hold of, by whatever way. */
const TOP = `
const stubs = (env, ctx) => {
  const found = new Map();
  const look = (value, depth) => {
    if (value === null || (typeof value !== "object" && typeof value !== "function") || depth > 3) return;
    if (/Stub|Fetcher/.test(Object.prototype.toString.call(value))) { found.set(value, depth); return; }
    for (const key of Reflect.ownKeys(value)) { try { look(value[key], depth + 1); } catch {} }
  };
  for (const value of [workers.env, env, ctx, globalThis]) look(value, 0);
  return [...found.keys()];
};
const every = async (env, ctx, act) => {
  const all = stubs(env, ctx);
  const late = () => new Promise((done) => setTimeout(done, 300, "(never settled)"));
  const told = await Promise.all(all.map((stub) => Promise.race([(async () => act(stub))(), late()]).then(
    (value) => "gave " + (typeof value === "string" ? value : Object.prototype.toString.call(value)), (error) => "refused " + error)));
  return told.join(" | ");
};
const outcome = (value) => value !== null && typeof value === "object" && value.ok === false && value.code !== "internal" ? "refused " + value.code : "value " + typeof value;
class Evil extends workers.RpcTarget { get length() { return 3; } toString() { return "../../victim"; } async call() { return "called back"; } }
`;

/** Members that no capability has, and that would lead out if one had them. */
const MEMBERS = [
  "env",
  "ctx",
  "props",
  "constructor",
  "fetch",
  "queue",
  "scheduled",
  "tail",
  "alarm",
  "addRecord",
  "prototype",
  "STATE",
  "LOADER",
  "hasOwnProperty",
];

/** Arguments that no honest caller sends. */
const ARGUMENTS: Record<string, string> = {
  nothing: ``,
  functions: `() => { throw new Error("called"); }, () => 1`,
  "an RPC target": `new Evil(), new Evil()`,
  "not a number": `NaN, NaN, Infinity, -0`,
  arrays: `["../victim"], [["a"]]`,
  "the prototype's name": `"__proto__", JSON.parse('{"__proto__":{"admin":true},"length":1}')`,
  "a huge text": `"x".repeat(2_000_000), "y"`,
  "many arguments": `...Array.from({ length: 2_000 }, (_, index) => index)`,
  "a promise that never settles": `new Promise(() => {}), []`,
  "a thenable": `{ then: (done) => done("exe_00000000000000000000") }, []`,
  "a stream": `new ReadableStream({ pull() { return new Promise(() => {}); } }), []`,
  "a date, a map and a regular expression": `new Date(NaN), new Map([["a", new Map()]]), /(a+)+$/`,
  "deep nesting": `(() => { let deep = []; for (let i = 0; i < 5_000; i++) deep = [deep]; return deep; })(), []`,
  "a circle": `(() => { const circle = {}; circle.self = circle; return circle; })(), []`,
  "a request and a response": `new Request("http://victim.localhost/"), new Response("x")`,
};

/** Methods that a capability of this platform has or might have. */
const METHODS = ["write", "call", "count", "fetch"];

interface Called {
  told: string;
  harm: string | null;
}

async function call(stage: Stage, expression: string): Promise<Called> {
  const tried = await stage.probe(
    { it: `every(env, ctx, async (stub) => ${expression})` },
    `import * as workers from "cloudflare:workers";`,
    TOP,
  );
  const it = tried.get("it");
  return { told: it?.value ?? it?.error ?? "", harm: await neighboursHarm(stage) };
}

/** Calls by which a run asks for another script, in somebody else's name or for somebody else's script. */
const invocations = (ids: { script: string; execution: string; org: string }): Record<string, string> => {
  const ask = (execution: string, script: string): string =>
    `stub.call(${execution}, { script: ${script}, payload: "null", wait: true }).then((answer) => JSON.stringify(answer))`;
  const text = JSON.stringify;
  return {
    "its script by id": ask("undefined", text(ids.script)),
    "its script by id, in the name of its run": ask(text(ids.execution), text(ids.script)),
    "its script by name, in the name of its run": ask(text(ids.execution), text("vault")),
    "its script by a path": ask("undefined", text("../victim/vault")),
    "its script by its org": ask("undefined", text(`${ids.org}/${ids.script}`)),
    "its script with an org beside": `stub.call(undefined, { script: "vault", payload: "null", wait: true, orgId: ${text(ids.org)}, slug: "victim" }).then((answer) => JSON.stringify(answer))`,
    "its script with inherited arguments": `stub.call(undefined, Object.create({ orgId: ${text(ids.org)}, slug: "victim" }, { script: { value: "vault", enumerable: true }, payload: { value: "null", enumerable: true }, wait: { value: true, enumerable: true } })).then((answer) => JSON.stringify(answer))`,
  };
};

interface Invoked extends Called {
  secret: string;
}

/** Lines in a log that name a forged execution or hold a forged text. */
interface Forged {
  lines: Execution["lines"];
  harm: string | null;
}

export const capabilities: CaseClass = {
  name: "capabilities",
  cases: [
    ...attempts<Called>({
      names: MEMBERS.map((member) => `member ${member}`),
      expected: "no stub has it",
      attack: async (stage) => {
        const seen = new Map<string, Called>();
        for (const member of MEMBERS) {
          const name = JSON.stringify(member);
          const read = await call(
            stage,
            `{ const value = await stub[${name}]; return "value " + Object.prototype.toString.call(value) + String(value); }`
              .replace(/^\{/, "(async () => {")
              .replace(/\}$/, "})()"),
          );
          seen.set(`member ${member}`, read);
        }
        return seen;
      },
      judge: ({ told, harm }) => {
        // What every object of the language has is no way out; the rest has to be refused by the other side.
        const gave = told
          .split(" | ")
          .find((text) => /^gave value \[object (?!Function|Object\]|Undefined|Null|RpcP)/.test(text));
        return gave === undefined ? harm : gave.slice(0, 200);
      },
      breach: { told: "gave value [object Fetcher]", harm: null },
    }),
    ...attempts<Called>({
      names: Object.keys(ARGUMENTS).map((name) => `called with ${name}`),
      expected: "refused or ignored; nobody else notices",
      attack: async (stage) => {
        const seen = new Map<string, Called>();
        for (const [name, list] of Object.entries(ARGUMENTS)) {
          const calls = METHODS.map(
            (method) =>
              `Promise.race([(async () => stub.${method}(${list}))().then(outcome, String), new Promise((done) => setTimeout(done, 200, "late"))])`,
          );
          seen.set(`called with ${name}`, await call(stage, `(await Promise.all([${calls.join(", ")}])).join(" ; ")`));
        }
        return seen;
      },
      judge: ({ told, harm }) =>
        /value (?:object|function|string)/.test(told) ? `something came back: ${told.slice(0, 200)}` : harm,
      breach: { told: "gave value object", harm: null },
    }),
    ...attempts<Invoked>({
      names: Object.keys(invocations({ script: "", execution: "", org: "" })).map((name) => `invoke ${name}`),
      expected: "one's own script at most, never the victim's",
      attack: async (stage) => {
        const { victim } = stage;
        const script = (await stage.api(victim.token, "GET", `/orgs/${victim.slug}/scripts/vault`)).json["id"];
        await stage.platform.fetch(victim.host, "/");
        const [execution] = await stage.executions(victim);
        const calls = invocations({ script: String(script), execution: execution?.id ?? "", org: victim.orgId });
        const seen = new Map<string, Invoked>();
        for (const [name, expression] of Object.entries(calls)) {
          seen.set(`invoke ${name}`, { ...(await call(stage, expression)), secret: victim.secret });
        }
        return seen;
      },
      judge: ({ told, secret, harm }) => (told.includes(secret) ? "the victim's script answered" : harm),
      breach: { told: "gave victim-secret", secret: "victim-secret", harm: null },
    }),
    ...attempts<Forged>({
      names: [
        "lines for the victim's execution",
        "lines for an execution that never was",
        "lines under the victim's org",
      ],
      expected: "the victim's log has none of them",
      attack: async (stage) => {
        const { victim } = stage;
        await stage.platform.fetch(victim.host, "/forge-me");
        const target = (await stage.executions(victim)).find(({ path }) => path === "/forge-me");
        if (target === undefined) throw new Error("The victim's log is empty.");
        const nonce = stage.nonce();
        const lines = `[{ at: 1, level: "error", text: "forged ${nonce}" }]`;
        const writes = [
          `stub.write(${JSON.stringify(target.id)}, ${lines})`,
          `stub.write("exe_00000000000000000000", ${lines})`,
          `stub.write(${JSON.stringify(`${victim.orgId}/${target.id}`)}, ${lines})`,
        ];
        const names = [
          "lines for the victim's execution",
          "lines for an execution that never was",
          "lines under the victim's org",
        ];
        const seen = new Map<string, Forged>();
        for (const [index, write] of writes.entries()) {
          const { harm } = await call(stage, write);
          const log = await stage.executions(victim);
          const forged = log.flatMap(({ lines }) => lines.filter(({ text }) => text.includes(nonce)));
          seen.set(names[index] ?? "", { lines: forged, harm });
        }
        return seen;
      },
      judge: ({ lines, harm }) => (lines.length > 0 ? `the victim's log says ${lines[0]?.text}` : harm),
      breach: { lines: [{ at: 1, level: "error", text: "forged" }], harm: null },
    }),
  ],
};
