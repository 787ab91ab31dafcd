import { describe, expect, it } from "vitest";

import { MODULE_IMPORTS_MAX, MODULE_NAMES_LENGTH_MAX } from "../../../contracts/limits.ts";
import { compile, firstReason, HANDLER } from "./testing.ts";

describe("an import of a name that is no file", () => {
  it.each([
    ['import { x } from "money"; x', "index.ts", './.modules/money.js"', ["x"]],
    ['import m from "money"; m', "src/index.ts", '"../.modules/money.js"', ["default"]],
    ['import * as m from "money"; m', "a/b/index.ts", '"../../.modules/money.js"', []],
    ['export { x as y } from "money"', "index.ts", '"./.modules/money.js"', ["x"]],
    ['const m = await import("money")', "index.ts", '"./.modules/money.js"', []],
    ['import "money"', "index.ts", '"./.modules/money.js"', []],
  ])("leads to a module of the org: %s", async (source, path, specifier, names) => {
    const { modules, imports } = await compile({ files: { [path]: `${source};\n${HANDLER}` } });
    expect(modules[path]).toContain(specifier);
    expect(imports.list()).toEqual([{ module: "money", names }]);
  });

  it("is gathered over all files, each name once, and found again where it stands first", async () => {
    const { imports } = await compile({
      files: {
        "index.ts": `import { b, a } from "money";\nimport { c } from "./lib"; a; b; c;\n${HANDLER}`,
        "lib.ts": 'type T = 1;\nexport { a as c } from "money"; import { x } from "cart"; x;',
      },
    });
    expect(imports.list()).toEqual([
      { module: "cart", names: ["x"] },
      { module: "money", names: ["a", "b"] },
    ]);
    expect(imports.issue("money", "a", "no")).toEqual({ file: "index.ts", line: 1, column: 13, reason: "no" });
    expect(imports.issue("cart", null, "no")).toEqual({ file: "lib.ts", line: 2, column: 51, reason: "no" });
    expect(imports.issue(null, null, "no")).toEqual({ reason: "no" });
  });

  it("is found behind a file that passes all of it on, where no other could be meant", async () => {
    const files = {
      "index.ts": `import { own, sum } from "./all"; own; sum;\n${HANDLER}`,
      "all.ts": 'export * from "./more"; export const own = 1;',
      "more.ts": 'export * from "money";',
    };
    const { imports } = await compile({ files });
    expect(imports.list()).toEqual([{ module: "money", names: ["sum"] }]);
    expect(imports.issue("money", "sum", "no")).toMatchObject({ file: "index.ts", line: 1, column: 15 });
    const two = await compile({ files: { ...files, "more.ts": 'export * from "money"; export * from "cart";' } });
    expect(two.imports.list().map(({ names }) => names)).toEqual([[], []]);
  });

  it("gives way to a built-in module", async () => {
    expect((await compile(`import { parse } from "path"; parse;\n${HANDLER}`)).imports.list()).toEqual([]);
  });

  it("is refused where they are too many", async () => {
    const imports = Array.from({ length: MODULE_IMPORTS_MAX + 1 }, (_, index) => `import "m${index}";`).join("\n");
    expect(await firstReason(`${imports}\n${HANDLER}`)).toContain(
      `index.ts:${MODULE_IMPORTS_MAX + 1}:8 imports more than`,
    );
    const names = Array.from({ length: MODULE_NAMES_LENGTH_MAX / 8 }, (_, index) => `name${1000 + index}`).join(",");
    expect(await firstReason({ files: { "index.js": `import {${names}} from "m";\n${HANDLER}` } })).toContain(
      "Too many names",
    );
  });
});

describe("what a module gives", () => {
  const exportsOf = async (files: Record<string, string>) => (await compile({ files, kind: "module" })).exports;

  it("are the names of its entry file, with those it passes on", async () => {
    const files = {
      "index.ts":
        'export * from "./a"; export * from "cart"; export const own = 1; export type T = 1; export default 1;',
      "a.ts": 'export function a() {} export default 2; export * from "./b";',
      "b.ts": 'export { x as b } from "money";',
    };
    expect(await exportsOf(files)).toEqual({ names: ["a", "b", "default", "own"], stars: ["cart"], open: false });
  });

  it("has no default that only a file it passes on has", async () => {
    expect(
      await exportsOf({ "index.ts": 'export * from "./a"', "a.ts": "export const a = 1; export default 2;" }),
    ).toEqual({
      names: ["a"],
      stars: [],
      open: false,
    });
  });

  it("is open where it passes on a built-in module", async () => {
    expect(await exportsOf({ "index.ts": 'export * from "path"' })).toEqual({ names: [], stars: [], open: true });
  });

  it("is not asked of an endpoint", async () => {
    expect((await compile(HANDLER)).exports).toBeNull();
  });

  it("is bounded", async () => {
    const names = Array.from({ length: MODULE_NAMES_LENGTH_MAX / 8 }, (_, index) => `name${1000 + index}=1`).join(",");
    expect(
      await firstReason({ files: { "index.js": `export const ${names};` }, kind: "module", main: "index.js" }),
    ).toContain("exports too many names");
  });
});
