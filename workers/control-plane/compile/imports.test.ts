import { describe, expect, it } from "vitest";

import { isNodeBuiltin } from "./node-builtins.ts";
import { compile, firstReason, HANDLER, refusal } from "./testing.ts";

const FILES = {
  "src/index.ts": "",
  "src/a.ts": "export const x = 1; export default 1;",
  "src/b/index.ts": "export const x = 1;",
  "src/view.tsx": "export const x = 1;",
  "src/plain.js": "export const x = 1;",
  "lib/c.mts": "export const x = 1;",
  "data.json": "{}",
  "note.txt": "hello",
  "root.ts": "export const x = 1;",
};
const withEntry = (source: string) => ({
  files: { ...FILES, "src/index.ts": `${source}\n${HANDLER}` },
  main: "src/index.ts",
});
const entryOf = async (source: string) => {
  const { modules } = await compile(withEntry(source));
  return (modules["src/index.ts"] ?? "").slice(0, -HANDLER.length - 1);
};

describe("an import of a file", () => {
  it.each([
    ["./a.ts", "./a.ts"],
    ["./a", "./a.ts"],
    ["./a.js", "./a.ts"],
    ["././a", "./a.ts"],
    ["../src/a", "./a.ts"],
    ["./b", "./b/index.ts"],
    ["./b/", "./b/index.ts"],
    ["./b/index", "./b/index.ts"],
    ["./view", "./view.tsx"],
    ["./view.js", "./view.tsx"],
    ["./view.jsx", "./view.tsx"],
    ["./plain", "./plain.js"],
    ["../lib/c", "../lib/c.mts"],
    ["../lib/c.mjs", "../lib/c.mts"],
    ["../root", "../root.ts"],
  ])("as %s becomes %s", async (written, exact) => {
    expect(await entryOf(`import { x } from "${written}"; x;`)).toBe(`import { x } from "${exact}"; x;`);
    expect(await entryOf(`export { x } from '${written}';`)).toContain(
      `from ${written === exact ? `'${exact}'` : `"${exact}"`}`,
    );
    expect(await entryOf(`export * from "${written}";`)).toBe(`export * from "${exact}";`);
    expect(await entryOf(`const m = import("${written}");`)).toBe(`const m = import("${exact}");`);
    expect(await entryOf(`const m = () => import(\`${written}\`);`)).toContain(exact);
  });

  it("of the folder it is in means that folder's index", async () => {
    const files = {
      "index.ts": HANDLER,
      "a.ts": "import './lib/b'",
      "lib/index.ts": "export const x = 1;",
      "lib/b.ts": "export * from '.'; export * from '..'; import './'",
    };
    const { modules } = await compile({ files });
    expect(modules["lib/b.ts"]).toBe(`export * from "./index.ts"; export * from "../index.ts"; import "./index.ts"`);
  });

  it("stays on its line and column when it is several lines long", async () => {
    expect(await entryOf("import {\n  x,\n} from\n  './a'; x;")).toBe('import {\n  x,\n} from\n  "./a.ts"; x;');
  });

  it("worked out at run time is left alone", async () => {
    expect(await entryOf("const load = (name) => import('./' + name);")).toBe(
      "const load = (name) => import('./' + name);",
    );
  });

  it("that only a type needs is not looked for", async () => {
    expect(await entryOf("import type { A } from './nowhere'; import { B } from 'npm-types'; let c: B;")).not.toContain(
      "import",
    );
  });

  it.each([
    ["import { x } from './aa'; x", 'src/index.ts:1:19 There is no file "src/aa" in the upload. Did you mean "./a.ts"'],
    [
      "let a: number, b = 1;\nimport { x } from\n  './nowhere/at/all'; x",
      'src/index.ts:3:3 There is no file "src/nowhere/at/all"',
    ],
    ["let a: number = 1, m = import('./missing')", 'src/index.ts:1:31 There is no file "src/missing"'],
    ["import '../../etc/passwd'", 'src/index.ts:1:8 "../../etc/passwd" leads out of the script\'s root'],
    ["import '../.isola/runtime.js'", "src/index.ts:1:8 Names under .isola/ belong to the platform"],
    ["import '/root.ts'", 'src/index.ts:1:8 Imports of your own files are relative. Write "../root.ts".'],
    ["import 'root.ts'", 'src/index.ts:1:8 Imports of your own files begin with a dot. Write "../root.ts".'],
    ["import './a.ts?raw'", "no query"],
    ["import './A'", 'Did you mean "./a.ts"'],
  ])("%j is refused at its place", async (source, reason) => {
    expect(await firstReason(withEntry(source))).toContain(reason);
  });
});

describe("an import of a name", () => {
  it.each([
    ["import { nope } from './a'; nope", "src/index.ts:1:10 src/a.ts exports no nope."],
    ["import { X } from './a'; X", "src/a.ts exports no X. Did you mean x?"],
    ["import c from '../lib/c'; c", "lib/c.mts exports no default."],
    ["import { field } from '../data.json'; field", "Import the whole file"],
    ["export { Type } from './a'", "If it is a type, write `export type`"],
    ["export { default as d } from './b'", "src/b/index.ts exports no default."],
  ])("that is not there is refused: %j", async (source, reason) => {
    expect(await firstReason(withEntry(source))).toContain(reason);
  });

  it("is found through any number of `export *`, in circles too", async () => {
    const files = {
      "index.ts": `import { deep, own } from "./a"; deep; own;\n${HANDLER}`,
      "a.ts": 'export * from "./b"; export const own = 1;',
      "b.ts": 'export * from "./a"; export * from "./c";',
      "c.ts": "export const { deep, ...rest } = {};",
    };
    await compile({ files });
    expect(await firstReason({ files: { ...files, "c.ts": "" } })).toContain("index.ts:1:10 a.ts exports no deep.");
  });

  it("is looked for in good time, however many there are", async () => {
    const missing = Array.from({ length: 50_000 }, (_, index) => `import "./a${index}.js";`).join("\n");
    const { issues } = await refusal({ files: { ...FILES, "index.js": missing }, main: "index.js" });
    expect(issues).toHaveLength(20);
    const names = Array.from({ length: 50_000 }, (_, index) => `v${index}`).join(",");
    const stars = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`s${index}.js`, `export * from "./s${index + 1}.js";`.repeat(50)]),
    );
    const files = {
      ...stars,
      "s100.js": `export const ${names.replaceAll(",", "=1,")}=1`,
      "index.js": `import {${names}} from "./s0.js";\n${HANDLER}`,
    };
    expect((await compile({ files })).main).toBe("index.js");
  });

  it("does not find a default through `export *`", async () => {
    const files = {
      "index.ts": `import d from "./a"; d;\n${HANDLER}`,
      "a.ts": 'export * from "./b"',
      "b.ts": "export default 1",
    };
    expect(await firstReason({ files })).toContain("a.ts exports no default.");
  });
});

describe("an import of a package", () => {
  it.each([
    ["lodash/get", 'The package "lodash/get" is not part of the upload. Install it and deploy with `isola deploy`'],
    ["@scope/x/y", 'The package "@scope/x/y"'],
    ["npm:zod", 'The package "zod"'],
    ["isola/agents", "one module for scripts"],
    ["cloudflare:sockets", "not open to scripts. Of the runtime's own modules only cloudflare:workers is"],
    ["cloudflare:email", "not open to scripts"],
    ["workerd:unsafe", "not open to scripts"],
    ["node:nope", 'no module "node:nope"'],
    ["node:sea", "no module"],
    ["https://esm.sh/hono", "not loaded from URLs"],
    ["data:text/javascript,1", "not loaded from URLs"],
    ["#internal", "package.json"],
    ["", "names no module"],
    ["x".repeat(10_000), "is not part of the upload"],
  ])("%s is refused with the way out", async (name, reason) => {
    for (const source of [`import "${name}"`, `export * from "${name}"`, `await import("${name}")`]) {
      const { error, issues } = await refusal(withEntry(source));
      expect(issues[0]?.reason).toContain(reason);
      expect(error.message.length).toBeLessThan(500);
    }
  });

  it.each([
    ["node:fs", "node:fs"],
    ["fs/promises", "node:fs/promises"],
    ["buffer", "node:buffer"],
    ["node:sqlite", "node:sqlite"],
  ])("of Node (%s) turns Node's built-ins on", async (written, exact) => {
    const { modules, nodeCompat } = await compile(withEntry(`import "${written}";`));
    expect(nodeCompat).toBe(true);
    expect(modules["src/index.ts"]).toContain(`import "${exact}";`);
  });

  it("of the runtime's own cloudflare:workers needs nothing", async () => {
    const { nodeCompat } = await compile(
      withEntry('import { WorkerEntrypoint } from "cloudflare:workers"; WorkerEntrypoint;'),
    );
    expect(nodeCompat).toBe(false);
  });

  it("of the platform's own isola leads to the harness, from any folder", async () => {
    const source = 'import { invoke } from "isola"; invoke;';
    const { modules } = await compile({
      files: { "src/index.ts": `import "./deep/a"; ${source} export default () => 1`, "src/deep/a.ts": source },
    });
    expect(modules["src/index.ts"]).toContain('"../.isola/isola.js"');
    expect(modules["src/deep/a.ts"]).toContain('"../../.isola/isola.js"');
  });

  it("called like a member of every object is no built-in", () => {
    expect(["constructor", "__proto__", "toString", "test"].some(isNodeBuiltin)).toBe(false);
  });
});

describe("import attributes", () => {
  it.each([
    ['import d from "../data.json" with { type: "json" }; d;', /^import d from "..\/data.json" +; d;$/],
    ['import d from "../data.json" with { type: "json" }\nd;', /^import d from "..\/data.json" +;\nd;$/],
    ['import d from "../data.json" with {\n "type": "json"\n}; d;', /^import d from "..\/data.json" +\n +\n *; d;$/],
    ['import d from "../note.txt" with { type: "text" }; d;', /^import d from "..\/note.txt" +; d;$/],
    ['const d = import("../data.json", { with: { type: "json" } });', /^const d = import\("..\/data.json" +\);$/],
  ])("go where they say what the extension says: %j", async (source, expected) => {
    expect(await entryOf(source)).toMatch(expected);
  });

  it.each([
    'import d from "../data.json" with { type: "css" }',
    'import d from "./a.ts" with { type: "json" }',
    'import d from "node:fs" with { type: "json" }',
  ])("that say something else are refused: %s", async (source) => {
    expect(await firstReason(withEntry(`${source}; d;`))).toContain("does not fit this module");
  });
});
