import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import { METER_PATH } from "../../../../contracts/projection.ts";
import { compileUpload } from "../index.ts";
import { mapStack } from "../stack.ts";

const { LOADER } = env as unknown as { LOADER: WorkerLoader };

const metered = (files: Record<string, string>, sourceMap?: string) =>
  compileUpload({ files, kind: "module", metered: true, ...(sourceMap === undefined ? {} : { sourceMap }) });
const codeOf = async (source: string): Promise<string> =>
  (await metered({ "index.js": source })).modules["index.js"] ?? "";
const usesOf = async (source: string) => (await metered({ "index.js": `${source}\nexport default {}` })).uses;

const TICK = "($n=$n-1&255)||($n=1,$n=$c())";

describe("a module in which nothing repeats", () => {
  it.each([
    'export default { fetch() { return new Response("hello"); } };',
    "export default () => new Response(`hello`, { status: 404, headers: { a: 'b' } });",
    "const handler = { async fetch(request) { if (request) return new Response('a'); return new Response(null) } };\nexport default handler;",
    "export default { fetch: (request) => (request ? 1 : { a: 'b' }) };",
  ])("goes without ticks: %s", async (source) => {
    expect(await codeOf(source)).toBe(source);
  });

  it.each([
    "export default { fetch() { for (;;); } };",
    "export default { fetch(request) { return new Response(request.url); } };",
    "export default { fetch(request) { return new Response(request); } };",
    "export default { fetch() { return new Response(`${x}`); } };",
    "export default { fetch() { return f(); } };",
    "export default { fetch() { return new Other('x'); } };",
    "function Response() { return new Response('x') } export default {};",
    "const Response = class { x = new Response('x') }; export default {};",
    "export default { get fetch() { return 1 } };",
    "export default { async then() { return {} } };",
    "export default async function f() { return { 'then': f } }",
    "export default { fetch() { return { toJSON() { return 1 } } } };",
    "export default { *fetch() { yield 1 } };",
    "export default { async fetch() { await 1 } };",
    "export default { fetch: ({ a }) => 1 };",
    "let x = y; x = 1; export default { fetch() { return new Response('x') } };",
  ])("is none where something might: %s", async (source) => {
    expect(await codeOf(source)).toContain(METER_PATH);
  });
});

describe("ticks", () => {
  it("keep every line and stand at the head of loops and functions", async () => {
    const source =
      "#!/usr/bin/env node\n'use strict';\nfor (;;) x();\nconst f = () => 1;\r\ntry {} catch {}\nexport default 1;";
    expect(await codeOf(source)).toBe(
      [
        "#!/usr/bin/env node",
        `import{c as $c,i as $i,r as $r}from"./${METER_PATH}";var $n=1;'use strict';`,
        `for (;;) {${TICK};x();}`,
        `const f = () => (${TICK},1);\r`,
        "try {} catch {$r();}",
        "export default 1;",
      ].join("\n"),
    );
  });

  it("stand round what a dynamic import is given, unless that is plain to see", async () => {
    const code = await codeOf(
      "export const load = (a, b) => import((a, b)); import('./index.js'); import(`./${1}.js`);",
    );
    expect(code).toContain("import(($i((a, b))))");
    expect(code).toContain('import("./index.js")'.replaceAll('"', "'"));
    expect(code).toContain("import($i((`./${1}.js`)))");
  });

  it("are called what nothing else is called, however it is written", async () => {
    const code = await codeOf("let \\u0024n = 0, $c1, $r2; export default () => { for (;;) $n };");
    expect(code).toContain("import{c as $c3,i as $i3,r as $r3}");
    expect(code).toContain("($n3=$n3-1&255)");
  });

  it("find the meter from any folder", async () => {
    const { modules } = await metered({ "index.js": "import './a/b/c.js'; export default f()", "a/b/c.js": "f()" });
    expect(modules["index.js"]).toContain(`from"./${METER_PATH}"`);
    expect(modules["a/b/c.js"]).toContain(`from"../../${METER_PATH}"`);
  });

  it("are left out where nobody asks for them", async () => {
    const files = { "index.js": "export default () => { for (;;); }" };
    const plain = await compileUpload({ files, kind: "module" });
    expect(plain.modules).toEqual(files);
    expect(plain.sourceMap).toBeNull();
    expect(plain.hash).not.toBe((await metered(files)).hash);
  });
});

describe("what code uses", () => {
  const NOTHING = { console: false, fetch: false, streams: false };

  it.each([
    "export const x = { fetch() {} }",
    "x.fetch(); x.console(); ({ fetch: 1, console: 2 }); class A { fetch() {} console = 1 }",
    "a[0]; a['key']; f`text`; for (const x of y) x()",
  ])("is nothing for %s", async (source) => {
    expect(await usesOf(source)).toEqual(NOTHING);
  });

  it.each([
    ["console.log(1)", { console: true }],
    ["const { log } = console", { console: true }],
    ["f({ console })", { console: true }],
    ["fetch('http://x')", { fetch: true, streams: true }],
    ["const get = fetch; const o = { fetch }", { fetch: true, streams: true }],
    ["globalThis.fetch('x')", { console: true, fetch: true, streams: true }],
    ["self['con' + 'sole']", { console: true, fetch: true, streams: true }],
    ["new WebSocket('wss://x')", { fetch: true, streams: true }],
    ["await import(x)", { console: true, fetch: true, streams: true }],
    ["import { connect } from 'node:net'", { console: true, fetch: true, streams: true }],
    ["import { env } from 'cloudflare:workers'", { console: true, fetch: true, streams: true }],
    ["new ReadableStream()", { streams: true }],
    ["request.body", { streams: true }],
    ["const { body } = request", { streams: true }],
    ["request['body']; request[`clone`]", { streams: true }],
    ["request[key]", { streams: true }],
    ["const { [key]: x } = request", { streams: true }],
    ["new Response('x').constructor", { streams: true }],
    ["new Response((function* () { yield 1 })())", { streams: true }],
    ["new Response({ async *[Symbol.asyncIterator]() {} })", { streams: true }],
  ])("is found: %s", async (source, uses) => {
    expect(await usesOf(source)).toEqual({ ...NOTHING, ...uses });
  });

  it("is that of all files together", async () => {
    const files = { "index.js": "import './a.js'; export default 1;", "a.js": "console.log(1)" };
    expect((await metered(files)).uses).toEqual({ ...NOTHING, console: true });
  });
});

describe("a stack of metered code", () => {
  /** The stack of what the handler throws, as the engine writes it and as a reader sees it. */
  async function stackOf(files: Record<string, string>, sourceMap?: string, isMetered = true): Promise<string[]> {
    const upload = { files, kind: "module", metered: isMetered } as const;
    const compiled = await compileUpload({ ...upload, ...(sourceMap === undefined ? {} : { sourceMap }) });
    const { modules, main, hash, sourceMap: map } = compiled;
    const harness = `import * as user from "../${main}";
      export default { async fetch() { try { await user.default(); } catch (error) { return new Response(error.stack); } } };`;
    const all = {
      ...modules,
      [METER_PATH]: "export const c = () => 1; export const r = () => {}; export const i = (name) => name;",
    };
    const worker = LOADER.get(hash, () => ({
      compatibilityDate: "2026-10-01",
      mainModule: ".isola/main.js",
      modules: {
        ".isola/main.js": { js: harness },
        ...Object.fromEntries(Object.entries(all).map(([path, js]) => [path, { js }])),
      },
      globalOutbound: null,
    }));
    const stack = await (await worker.getEntrypoint().fetch("http://stack/")).text();
    return mapStack(stack, map, main).split("\n").slice(1);
  }
  const at = (source: string, text: string): string => {
    const before = source.slice(0, source.indexOf(text)).split("\n");
    return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
  };

  it("has the columns of the source, in every file", async () => {
    const index =
      "import { f } from './lib';\nexport default () => { for (const x of [1]) try { (() => [x].map(() => f(x)))() } catch (e) { throw e } };";
    const lib =
      "export class A { v = (() => 1)(); go(a = 1) { while (a) { if (a) throw new Error('no') } } }\nexport const f = (x) => new A().go(x);";
    const stack = await stackOf({ "index.js": index, "lib.js": lib });
    expect(stack.slice(0, 3)).toEqual([
      `    at A.go (lib.js:${at(lib, "new Error")})`,
      `    at f (lib.js:${at(lib, "go(x)")})`,
      `    at index.js:${at(index, "f(x)")}`,
    ]);
    expect(stack).toEqual(await stackOf({ "index.js": index, "lib.js": lib }, undefined, false));
  });

  it("has the columns of TypeScript", async () => {
    const source =
      "const f = (a: number): never => { throw new Error(String(a)) };\nexport default (): void => { for (const x of [1] as number[]) f(x) };";
    expect((await stackOf({ "index.ts": source })).slice(0, 2)).toEqual([
      `    at f (index.ts:${at(source, "new Error")})`,
      `    at Module.default (index.ts:${at(source, "f(x)")})`,
    ]);
  });

  it("has the places of a bundle's own map", async () => {
    const bundle = "export default () => { for (;;) throw new Error('no') };";
    // Column 32 of the bundle, where `throw` begins, is line 10, column 3 of src/app.ts; so is all after it.
    const sourceMap = JSON.stringify({ version: 3, sources: ["src/app.ts"], names: [], mappings: "+BASE" });
    expect(await stackOf({ "index.js": bundle }, sourceMap)).toEqual(["    at Module.default (src/app.ts:10:3)"]);
  });

  it("shows where a tick ended it as the place of the tick", async () => {
    const { sourceMap, modules } = await metered({ "index.js": "export default () => { for (;;); };" });
    const column = (modules["index.js"]?.indexOf("$c())", 80) ?? 0) + 1;
    expect(mapStack(`    at f (index.js:1:${column})`, sourceMap, "index.js")).toMatch(
      / {4}at f \(index\.js:1:(?:23|32)\)/,
    );
  });
});
