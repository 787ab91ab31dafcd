import { env } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { METER_PATH } from "../../../../contracts/projection.ts";
import { compileUpload } from "../index.ts";

const { LOADER } = env as unknown as { LOADER: WorkerLoader };
/** Stands in for the meter: it never ends anything, and counts how often it was asked. */
const METER = `let asked = 0; export const c = () => (asked++, 3); export const r = () => { asked++; }; export const i = (name) => name; export const count = () => asked;`;

/** What programs print, each a module of its own, evaluated in one isolate. A program that throws prints that. */
async function outputs(programs: readonly string[], metered: boolean): Promise<{ logs: string[]; asked: number }> {
  const files: Record<string, string> = {
    "index.js": `import * as log from "./log.js"; import * as meter from "./meter.js"; const logs = [];
      ${programs.map((_, index) => `import { run as run${index} } from "./p${index}.js";`).join("\n")}
      export default { async fetch() {
        for (const run of [${programs.map((_, index) => `run${index}`).join(",")}]) {
          log.clear();
          try { await run(log.log); } catch (error) { log.log("threw", String(error)); }
          logs.push(log.read());
        }
        return Response.json({ logs, asked: meter.count() });
      } };`,
    "log.js": `let lines = []; export const clear = () => { lines = []; }; export const read = () => lines.join("|");
      export const log = (...values) => { if (lines.length < 500) lines.push(values.map(String).join(",")); };`,
    "meter.js": "export const count = () => 0;",
  };
  for (const [index, program] of programs.entries()) {
    files[`p${index}.js`] = `export async function run(log) {\n${program}\n}`;
  }
  const { modules, main, hash } = await compileUpload({ files, kind: "endpoint", metered });
  const all: Record<string, string> = { ...modules, "meter.js": `export { count } from "./${METER_PATH}";` };
  all[METER_PATH] = METER;
  const worker = LOADER.get(`${hash}-${metered}`, () => ({
    compatibilityDate: "2026-10-01",
    compatibilityFlags: ["no_nodejs_compat", "no_nodejs_compat_v2"],
    mainModule: main,
    modules: Object.fromEntries(Object.entries(all).map(([path, js]) => [path, { js }])),
    globalOutbound: null,
  }));
  return (await worker.getEntrypoint().fetch("http://programs/")).json();
}

async function expectSame(programs: readonly string[]): Promise<void> {
  const plain = await outputs(programs, false);
  const metered = await outputs(programs, true);
  expect(metered.logs).toEqual(plain.logs);
  expect(plain.asked).toBe(0);
  expect(metered.asked).toBeGreaterThan(0);
}

/** One odd thing each. */
const ODD = [
  "if (true) while (log('a'), false) log('b'); else log('c')",
  "let i = 0; do i++; while (i < 3) log(i)",
  "let i = 0; do { if (i === 1) continue } while (i++ < 3); log(i)",
  "for (let i = 0, f = () => (i in {}); i < 2; i++) log(f())",
  "a: for (let i = 0; i < 3; i++) b: for (let j = 0; j < 3; j++) { if (j) continue a; if (i > 1) break b; log(i, j) }",
  "a: while (true) b: { break a }\nlog('x')",
  "for (const x of [1, 2])\n  log(x)\n\n;[3].forEach(x => log(x))",
  "let f = x => x\n;(g => log(g(1)))(f)",
  "const f = () => ({ a: 1 }), g = () => (1, 2), h = () => [], i = async () => await 1; log(f().a, g(), h(), await i())",
  "const f = a => b => c => a + b + c; log(f(1)(2)(3))",
  "const f = (a, b = a, { c = b } = {}, ...[d]) => [a, b, c, d]; log(f(1), f.length, f.name)",
  "function* g(a, b = log('default'), { [log('key') ?? 'k']: c } = { k: 3 }) { yield a; yield* [b, c] } log([...g(1)], g.length)",
  "async function* g(a = 1) { yield a; try { yield 2 } finally { log('end') } } for await (const x of g()) { log(x); if (x === 2) break }",
  "function f() { 'use strict'; return this } log(f())",
  "function f() { 'use strict'\nreturn 1 } log(f())",
  "const f = function () { 'a'; 'b' }; log(f(), f.name)",
  "class A { x = 1; static y = 2; #z = 3; f = () => this.x; g = function () {}; h = class {}; static { log('static', this.y) } get z() { return this.#z } set z(v) { this.#z = v } } const a = new A(); a.z = 4; log(a.z, a.f(), a.f.name, a.g.name, a.h.name, A.name, Object.keys(a))",
  "class A { constructor() { log(new.target.name) } } class B extends A { constructor() { log('before'); super(); log('after') } } new B()",
  "class A { ['x' + 1] = 1; static async *m() { yield 1 } 'quoted' = 2; 3 = 4; in; get; static; x\ny = (1, 2) } log(Object.keys(new A()))",
  "const A = class { static x = log('field') }; log(A.name, (class {}).name, { B: class {} }.B.name)",
  "class A extends (log('heritage'), Object) {} log(A.name)",
  "try { throw 1 } catch { log('caught') } finally { log('finally') }",
  "try { throw { a: 1 } } catch ({ a, b = 2 }) { log(a, b) }",
  "const f = () => { for (;;) { try { return 1 } finally { break } } return 2 }; log(f())",
  "const f = () => { try { return 1 } finally { log('f') } }; log(f())",
  "switch (2) { case 1: log(1); case 2: for (;;) { break } log(2); default: log(3) }",
  "const o = { get a() { return 1 }, set a(v) { log(v) }, async b() {}, *c() {}, ['d']() { return 2 }, e: () => 3, f: function () {} }; o.a = o.a; log(o.d(), o.e(), o.e.name, o.f.name)",
  "const t = (s, ...v) => s.raw.join('-') + v.join('+'); log(t`a${1}b${(() => 2)()}c\\n`)",
  "log(((a, b) => a + b).length, (async () => {}).constructor.name, (function* () {}).constructor.name)",
  "var $n = 5, $c = 6, $r = 7; for (let i = 0; i < 9; i++) $n++; log($n, $c, $r)",
  "let \\u0024n = 1; { let $n1 = 2; for (let $n2 = 0; $n2 < 2; $n2++) log($n, $n1, $n2) }",
  "$n: for (;;) { break $n } log({ $n: 1, $c() { return 2 } }.$c())",
  "const f = () => { let s = 0; for (let i = 0; i < 10; i++) { if (i % 2) continue; s += i } return s }; log(f())",
  "let i = 3; while (i--) if (i) for (const k in { a: 1 }) log(i, k); else log('none')",
  "for (var x = 0; x < 2; x++); log(x)",
  "label: { for (const a of [1]) { break label } log('no') } log('yes')",
  "const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i); log(fs.map((f) => f()))",
  "const f = async (x) => { for await (const y of [x, Promise.resolve(2)]) log(y) }; await f(1)",
  "const p = new Proxy({}, { get: (_, k) => k, has: () => true }); log(p.x, 'y' in p)",
  "log([3, 1, 2].sort((a, b) => a - b), 'aXbX'.replace(/X/g, () => 'y'), JSON.stringify({ toJSON: () => 1 }))",
  "log(/* a */ (() => /* b */ 1 /* c */)() // d\n)",
  "const f = () => a ? b : c, a = 0, b = 1, c = 2; log(f())",
  "let x; const f = () => x = 5; f(); log(x)",
  "const f = () => function () { return 1 }, g = () => class { static y = 1 }; log(f()(), g().y, f().name)",
  "log((() => { return { a: 1 } })().a, (() => {})(), (() => '')())",

  "const g = (function* () { const x = yield 1; log(x); try { yield 2 } catch (e) { log(e); yield 3 } })(); log(g.next().value, g.next('in').value, g.throw('out').value)",
  "const o = { async *[Symbol.asyncIterator]() { yield 1 } }; for await (const x of o) log(x)",
  "function f(a) { arguments[0] = 2; return [a, arguments.length] } log(f(1, 2))",

  "log([..._()].length); function* _() { yield; yield }",
  "log(`${(() => `${[1].map((x) => `${x}`)}`)()}`)",
  "const { a = () => 1, ...rest } = { b: 2 }; log(a(), a.name, rest.b)",
  "for (const { a = (() => 7)() } of [{}]) log(a)",
  "let n = 0; for (;;) { if (++n > 5) break } log(n)",
];

describe("a metered program", () => {
  it("does what it did before, however odd it is", async () => {
    await expectSame(ODD);
  });

  it("does what it did before, whatever it is made of", async () => {
    await fc.assert(fc.asyncProperty(fc.array(program, { minLength: 15, maxLength: 15 }), expectSame), {
      numRuns: 10,
      interruptAfterTimeLimit: 15_000,
    });
  }, 30_000);

  it("may import itself in a circle", async () => {
    const files = {
      "index.js": `import { b } from "./b.js"; export function a(n) { for (let i = 0; i < n; i++); return n; }
        export default { fetch: () => new Response(String(b)) };`,
      "b.js": `import { a } from "./index.js"; export const b = a(5);`,
    };
    const { modules, main, hash } = await compileUpload({ files, kind: "endpoint", metered: true });
    const worker = LOADER.get(`circle-${hash}`, () => ({
      compatibilityDate: "2026-10-01",
      mainModule: main,
      modules: Object.fromEntries(
        Object.entries({ ...modules, [METER_PATH]: METER }).map(([path, js]) => [path, { js }]),
      ),
      globalOutbound: null,
    }));
    expect(await (await worker.getEntrypoint().fetch("http://circle/")).text()).toBe("5");
  });
});

/** Small programs that end: what repeats has fuel. */
const { program } = fc.letrec<Record<"program" | "block" | "statement" | "expression", string>>((tie) => {
  const some = <T>(...options: fc.Arbitrary<T>[]) =>
    fc.oneof({ depthSize: "small", withCrossShrink: true }, ...options);
  const made = (template: string, ...parts: fc.Arbitrary<string>[]) =>
    fc.tuple(...parts).map((values) => template.replace(/\$(\d)/g, (_, index: string) => values[Number(index)] ?? ""));
  const expression = tie("expression");
  const block = tie("block");
  const statement = tie("statement");
  return {
    program: fc
      .array(statement, { minLength: 1, maxLength: 5 })
      .map((lines) => `let fuel = 40, x = 0; const k = () => fuel-- > 0;\n${lines.join("\n")}\nlog(x, fuel)`),
    block: fc.array(statement, { maxLength: 3 }).map((lines) => `{ ${lines.join("\n")} }`),
    statement: some(
      made("x += $0", expression),
      made("log($0);", expression),
      made("while (k()) $0", block),
      made("while (k()) x++\n"),
      made("do x += $0; while (k())", expression),
      made("for (let i = 0; i < 3 && k(); i++) $0", block),
      made("for (const y of [1, 2]) if (k()) $0 else break", block),
      made("l: for (;;) { if (!k()) break l; x += $0; continue l }", expression),
      made("for await (const y of [$0, Promise.resolve(1)]) { x += y }", expression),
      made("try { $0 if (k()) throw x } catch (e) $1 finally $2", block, block, block),
      made("switch (x & 1) { case 0: $0 break; default: $1 }", block, block),
      made("if (k()) $0 else x--;", block),
      made(
        "{ class A { y = $0; static z = $1; async m() $2 get g() { return this.y } } x += new A().g + A.z; await new A().m() }",
        expression,
        expression,
        block,
      ),
      made(
        "{ async function* g(a = $0) { yield a; $1 yield 2 } for await (const y of g()) x += y }",
        expression,
        block,
      ),
      made(
        "{ function* g(a = $0, { [$1]: b = $1 } = {}) { yield a; yield b } x += [...g(), ...g($1)].length }",
        expression,
        expression,
      ),
      made("await (async () => $0)();", block),
    ),
    expression: some(
      fc.constantFrom("1", "x", "fuel", "x++", "(x, 2)", "+k()"),
      made("($0 + $1)", expression, expression),
      made("(() => $0)()", expression),
      made("(y => y + $0)($1)", expression, expression),
      made("((a = $0) => { if (k()) return a; return 1 })()", expression),
      made("(function f(n) { return n > 0 && k() ? f(n - 1) + $0 : 0 })(3)", expression),
      made("[3, 1].map((y) => y * $0).sort((a, b) => a - b)[0]", expression),
      made("[...(function* () { yield $0; yield* [$1] })()].length", expression, expression),
      made("({ get a() { return $0 } }).a", expression),
      made("+`${$0}`", expression),
    ),
  };
});
