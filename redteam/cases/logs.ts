import { attempts, type CaseClass } from "../attempt.ts";
import { LOG_LINE_LENGTH_MAX, LOG_LINES_PER_EXECUTION_MAX } from "../../contracts/limits.ts";
import type { Execution } from "../support/stage.ts";

/** What a script prints; `n` is a text that only this run knows. `lines` is how many lines that has to make. */
const PRINTS: Record<string, { print: string; lines: number | null }> = {
  "line breaks": { print: `console.log(n + "\\r\\n2026-01-01 error forged by\\nanother run")`, lines: 1 },
  "terminal sequences": { print: `console.log(n + "\\x1b[2J\\x1b]0;owned\\x07\\x1b[31m\\u009b31m")`, lines: 1 },
  "marks of direction": { print: `console.log(n + "\\u202Edetrevni\\u2066\\u2028\\u2029")`, lines: 1 },
  markup: { print: `console.log(n + "<script>alert(1)</script><img src=x onerror=alert(1)>")`, lines: 1 },
  "JSON that closes itself": { print: `console.log(n + '"}],"records":[{"id":"exe_forged"}]}')`, lines: 1 },
  "half of a pair": { print: `console.log(n + "\\ud800")`, lines: 1 },
  "a megabyte": { print: `console.log(n + "x".repeat(1_000_000))`, lines: 1 },
  "too many lines": { print: `for (let i = 0; i < 5_000; i++) console.log(n + i)`, lines: null },
  "lines of all sizes": { print: `for (let i = 0; i < 500; i++) console.log(n + "y".repeat(4_000))`, lines: null },
  "an object that throws": {
    print: `console.log(n, { get a() { throw new Error("no"); }, toJSON() { throw new Error("no"); } })`,
    lines: 1,
  },
  "a proxy": {
    print: `console.log(n, new Proxy({}, { get() { throw new Error("no"); }, ownKeys() { throw new Error("no"); }, getPrototypeOf() { throw new Error("no"); } }))`,
    lines: 1,
  },
  "a circle": { print: `const c = {}; c.c = c; console.log(n, c)`, lines: 1 },
  "a name of the prototype": { print: `console.log(n, JSON.parse('{"__proto__":{"polluted":1}}'))`, lines: 1 },
  "a million items": { print: `console.log(n, Array.from({ length: 1_000_000 }, () => 1))`, lines: 1 },
  "a deep object": { print: `let d = {}; for (let i = 0; i < 20_000; i++) d = { d }; console.log(n, d)`, lines: 1 },
  "nothing and symbols": { print: `console.log(n, undefined, Symbol("x"), 1n, null, () => 1)`, lines: 1 },
  "lines after the answer": {
    print: `ctx.waitUntil(new Promise((done) => setTimeout(() => { console.log(n + "late"); done(); }, 20)))`,
    lines: 1,
  },
  "an error with a forged stack": {
    print: `const e = new Error(n); e.stack = n + "\\n    at victim (index.js:1:1)\\n".repeat(50_000); throw e`,
    lines: null,
  },
  "an error with getters": {
    print: `class E extends Error { get name() { return n + "x".repeat(1e6); } get message() { return "y".repeat(1e6); } get stack() { return {}; } }; throw new E()`,
    lines: null,
  },
};

interface Logged {
  /** The run's own record; null when it is not there. */
  own: Pick<Execution, "lines" | "error"> | null;
  /** Orgs in whose log the text turned up besides. */
  elsewhere: string[];
}

export const logs: CaseClass = {
  name: "logs",
  cases: attempts<Logged>({
    names: Object.keys(PRINTS),
    expected: "bounded, in one's own record, a line for a line",
    attack: async (stage) => {
      const { attacker, victim, bystander } = stage;
      const nonces = new Map<string, string>();
      for (const [name, { print }] of Object.entries(PRINTS)) {
        const nonce = stage.nonce();
        nonces.set(name, nonce);
        const source = `export default { async fetch(request, env, ctx) { const n = ${JSON.stringify(nonce)}; ${print}; return new Response("x"); } };\n`;
        await stage.deploy(attacker, nonce, source);
        await stage.run(attacker, nonce);
      }
      const own = await stage.executions(attacker);
      const others = new Map<string, string>();
      for (const tenant of [victim, bystander]) others.set(tenant.slug, JSON.stringify(await stage.executions(tenant)));
      return new Map(
        [...nonces].map(([name, nonce]) => [
          name,
          {
            own: own.find(({ script }) => script.name === nonce) ?? null,
            elsewhere: [...others].filter(([, text]) => text.includes(nonce)).map(([slug]) => slug),
          },
        ]),
      );
    },
    judge: ({ own, elsewhere }, name) => {
      if (elsewhere.length > 0) return `it stands in the log of ${elsewhere.join(", ")}`;
      if (own === null) return "the run is not in the log";
      const expected = PRINTS[name]?.lines ?? null;
      if (expected !== null && own.lines.length !== expected) return `it made ${own.lines.length} lines`;
      if (own.lines.length > LOG_LINES_PER_EXECUTION_MAX + 1) return `${own.lines.length} lines were kept`;
      const longest = Math.max(0, ...own.lines.map(({ text }) => text.length), own.error?.message.length ?? 0);
      return longest > LOG_LINE_LENGTH_MAX + 1 ? `a line has ${longest} characters` : null;
    },
    breach: { own: { lines: [], error: null }, elsewhere: ["victim"] },
  }),
};
