import { attempts, type CaseClass } from "../attempt.ts";
import { strikeAll, survivedHang, survivedUnharmed, type Survived } from "../support/strike.ts";

/** Ways to take the process down, or to keep it busy for ever, that no budget has to stop: bodies of `fetch`. */
const BLOWS: Record<string, string> = {
  "ctx.abort": `ctx.abort(new Error("x")); return new Response("x");`,
  abortIsolate: `workers.abortIsolate("x"); return new Response("x");`,
  "process.exit": `process.exit(1); return new Response("x");`,
  "process.abort": `process.abort(); return new Response("x");`,
  "process.reallyExit": `process.reallyExit(1); return new Response("x");`,
  "a signal to itself": `process.kill(process.pid, "SIGKILL"); return new Response("x");`,
  "a call of itself through its exports": `return workers.exports.default.fetch(request.url);`,
  "a call of itself through the context": `return ctx.exports.default.fetch(request.url);`,
  "calls of itself that each compute for a while": `if (request.url.endsWith("inner")) { const t = Date.now(); while (Date.now() - t < 60); return new Response("x"); } for (;;) await ctx.exports.default.fetch(request.url + "inner");`,
  "two calls of itself each time": `const again = () => workers.exports.default.fetch(request.url); await Promise.all([again(), again()]); return new Response("x");`,
  "a call of itself with a body": `return workers.exports.default.fetch(request.url, { method: "POST", body: "x".repeat(100_000) });`,
  "a call of itself that the source hides": `return Object.values(workers["exp" + "orts"])[0]["fet" + "ch"](request.url);`,
  "a call of itself in the background": `ctx.waitUntil(Object.values(workers["exp" + "orts"])[0]["fet" + "ch"](request.url)); return new Response("x");`,
  "rejections that nobody hears": `for (let i = 0; i < 10_000; i++) Promise.reject(new Error("x")); return new Response("x");`,
  "throws in timers": `for (let i = 0; i < 1_000; i++) setTimeout(() => { throw new Error("x"); }, 1); return new Response("x");`,
  recursion: `const down = () => down() + 1; return new Response(String(down()));`,
  "recursion through a native": `const down = () => [1].map(down); return new Response(String(down()));`,
  "recursion in a getter": `const o = { get a() { return this.a; } }; return new Response(o.a);`,
  "recursion in a proxy": `const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); return new Response(p.a);`,
  "recursion in JSON": `let d = []; for (let i = 0; i < 200_000; i++) d = [d]; return new Response(JSON.stringify(d));`,
  "recursion in structuredClone": `let d = []; for (let i = 0; i < 200_000; i++) d = [d]; return new Response(String(structuredClone(d)));`,
  "a regular expression of 20,000 groups": `return new Response(String(new RegExp("(".repeat(20_000) + ")".repeat(20_000)).test("x")));`,
  "an answer that never comes": `await new Promise(() => {}); return new Response("x");`,
  "a lock on its own module": `await import("./index.js"); return new Response("x");`,
  "an array of 2^32":
    `return new Response(String(new Array(4_294_967_295).fill(0).length && new ArrayBuffer(2 ** 53)));`.replace(
      ".fill(0)",
      "",
    ),
  "a WebAssembly memory": `return new Response(String(new WebAssembly.Memory({ initial: 65_536 }).buffer.byteLength));`,
  "a thousand sockets": `for (let i = 0; i < 1_000; i++) new WebSocketPair()[0]; return new Response("x");`,
  "a thousand timers": `for (let i = 0; i < 1_000; i++) setInterval(() => {}, 1); return new Response("x");`,
  "waitUntil for ever": `for (let i = 0; i < 1_000; i++) ctx.waitUntil(new Promise(() => {})); return new Response("x");`,
  "a stream into itself": `const { readable, writable } = new TransformStream(); readable.pipeTo(writable); return new Response("x");`,
  "runs of one's own by the harness's entry": `const { default: Own } = await import("./.isola" + "/main.js"); for (;;) await Promise.all([1, 2].map(() => new Own(ctx, workers.env).fetch(request)));`,
  "a tee of a tee": `let s = new Response("x".repeat(100_000)).body; for (let i = 0; i < 200; i++) [s] = s.tee(); return new Response(s);`,
};

/** What keeps a process busy where no budget counts: the watchdog has to end it. */
const HANGS: Record<string, string> = {
  "an endless chain of native promises": `const t = {}; t.then = Array.prototype.forEach.bind([t]); await t; return new Response("x");`,
};

const source = (
  body: string,
): string => `${body.includes("workers") ? 'import * as workers from "cloudflare:workers";\n' : ""}${body.includes("process.") ? 'import process from "node:process";\n' : ""}export default { async fetch(request, env, ctx) { ${body} } };
`;

const sources = (bodies: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, source(body)]));

export const edgeLife: CaseClass = {
  name: "life of the edges",
  cases: [
    ...attempts<Survived>({
      names: Object.keys(BLOWS),
      expected: "no edge dies and no neighbour waits",
      attack: (stage) => strikeAll(stage, sources(BLOWS)),
      judge: survivedUnharmed,
      breach: { died: 1, harm: null, waitedMs: 0, status: null },
    }),
    ...attempts<Survived>({
      names: Object.keys(HANGS),
      expected: "the edge is replaced while the neighbours are served",
      attack: (stage) => strikeAll(stage, sources(HANGS)),
      judge: survivedHang,
      breach: { died: 2, harm: null, waitedMs: 10_000, status: null },
    }),
  ],
};
