import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import * as fc from "fast-check";
import { expect, it } from "vitest";

import { mappingsAt, walkMappings } from "./mappings.ts";
import { compile } from "./testing.ts";

const SOURCE = `interface A { x: number }
enum E { a, b }
export default function f<T>(a: A, b: Array<T>): void {
  for (const c of b as T[]) { (a.x satisfies number) + 1; }
}`;

it("finds at every place what a library that decodes the whole map finds", async () => {
  const { modules, sourceMap } = await compile(SOURCE);
  const map = JSON.parse(sourceMap ?? "") as { mappings: string };
  const library = new TraceMap(sourceMap ?? "");
  for (const [line, text] of (modules["index.ts"] ?? "").split("\n").entries()) {
    for (let column = 0; column <= text.length; column++) {
      const wanted = originalPositionFor(library, { line: line + 1, column });
      const [found = null] = mappingsAt(map.mappings, [{ line, column }]);
      expect(found === null ? [null, null] : [found.line + 1, found.column]).toEqual([wanted.line, wanted.column]);
    }
  }
});

it("reads numbers of any size, negative ones too", () => {
  const seen: number[][] = [];
  walkMappings("AAAA;gggB,CADGA", ({ generatedColumn, source, line, column }) => {
    seen.push([generatedColumn, source ?? -1, line, column]);
    return false;
  });
  expect(seen).toEqual([
    [0, 0, 0, 0],
    [16_384, -1, 0, 0],
    [16_385, 0, -1, 3],
  ]);
});

it.each(["A!", "AA", "AAA", "AAAAAA", "g", "AAAg", "gggggggggggB", "é"])("says that %j is none", (text) => {
  expect(walkMappings(text, () => false)).toBe(false);
});

it("may be given anything", () => {
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(..."AACDgg/+,;,;".split("")), { maxLength: 40 }).map((all) => all.join("")),
  );
  fc.assert(
    fc.property(text, fc.nat(5), fc.nat(5), (mappings, line, column) => {
      const [first, second] = mappingsAt(mappings, [
        { line, column },
        { line: column, column: line },
      ]);
      expect((first?.generatedColumn ?? 0) <= column && (second?.generatedColumn ?? 0) <= line).toBe(true);
    }),
    { numRuns: 500 },
  );
});
