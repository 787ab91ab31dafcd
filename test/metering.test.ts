import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startMeteredEdge, type MeteredEdge, type MeteredScript } from "./support/metered.ts";

const BUDGET_MS = 50;
/** From the request to the refusal. */
const END_MS = 250;
/** Likewise where a hundred thousand promises wait for one another. */
const UNWOUND_MS = 1_000;

const handler = (body: string, before = ""): string =>
  `${before}\nexport default { async fetch(request) {\n${body}\nreturn new Response("done"); } };`;

/** Bodies of handlers that never end by themselves. */
const HOSTILE: Record<string, string> = {
  "a plain loop": handler("while (true) {}"),
  "a loop without a body": handler("for (;;);"),
  "a do while": handler("let x = 0; do x++; while (true)"),
  "a loop that catches": handler("for (;;) { try { for (;;) {} } catch {} }"),
  "a loop that catches and goes on in finally": handler(
    "for (;;) { try { throw 1 } catch { continue } finally { continue } }",
  ),
  "nested finally": handler("for (;;) { try { try { for (;;) {} } finally { for (;;) {} } } finally { continue } }"),
  "a labelled continue": handler("a: for (;;) { for (;;) { continue a } }"),
  "a loop in a switch": handler("for (;;) { switch (1) { case 1: continue } }"),
  "a loop over an endless iterator": handler("for (const x of { [Symbol.iterator]: () => ({ next: () => ({}) }) }) ;"),
  "a loop over an endless generator": handler("function* g() { for (;;) yield 1 } for (const x of g());"),
  "a spread of an endless iterator": handler(
    "Math.max(...{ [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: k++ > 1e12 }) }) })",
    "let k = 0;",
  ),
  "a chain of promises": handler("await new Promise(() => { const f = () => Promise.resolve().then(f); f() })"),
  "a recursion of awaits": handler("const f = async () => { await null; return f() }; await f()"),
  "a loop of awaits": handler("for (;;) await null"),
  "an object that is its own then": handler("const o = { then(f) { f(o) } }; await o"),
  queueMicrotask: handler("await new Promise(() => { const f = () => queueMicrotask(f); f() })"),
  "an async generator": handler("async function* g() { for (;;) yield 1 } for await (const x of g()) {}"),
  "for await over an array of promises": handler("const a = [1, 2]; for await (const x of a) a.push(x)"),
  "a sort callback": handler("for (;;) [3, 1, 2].sort(() => { for (;;) {} })"),
  "a long sort": handler(
    "new Array(1e5).fill(0).map(Math.random).sort((a, b) => { let s = 0; for (let i = 0; i < 1000; i++) s += i; return a - b })",
  ),
  "a getter": handler("const o = { get x() { for (;;) {} } }; o.x"),
  "a setter": handler("const o = { set x(v) { for (;;) {} } }; o.x = 1"),
  "a trap of a proxy": handler("const p = new Proxy({}, { get() { while (true); } }); p.x"),
  toJSON: handler("JSON.stringify({ toJSON() { for (;;) {} } })"),
  "a reviver": handler("JSON.parse('[1]', () => { for (;;) {} })"),
  valueOf: handler("+{ valueOf() { for (;;) {} } }"),
  "a replace callback": handler("'aaa'.replace(/a/g, () => { for (;;) {} })"),
  "a tagged template": handler("const t = () => { for (;;) {} }; t`x`"),
  "a static block": handler("class A { static { for (;;) {} } }"),
  "exponential recursion": handler("const f = (n) => n && f(n - 1) + f(n - 1) + 1; f(60)"),
  "exponential recursion that catches overflow": handler("const f = () => { try { f() } finally { f() } }; f()"),
  "recursion in default parameters": handler(
    "let d = 60; const f = (n, a = n && f(n - 1), b = n && f(n - 1)) => 0; f(60)",
  ),
  "recursion in default parameters of a generator": handler(
    "function* f(n, a = n && f(n - 1), b = n && f(n - 1)) {} f(60)",
  ),
  "recursion in a computed key of a generator's parameter": handler(
    "function* f(n, { [n && (f(n - 1), f(n - 1), 1)]: a } = 1) {} f(60)",
  ),
  "recursion in a class in a generator's parameter": handler(
    "function* f(n, a = class { static x = n && f(n - 1); static y = n && f(n - 1) }) {} f(60)",
  ),
  "recursion in fields": handler("let n = 60; class A { x = n-- > 0 ? [new A(), new A()] : 0; y = n++ } new A()"),
  "recursion in a class in a field": handler(
    "let n = 60; class A { x = class { static z = n-- > 0 ? [new A(), new A()] : 0; static y = n++ } } new A()",
  ),
  "recursion in a constructor": handler(
    "let n = 60; class A { constructor() { n--; if (n > 0) { new A(); new A() } n++ } } new A()",
  ),
  "recursion in getters": handler(
    "let n = 60; const o = { get x() { n--; const r = n > 0 ? o.x + o.x : 0; n++; return r } }; o.x",
  ),
  "a callback of Array.from": handler("for (;;) Array.from({ length: 1e4 }, () => 0)"),
  "the counter's own name": handler(
    "\\u0024n = 1e12; let $c = () => 1e12; for (;;) {}",
    "let \\u0024n = 0, \\u0024n1 = 0, $r = 0;",
  ),
  "patched built-ins": handler(
    `Object.prototype.get = Object.prototype.open = Object.prototype.broken = 0;
     performance.now = Date.now = () => 1; globalThis.setTimeout = () => 0; Function.prototype.call = Function.prototype.bind = () => () => 0;
     Error.prepareStackTrace = () => { for (;;) {} }; for (;;) {}`,
  ),
  "no timer left": handler(
    "try { for (let i = 0; i < 20000; i++) setTimeout(() => {}, 1e6) } catch {} await null; for (;;) {}",
  ),
  "timers that are taken away": handler("for (let i = 0; i < 200; i++) clearTimeout(i); for (;;) {}"),
  "an error whose class is meddled with": handler(
    `try { for (;;) {} } catch (e) { Object.setPrototypeOf(e.constructor, class { constructor() { return {} } }) } for (;;) {}`,
  ),
  "another meter": handler(
    `let m = {}; try { m = await import("./.iso" + "la/meter.js"); } catch {} for (const n of ["begin", "enter", "leave", "claim"]) { try { m[n](1e9) } catch {} }
     for (;;) {}`,
  ),
  "a late loop before an answer": handler("await scheduler.wait(20); for (;;) {}"),
};

/** What is honest and must not be ended. */
const HONEST: Record<string, MeteredScript> = {
  waiting: {
    source: handler(
      "let s = 0; for (let k = 0; k < 4; k++) { for (let i = 0; i < 1e5; i++) s += i; await scheduler.wait(500) }",
    ),
  },
  waits: {
    source: handler("for (let k = 0; k < 100; k++) { for (let i = 0; i < 1000; i++); await scheduler.wait(2) }"),
  },
  plain: { source: `export default { fetch() { return new Response("done"); } };` },
  startup: { source: handler("", "const table = []; for (let i = 0; i < 500000; i++) table.push(i);") },
  mixed: {
    source: handler(
      "if (request.url.endsWith('/hostile')) { for (;;) await null } for (let k = 0; k < 20; k++) { await scheduler.wait(10) }",
    ),
  },
  streaming: {
    source: `export default { fetch() { let k = 0; return new Response(new ReadableStream({ async pull(c) {
      await scheduler.wait(5); for (let i = 0; i < 1e5; i++); c.enqueue(new TextEncoder().encode("x")); if (++k === 60) c.close(); } })) } };`,
    limits: { cpuMs: 500 },
  },
};

/** A hundred kilobytes as people deploy them. */
function realBundle(): string {
  const contents = `import { Hono } from "hono"; import * as z from "zod";
    const app = new Hono(); const shape = z.object({ n: z.coerce.number().min(1) });
    app.get("/:n", (c) => c.text("done".repeat(shape.parse(c.req.param()).n))); export default app;`;
  const stdin = { contents, resolveDir: import.meta.dirname };
  return buildSync({ stdin, bundle: true, minify: true, format: "esm", write: false }).outputFiles[0]?.text ?? "";
}

const nameOf = (index: number): string => `hostile-${index}`;
let edge: MeteredEdge;

beforeAll(async () => {
  const scripts: Record<string, MeteredScript> = { ...HONEST };
  for (const [name, script] of Object.entries(HONEST)) scripts[name] = { limits: { cpuMs: BUDGET_MS }, ...script };
  for (const [index, source] of Object.values(HOSTILE).entries()) {
    scripts[nameOf(index)] = { source, limits: { cpuMs: BUDGET_MS } };
  }
  scripts["endless-pull"] = {
    source: `export default { fetch() { return new Response(new ReadableStream({ async pull(c) {
      await scheduler.wait(1); c.enqueue(new TextEncoder().encode("x")); await scheduler.wait(1); for (;;); } })) } };`,
    limits: { cpuMs: BUDGET_MS },
  };
  scripts["bundle"] = { source: realBundle() };
  scripts["module-scope"] = { source: `for (;;) {}\n${handler("")}` };
  scripts["module-scope-caught"] = { source: `for (;;) try { for (;;) {} } catch {}\n${handler("")}` };
  scripts["catching-chain"] = {
    source: handler("await new Promise(() => { const f = () => Promise.resolve().then(f).catch(f); f() })"),
    limits: { cpuMs: BUDGET_MS },
  };
  scripts["module-later"] = {
    source: { "index.js": handler("await import('./later.js')"), "later.js": "for (;;) {}" },
    limits: { cpuMs: BUDGET_MS },
  };
  edge = await startMeteredEdge(scripts);
});

afterAll(async () => {
  await edge?.stop();
});

describe("a script with a budget of processor time", () => {
  // Again where the machine was busy with something else.
  it.each(Object.keys(HOSTILE).map((name, index) => [name, index] as const))(
    "is ended in %s",
    { retry: 2 },
    async (_name, index) => {
      const { status, tookMs, text } = await edge.ask(nameOf(index));
      expect([status, text]).toEqual([507, expect.stringContaining(`${BUDGET_MS}`)]);
      expect(tookMs).toBeLessThan(END_MS);
    },
  );

  it("is ended in a chain of promises that catches, which unwinds what it had become", { retry: 2 }, async () => {
    const { status, tookMs } = await edge.ask("catching-chain");
    expect(status).toBe(507);
    expect(tookMs).toBeLessThan(UNWOUND_MS);
  });
});

describe("a stream of a script", () => {
  it.each(["first", "second"])("is broken off when it uses up the budget after the answer: %s run", async () => {
    const began = performance.now();
    await expect(edge.ask("endless-pull")).rejects.toThrow(/aborted|reset/);
    expect(performance.now() - began).toBeLessThan(END_MS);
  });
});

describe("modules with a budget for loading", () => {
  it.each(["module-scope", "module-scope-caught"])("are ended: %s", async (name) => {
    const { status, tookMs } = await edge.ask(name);
    expect(status).toBe(502);
    expect(tookMs).toBeLessThan(END_MS);
  });

  it("are ended when a run loads them", async () => {
    const { status, tookMs } = await edge.ask("module-later");
    expect(status).toBe(502);
    expect(tookMs).toBeLessThan(END_MS);
  });
});

describe("an honest script", () => {
  it.each(["waiting", "waits", "plain", "startup", "streaming", "streaming"])("is not ended: %s", async (name) => {
    const { status, text } = await edge.ask(name);
    expect([status, text]).toEqual([200, expect.stringMatching(/^(?:done|x{60})$/)]);
  });

  it("is not ended when it is a bundle of real libraries", async () => {
    const { status, text } = await edge.ask("bundle", "/2");
    expect([status, text]).toEqual([200, "donedone"]);
  });

  it("is not ended by a run of its own that is", async () => {
    const honest = [edge.ask("mixed"), edge.ask("mixed")];
    const hostile = [edge.ask("mixed", "/hostile"), edge.ask("mixed", "/hostile")];
    honest.push(edge.ask("mixed"));
    expect((await Promise.all(hostile)).map(({ status }) => status)).toEqual([507, 507]);
    expect((await Promise.all(honest)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await edge.ask("mixed")).status).toBe(200);
  });
});
