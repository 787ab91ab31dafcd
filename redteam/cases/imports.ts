import { attempts, type CaseClass } from "../attempt.ts";
import type { Tried } from "../support/probe.ts";

/** Names of modules that belong to the platform, the runtime, the computer or somebody else. */
const FOREIGN = [
  "./.isola/runtime.js",
  "../.isola/main.js",
  ".isola/runtime.js",
  "/.isola/runtime.js",
  "./%2eisola/runtime.js",
  "../../index.js",
  "../../../etc/passwd",
  "/etc/passwd",
  "file:///etc/passwd",
  "data:text/javascript,export default 1",
  "blob:null/1",
  "https://example.com/x.js",
  "//example.com/x.js",
  "cloudflare:sockets",
  "CLOUDFLARE:sockets",
  "cloudflare:workers/../sockets",
  "cloudflare:node",
  "cloudflare:workflows",
  "cloudflare-internal:env",
  "node-internal:internal_errors",
  "workerd:unsafe",
  "workerd:unsafe-eval",
  "workerd:compatibility-flags",
  "internal:unsafe",
  "node:sea",
  "vault",
  "victim/vault",
  "#internal",
  "__proto__",
  "constructor",
] as const;

/** What a script may load by a name that is made at run time: its own files, and the harness of its own isolate. */
const OWN = /^(?:\.\/|\/)?(?:\.isola\/|%2eisola\/|index\.js)/i;
/** Modules of the runtime that give nothing by themselves: sockets go through the egress, where other cases meet them. */
const HARMLESS = new Set([
  "cloudflare:sockets",
  "cloudflare:workers/../sockets",
  "cloudflare:workflows",
  "cloudflare:node",
]);

interface Loaded extends Tried {
  /** Text of the launcher's own files or environment that was found in what was loaded. */
  found: string | null;
}

export const imports: CaseClass = {
  name: "imports",
  cases: [
    ...attempts<number>({
      names: FOREIGN.map((specifier) => `static ${specifier}`),
      expected: "refused at upload with 422",
      attack: async (stage) => {
        const { attacker } = stage;
        const seen = new Map<string, number>();
        for (const specifier of FOREIGN) {
          const source = `import * as found from ${JSON.stringify(specifier)};\nexport default { fetch: () => Response.json(Object.keys(found)) };\n`;
          const path = `/orgs/${attacker.slug}/scripts/static-import`;
          const answer = await stage.api(attacker.token, "PUT", path, { files: { "index.js": source } });
          seen.set(`static ${specifier}`, answer.status);
        }
        return seen;
      },
      judge: (status) => (status === 422 ? null : `the upload was answered ${status}`),
      breach: 200,
    }),
    ...attempts<Loaded>({
      names: FOREIGN.map((specifier) => `dynamic ${specifier}`),
      expected: "no such module, or one of its own isolate",
      attack: async (stage) => {
        const entries = FOREIGN.map((specifier) => {
          // In pieces, so that nobody who reads the source knows what is imported.
          const text = Array.from(specifier, (character) => JSON.stringify(character)).join("+");
          return [
            `dynamic ${specifier}`,
            `import(${text}).then((m) => Object.entries(m).map(([name, value]) => name + "=" + String(value).slice(0, 4000)).join("\\n"))`,
          ] as const;
        });
        const tried = await stage.probe(Object.fromEntries(entries));
        const foreign = [stage.mark, stage.victim.secret, "root:x:0"];
        return new Map(
          [...tried].map(([name, seen]) => [
            name,
            { ...seen, found: foreign.find((text) => seen.value?.includes(text)) ?? null },
          ]),
        );
      },
      judge: ({ value, found }, name) => {
        if (found !== null) return `it holds ${found}`;
        const specifier = name.slice("dynamic ".length);
        if (value === undefined || OWN.test(specifier) || HARMLESS.has(specifier)) return null;
        return `it was loaded: ${value.slice(0, 100)}`;
      },
      breach: { value: "secret=victim", found: "victim" },
    }),
  ],
};
