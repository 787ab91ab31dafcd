import { describe, expect, it } from "vitest";

import { compile, firstReason, HANDLER } from "./testing.ts";

const compiled = async (source: string, path = "index.ts") =>
  (await compile({ files: { [path]: source } })).modules[path] ?? "";
/** What a source comes to as JavaScript, spaces aside. */
const code = async (source: string, path = "lib.ts") => {
  const { modules } = await compile({ files: { "index.js": HANDLER, [path]: source }, main: "index.js" });
  return (modules[path] ?? "").replace(/\s+/g, " ").trim();
};

describe("TypeScript", () => {
  it("keeps every line where it was", async () => {
    const source = [
      "interface A {",
      "  x: number;",
      "}",
      "export default {",
      "  fetch(",
      "    request: Request,",
      "    env: { [key: string]:",
      "      unknown },",
      "  ): Response {",
      "    enum E { a, b }",
      "    throw new Error('line 11');",
      "  },",
      "} satisfies ExportedHandler;",
    ];
    const lines = (await compiled(source.join("\n"))).split("\n");
    expect(lines).toHaveLength(source.length);
    expect(lines[10]).toBe(source[10]);
  });

  it("keeps its lines when they end as on Windows", async () => {
    const result = await compiled("type A =\r\n  | 1\r\n  | 2;\r\nexport default function f(a: A) {}\r\n");
    expect(result.split("\n")).toHaveLength(5);
    expect(result.split("\n")[3]).toBe("export default function f(a) {}\r");
  });

  it.each([
    [
      "enum E { a = 1, b } export const x = E.b",
      'var E; (function (E) { const a = 1; E[E["a"] = a] = "a"; const b = a + 1;',
    ],
    ["export const enum E { a }", "export var E;"],
    ["export class A { constructor(private readonly x: number) {} }", "class A { constructor( x) {;this.x = x;} }"],
    ["export class A { declare x: string; y?: number; #z = 1 }", "export class A { ; y; #z = 1 }"],
    ["export const a = <T,>(x: T) => x as unknown as string", "export const a = (x) => x"],
    ["import type { B } from 'b'; import { type C } from 'c'; export type D = B | C", ""],
    ["import { Env } from 'not-there'; export const f = (env: Env) => env", "export const f = (env) => env"],
    ["declare namespace A { namespace B { const c: number } } export const x = 1", "export const x = 1"],
    ["declare module 'x' { export namespace Y {} } export const x = 1", "export const x = 1"],
    ["declare global { namespace Z { interface Q {} } } export const x = 1", "export const x = 1"],
    [
      "export const namespace = 1, module = 2; [namespace, module]",
      "export const namespace = 1, module = 2; [namespace, module]",
    ],
    ["export const x: { namespace: 1; module: 2 } = y", "export const x = y"],
    ["await using x = y; export const z = x!.a?.b!", "await using x = y; export const z = x.a?.b"],
  ])("%s is compiled", async (source, expected) => {
    expect(await code(source)).toContain(expected);
  });

  it.each([
    ["let x = a\ntype T = 1\n;[1].map(x)", "let x = a\n;\n[1].map(x)"],
    ["x = f\ninterface I {}\n(g)()", "x = f\n;\n(g)()"],
    ["x = f\ndeclare const y: 1\n`t`", "x = f\n;\n`t`"],
  ])("of %j does not run two statements together", async (source, expected) => {
    const result = await compiled(`${source}\nexport default {}`);
    expect(result.replace(/[ \t]+/g, "")).toContain(expected.replace(/[ \t]+/g, ""));
  });

  it.each([
    ["let x = 1;\nnamespace A { export const y = 1 }", "index.ts:2:1 Namespaces that hold code"],
    ["export namespace A.B { const y = 1 }", "index.ts:1:8 Namespaces that hold code"],
    ["declare namespace D {}\nmodule A { f() }", "index.ts:2:1 Namespaces that hold code"],
    ["import fs = require('fs')", "index.ts:1:1 `import … = require()` is CommonJS"],
    ["export import fs = require('fs')", "index.ts:1:8 `import … = require()` is CommonJS"],
    ["function f() {}\nexport = f", "index.ts:2:1 `export =` is CommonJS"],
    ["@sealed class A {}", "index.ts:1:1 Decorators"],
    ["class A {\n  @log() m() {}\n}", "index.ts:2:3 Decorators"],
    ["enum E { E }", "Identifier 'E' has already been declared"],
    ["class A { accessor x = 1 }", 'index.ts:1:20 Unexpected "x"'],
    [`const s = "${"x".repeat(256 * 1024)}"`, "isola deploy"],
  ])("%j is refused instead of losing something", async (source, reason) => {
    expect(await firstReason(`${source}\n${HANDLER}`)).toContain(reason);
  });
});

describe("a syntax error", () => {
  it.each([
    [
      "index.ts",
      "export default {\n  fetch(req: Request): Response {\n    const a: number = ;\n  }\n}",
      'index.ts:3:23 Unexpected ";"',
    ],
    ["index.ts", "const s: string = 'abc\nexport default s", "index.ts:1:19 Unterminated string constant"],
    [
      "index.ts",
      "const a: number = 1, b: Array<string> = []; let a: number = 2;\nexport default a",
      "index.ts:1:49 Identifier 'a'",
    ],
    ["index.ts", "type A = {\r\n  a: 1\r\n}\r\nconst a: A = 1; return a", "index.ts:4:17 'return' outside of function"],
    ["index.ts", "export default {", "index.ts:1:17 Unexpected end of the file"],
    ["index.js", "export default {\n  fetch() {\n    return new Response('x'\n  }\n}", 'index.js:4:3 Unexpected "}"'],
    ["index.js", "let a = 1;\r\nlet a = 2;\r\n", "index.js:2:5 Identifier 'a'"],
    ["index.js", "a b$$", 'index.js:1:3 Unexpected "b$$"'],
    ["index.js", "a = `${1", "index.js:1:9 Unexpected end of the file"],
    ["index.js", "\uFEFFconst ä = ]", 'index.js:1:11 Unexpected "]"'],
    ["index.js", "#!/usr/bin/env node\nlet a b", 'index.js:2:7 Unexpected "b"'],
    ["index.js", "with (a) {}", "index.js:1:1 'with' in strict mode"],
    ["index.js", "export { a }", "index.js:1:10 Export 'a' is not defined"],
    ["index.js", "/(/", "index.js:1:2 Invalid regular expression"],
    ["index.jsx", "let a = ;", 'index.jsx:1:9 Unexpected ";"'],
  ])("in %s of %j is shown where it is", async (path, source, reason) => {
    expect(await firstReason({ files: { [path]: source } })).toContain(reason);
  });

  it("in JavaScript that is TypeScript says so", async () => {
    expect(await firstReason({ files: { "lib/app.mjs": "export default (a: string) => a" } })).toBe(
      'lib/app.mjs:1:18 Unexpected ":". This is TypeScript; name the file lib/app.ts.',
    );
  });
});

describe("JSX", () => {
  it("is refused where nothing says what makes its elements", async () => {
    const reason = await firstReason({ files: { "index.tsx": "export default () => {\n  return <p>hi</p>;\n};" } });
    expect(reason).toMatch(/^index\.tsx:2:10 JSX needs a function that makes elements\. Deploy with `isola deploy`/);
  });

  it("calls the function that a comment names", async () => {
    const source = "/** @jsx h */\n/* @jsxFrag Part */\nexport const view = <><p a={1}>hi</p></>;";
    expect(await code(source, "view.tsx")).toContain("h(Part, null, h('p', { a: 1,}, \"hi\"))");
    expect(await code(source, "view.jsx")).toContain("h(Part, null,");
  });

  it("is not needed by a .tsx file without elements", async () => {
    expect(await compiled("export default (a: number) => a", "index.tsx")).toBe("export default (a) => a");
  });
});

describe("what a parser could choke on", () => {
  it.each([
    ["brackets", (n: number) => `${"[".repeat(n)}${"]".repeat(n)}`],
    ["blocks", (n: number) => `${"{".repeat(n)}${"}".repeat(n)}`],
    ["functions", (n: number) => `${"()=>{".repeat(n)}${"}".repeat(n)}`],
    ["operators", (n: number) => `${"1+".repeat(n)}1`],
    ["templates", (n: number) => `${"`${".repeat(n)}${"}`".repeat(n)}`],
    ["types", (n: number) => `type T = ${"A<".repeat(n)}1${">".repeat(n)}`],
    ["members", (n: number) => `a${".b".repeat(n)}`],
  ])("a hundred thousand nested %s are refused or compiled, never a crash", async (_what, make) => {
    for (const path of ["index.ts", "index.js"]) {
      const source = `x = ${make(100_000)};\n`;
      const outcome = await compile({ files: { [path]: source } }).catch((error: unknown) => error);
      expect(outcome).toMatchObject({ name: "PlatformError", code: "invalid" });
    }
  });

  it.each([
    ["generic arrows", "<T>(x=", ")=>1"],
    ["casts", "<T>(", ")"],
    ["conditional arrows", "a?(b):c=>", ""],
    ["default parameters", "(a=", "):T=>1"],
  ])("nested %s are refused before they take minutes", async (_what, open, close) => {
    const started = performance.now();
    expect(await firstReason(`x = ${open.repeat(60)}1${close.repeat(60)}`)).toContain(
      "nests arrow functions or type arguments too deeply",
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("many names in one scope are read in good time", async () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `v${index}`);
    const started = performance.now();
    await compile({ files: { "index.js": `let ${names.join(",")};\n${HANDLER}` } });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it.each([
    ["one that is very long", `/${"(?<v>a)|".repeat(10_000)}b/u`, "index.js:1:5 The regular expression is too long"],
    ["many with emoji", "/\\p{RGI_Emoji}/v,".repeat(200), "more regular expressions than it may"],
    ["very many", "/\\p{L}/u,".repeat(10_000), "more regular expressions than it may"],
    ["much", `/${"a".repeat(60_000)}/,`.repeat(20), "more regular expressions than it may"],
  ])("of regular expressions, %s is refused before the engine expands it", async (_what, source, reason) => {
    expect(await firstReason({ files: { "index.js": `x=[${source}]` } })).toContain(reason);
  });

  it("an import that is declared again forty thousand times is refused", async () => {
    const source = `import { a } from "./a.ts";\nfunction f() { ${"var a;".repeat(40_000)} }`;
    expect(await firstReason({ files: { "index.ts": source, "a.ts": "" } })).toContain("Rename them");
  });

  it("a bundle of a megabyte in one line takes less than a second", async () => {
    const part =
      "function f$(a,b){const c=a?.b??[1,2,{d:`${b}`}];for(const e of c)if(e)return async()=>await import('node:fs');throw new Error('x')}";
    let bundle = "";
    for (let index = 0; bundle.length < 1024 * 1024; index++) bundle += part.replace("$", String(index));
    const files = { "index.js": `${bundle}export default f0` };
    let fastestMs = Infinity;
    for (let round = 0; round < 3; round++) {
      const started = performance.now();
      await compile({ files });
      fastestMs = Math.min(fastestMs, performance.now() - started);
    }
    expect(fastestMs).toBeLessThan(1_000);
    const { modules, nodeCompat } = await compile({ files });
    expect(modules["index.js"]).toHaveLength(bundle.length + 17);
    expect(nodeCompat).toBe(true);
  });
});
