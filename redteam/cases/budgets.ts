import { attempts, type CaseClass } from "../attempt.ts";
import { strikeAll, survivedUnharmed, type Survived } from "../support/strike.ts";

const SPIN = "for (;;) {}";

/** Ways to compute for ever in a place that a counter could have missed: bodies of the handler. */
const LOOPS: Record<string, string> = {
  while: `while (true) {}`,
  "for without a body": `for (;;);`,
  "do while": `do {} while (1);`,
  "a label": `out: for (;;) { for (;;) { continue out; } }`,
  "for of without an end": `for (const x of (function* () { for (;;) yield 1; })()) {}`,
  "for await without an end": `for await (const x of (async function* () { for (;;) yield 1; })()) {}`,
  "for in over a proxy": `for (;;) for (const k in new Proxy({}, { ownKeys: () => ["a"], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) })) {}`,
  delegation: `const g = function* () { yield* g(); yield* g(); }; try { [...g()]; } catch {} ${SPIN}`,
  "a getter": `({ get a() { ${SPIN} } }).a;`,
  "a setter": `({ set a(v) { ${SPIN} } }).a = 1;`,
  "a proxy's trap": `new Proxy({}, { get() { ${SPIN} } }).a;`,
  toJSON: `JSON.stringify({ toJSON() { ${SPIN} } });`,
  "a reviver": `JSON.parse("[1]", () => { ${SPIN} });`,
  "a comparator": `Array.from({ length: 1e6 }, (_, i) => i).sort(() => { for (let i = 0; i < 1e5; i++); return Math.random() - 0.5; });`,
  "a replacer": `"x".repeat(1e6).replace(/x/g, () => { for (let i = 0; i < 1e5; i++); return ""; });`,
  "a mapper": `Array.from({ length: 2 ** 32 - 1 }, () => 0);`,
  "forEach without an end": `const a = [1]; a.forEach(function grow() { a.push(1); a.forEach(grow); });`,
  valueOf: `+{ valueOf() { ${SPIN} } };`,
  "a conversion": "`${{ [Symbol.toPrimitive]() { for (;;) {} } }}`;",
  hasInstance: `({}) instanceof { [Symbol.hasInstance]() { ${SPIN} } };`,
  "a species": `class A extends Array { static get [Symbol.species]() { ${SPIN} } } new A(1).map((x) => x);`,
  "a default of a parameter": `((a = (() => { ${SPIN} })()) => a)();`,
  "a default in a pattern": `const { a = (() => { ${SPIN} })() } = {};`,
  "a computed key": `({ [(() => { ${SPIN} })()]: 1 });`,
  "a tagged template": "(() => { for (;;) {} })``;",
  "a static block": `class A { static { ${SPIN} } }`,
  "a field": `new (class { a = (() => { ${SPIN} })(); })();`,
  "a static field": `(class { static a = (() => { ${SPIN} })(); });`,
  "a heritage": `class A extends (() => { ${SPIN} })() {}`,
  "a constructor that calls itself": `class A { constructor() { try { new A(); } finally { new A(); } } } new A();`,
  "recursion that comes back": `const f = () => { try { f(); } finally { f(); } }; f();`,
  "recursion by two": `const f = (n) => (n < 1 ? 1 : f(n - 1) + f(n - 1)); f(60);`,
  "recursion that catches": `const f = () => { try { return f(); } catch { return f(); } }; f();`,
  "a generator that is closed": `const g = (function* () { try { yield 1; } finally { ${SPIN} } })(); for (const x of g) break;`,
  "an iterator's return": `for (const x of { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }), return() { ${SPIN} } }) }) break;`,
  finally: `try { ${SPIN} } finally { ${SPIN} }`,
  "finally that returns": `const f = () => { for (;;) { try { ${SPIN} } finally { continue; } } }; f();`,
  "catch in a loop": `for (;;) { try { ${SPIN} } catch {} }`,
  "catch that throws into itself": `const f = (e) => { try { throw e; } catch (e) { f(e); } }; for (;;) { try { f(1); } catch {} }`,
  "an async function that calls itself": `const f = async () => { await null; return f(); }; await f();`,
  "a chain of promises": `const f = () => Promise.resolve().then(f); await f();`,
  "promises that are all settled": `const f = () => Promise.allSettled([1]).then(f, f).catch(f); await f();`,
  "a promise that catches": `const f = () => Promise.reject(new Error("x")).catch(f); await f();`,
  "a thenable": `await { then(done) { done(this); } };`,
  microtasks: `const f = () => queueMicrotask(f); f(); await new Promise(() => {});`,
  "an async comparator": `const f = async () => { for (;;) await [2, 1].sort(() => 0); }; await f();`,
  "await in a loop": `for (;;) await 0;`,
  "await of what fails": `for (;;) { try { await Promise.reject(1); } catch {} }`,
  "explicit disposal": `for (;;) { try { using x = { [Symbol.dispose]() { ${SPIN} } }; } catch {} }`,
  "a cleanup": `new FinalizationRegistry(() => { ${SPIN} }).register({}, 1); for (;;) new Array(1000);`,
  "an event": `const t = new EventTarget(); t.addEventListener("x", () => { ${SPIN} }); t.dispatchEvent(new Event("x"));`,
  "an event that fires itself": `const t = new EventTarget(); t.addEventListener("x", () => t.dispatchEvent(new Event("x"))); for (;;) { try { t.dispatchEvent(new Event("x")); } catch {} }`,
  "an abort": `const c = new AbortController(); c.signal.onabort = () => { ${SPIN} }; c.abort();`,
  "a regular expression": `/^(a+)+$/.test("a".repeat(60) + "b");`,
  "a stack trace": `Error.prepareStackTrace = () => { ${SPIN} }; new Error("x").stack;`,
  "after the answer": `ctx.waitUntil((async () => { await new Promise((done) => setTimeout(done, 10)); ${SPIN} })());`,
  "in a timer": `setTimeout(() => { ${SPIN} }, 1); await new Promise((done) => setTimeout(done, 100));`,
  "in an interval": `setInterval(() => { try { ${SPIN} } catch {} }, 1); await new Promise((done) => setTimeout(done, 300));`,
  "in a stream": `return new Response(new ReadableStream({ pull() { ${SPIN} } }));`,
  "in a transform": `return new Response(new Response("x").body.pipeThrough(new TransformStream({ transform() { ${SPIN} } })));`,
  "in a stream that never waits": `return new Response(new ReadableStream({ async pull(c) { for (;;) await 0; } }));`,
};

/** Loops under a budget that a script makes for itself, with the harness's own functions. */
const OWN_BUDGETS: Record<string, string> = {
  "a runner of one's own": `const { runnerOf } = await import("./.isola" + "/runtime.js"); const Own = runnerOf({ default: { fetch() { ${SPIN} } } }, { script: {}, prints: false, fetches: false, platform: false, metered: true, limits: { cpuMs: 1e9, logLines: 1e9 } }); await new Own(ctx, workers.env).fetch(request);`,
  "a runner of one's own with facts": `const { runnerOf } = await import("./.isola" + "/runtime.js"); const Own = runnerOf({ default: { fetch() { ${SPIN} } } }, { script: {}, prints: true, fetches: true, platform: true, metered: true, limits: { cpuMs: 1e9, logLines: 1e9 } }); await new Own(ctx, workers.env).fetch(new Request(request, { cf: { isola: { executionId: "exe_00000000000000000000", params: {} } } }));`,
  "the runner of its own class": `const Own = Object.getPrototypeOf(workers.exports.default)?.constructor; await new Own(ctx, workers.env).fetch(request);`,
  "the meter, claimed": `const { claim } = await import("./.isola" + "/meter.js"); const { begin, enter } = claim(); enter(begin(1e9), () => { ${SPIN} });`,
};

/** The same where somebody has first been at the clock or the counter: what runs as the module loads. */
const TAMPERED: Record<string, string> = {
  "the clocks stand": `performance.now = Date.now = () => 1;`,
  "the clocks' prototype stands": `for (let at = performance; at; at = Object.getPrototypeOf(at)) { try { Object.defineProperty(at, "now", { value: () => 1 }); } catch {} }`,
  "timers are gone": `globalThis.setTimeout = globalThis.queueMicrotask = () => { throw new Error("no"); };`,
  "storage lies": `AsyncLocalStorage.prototype.getStore = () => undefined; AsyncLocalStorage.prototype.run = (store, act, ...rest) => act(...rest);`,
  "errors are nothing": `globalThis.Error = class {}; Error.captureStackTrace = () => {};`,
  "objects have setters": `for (const name of ["usedMs", "cpuMs", "broken", "open", "armed", "lookedAt"]) Object.defineProperty(Object.prototype, name, { configurable: true, get: () => -1e9, set() {} });`,
  "numbers compare otherwise": `Number.prototype.valueOf = Number.prototype.toString = () => 0;`,
  "the meter is claimed again": `const found = await import("./.isola" + "/meter.js").catch(() => null); for (const act of Object.values(found ?? {})) { try { act({ usedMs: -1e9, cpuMs: 1e9 }); } catch {} }`,
  "the meter is replaced": `const found = await import("./.isola" + "/meter.js").catch(() => null); try { Object.assign(found, { c: () => 1e9, r: () => {} }); } catch {} try { Object.defineProperty(found, "c", { value: () => 1e9 }); } catch {}`,
  "the counter's likely names are taken": `var c, r, t, tick, ticks, _c, _r, $c, $r, __c, __r, c$, c1, _isola, __isola, isola$c, $isola, $$, _, $;`,
};

/** Loops that begin before there is a run. */
const STARTUPS: Record<string, string> = {
  "as the module loads": `${SPIN}\nexport default { fetch: () => new Response("x") };`,
  "as the module loads, caught": `for (;;) { try { ${SPIN} } catch {} }\nexport default { fetch: () => new Response("x") };`,
  "as the module waits": `for (;;) await 0;\nexport default { fetch: () => new Response("x") };`,
  "in a default export's getter": `export default { get fetch() { ${SPIN} } };`,
  "in a class that is made": `import { WorkerEntrypoint } from "cloudflare:workers";\nexport default class extends WorkerEntrypoint { constructor(a, b) { super(a, b); ${SPIN} } fetch() { return new Response("x"); } };`,
};

const handler = (body: string, top = ""): string =>
  `import { AsyncLocalStorage } from "node:async_hooks";\n${top}\nexport default { async fetch(request, env, ctx) { ${body}\nreturn new Response("x"); } };\n`;

const SOURCES: Record<string, string> = Object.fromEntries([
  ...Object.entries(LOOPS).map(([name, body]) => [name, handler(body)]),
  ...Object.entries(TAMPERED).map(([name, top]) => [
    `${name}, then a loop`,
    handler(`await null; for (;;) { try { ${SPIN} } catch {} }`, top),
  ]),
  ...Object.entries(OWN_BUDGETS).map(([name, body]) => [
    name,
    handler(`for (;;) { try { ${body} } catch {} }`, `import * as workers from "cloudflare:workers";`),
  ]),
  ...Object.entries(STARTUPS).map(([name, source]) => [name, source]),
]);

export const budgets: CaseClass = {
  name: "budgets",
  cases: attempts<Survived>({
    names: Object.keys(SOURCES),
    expected: "it ends by itself: no edge dies and no neighbour waits",
    attack: (stage) => strikeAll(stage, SOURCES),
    judge: survivedUnharmed,
    breach: { died: 1, harm: null, waitedMs: 0, status: null },
  }),
};
