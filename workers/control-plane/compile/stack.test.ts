import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { STACK_LENGTH_MAX, STACK_LINES_MAX } from "../../../contracts/limits.ts";
import { mapStack } from "./stack.ts";
import { compile } from "./testing.ts";

/** A bundle's map: line 2, column 5 of the bundle is line 10, column 3 of src/app.ts. */
const MAP = JSON.stringify({ version: 3, sources: ["src/app.ts"], names: [], mappings: ";IASE" });

describe("a stack", () => {
  it("is put into the lines of the user's own files", () => {
    const stack =
      "Error: no\n    at handle (index.js:2:5)\n    at async Object.fetch (index.js:2:9)\n    at index.js:2:5";
    expect(mapStack(stack, MAP, "index.js")).toBe(
      "Error: no\n    at handle (src/app.ts:10:3)\n    at async Object.fetch (src/app.ts:10:3)\n    at src/app.ts:10:3",
    );
  });

  it("loses the platform's frames and nothing else", () => {
    const stack = [
      "TypeError: at (index.js:2:5)",
      "    at JSON.parse (<anonymous>)",
      "    at f (lib/index.js:2:5)",
      "    at new Promise (<anonymous>)",
      "    at runnerOf (.isola/runtime.js:1:2)",
      "    at .isola/main.js:1:1",
      "    at async Promise.all (index 0)",
      "    at g (node:internal/x:3:4)",
      "    at h (my.isola/x.js:3:4)",
    ].join("\n");
    expect(mapStack(stack, MAP, "index.js").split("\n")).toEqual([
      "TypeError: at (index.js:2:5)",
      "    at JSON.parse (<anonymous>)",
      "    at f (lib/index.js:2:5)",
      "    at async Promise.all (index 0)",
      "    at g (node:internal/x:3:4)",
      "    at h (my.isola/x.js:3:4)",
    ]);
  });

  it("keeps a frame for which the map has nothing", () => {
    expect(
      mapStack("    at f (index.js:1:1)\n    at g (index.js:99:1)\n    at h (index.js:0:0)", MAP, "index.js"),
    ).toBe("    at f (index.js:1:1)\n    at g (index.js:99:1)\n    at h (index.js:0:0)");
  });

  it("is read against the map's root, and against a new map when that changes", () => {
    const frame = "    at f (index.js:2:5)";
    const map = { version: 3, sources: ["app.ts"], sourceRoot: "src", names: [], mappings: ";IASE" };
    expect(mapStack(frame, JSON.stringify(map), "index.js")).toBe("    at f (src/app.ts:10:3)");
    expect(mapStack(frame, JSON.stringify({ ...map, sourceRoot: "" }), "index.js")).toBe("    at f (app.ts:10:3)");
    expect(mapStack(frame, JSON.stringify(map), "index.js")).toBe("    at f (src/app.ts:10:3)");
  });

  it("finds files whose names look like a frame", () => {
    expect(mapStack("    at f (src/a (1).js:2:5)", MAP, "src/a (1).js")).toBe("    at f (src/app.ts:10:3)");
  });

  it("names no column in TypeScript that has no map", () => {
    expect(mapStack("    at f (lib/a.ts:3:9)\n    at lib/b.mts:4:1\n    at c.js:5:2", null, "index.js")).toBe(
      "    at f (lib/a.ts:3)\n    at lib/b.mts:4\n    at c.js:5:2",
    );
  });

  it("of a single TypeScript file has the file's own columns", async () => {
    const source = "type A = 1;\nexport default function (a: A, b: Array<string>) { throw new Error(String(a)); }";
    const { modules, sourceMap, main } = await compile(source);
    const column = (modules[main]?.split("\n")[1]?.indexOf("new Error") ?? -2) + 1;
    expect(mapStack(`    at f (index.ts:2:${column})`, sourceMap, main)).toBe(
      `    at f (index.ts:2:${(source.split("\n")[1]?.indexOf("new Error") ?? -2) + 1})`,
    );
  });

  it("is bounded in frames and in characters", () => {
    const frames = Array.from({ length: 500 }, () => "    at f (a.js:1:1)").join("\n");
    expect(mapStack(`Error\n${frames}`, null, "a.js").split("\n")).toHaveLength(STACK_LINES_MAX + 1);
    expect(mapStack("x".repeat(1_000_000), null, "a.js")).toHaveLength(STACK_LENGTH_MAX);
    const longNames = JSON.stringify({ version: 3, sources: ["s".repeat(900)], names: [], mappings: ";IASE" });
    expect(mapStack("at (i.js:2:5)\n".repeat(50), longNames, "i.js").length).toBeLessThanOrEqual(STACK_LENGTH_MAX);
  });

  it.each(["", "null", "{", '{"version":3}', '{"version":3,"sources":[],"names":[],"mappings":"!!!"}'])(
    "stays as it is beside a broken map: %j",
    (map) => {
      expect(mapStack("    at f (index.js:2:5)", map, "index.js")).toBe("    at f (index.js:2:5)");
    },
  );

  it("may be anything, and so may the map", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom(MAP, "    at f (index.js:2:5)", ":1:1)"),
    );
    fc.assert(
      fc.property(fc.array(text), fc.option(text), text, (lines, map, main) => {
        expect(typeof mapStack(lines.join("\n    at "), map, main)).toBe("string");
      }),
      { numRuns: 500 },
    );
  });
});
