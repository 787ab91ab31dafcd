import { describe, expect, it } from "vitest";

import { DIFF_EDITS_MAX, DIFF_EDITS_PER_FILE_MAX, DIFF_FILE_LENGTH_MAX } from "../../../contracts/limits.ts";
import { diffFiles } from "./diff.ts";

const numbered = (from: number, to: number, word = "line") =>
  Array.from({ length: to - from + 1 }, (_, index) => `${word} ${from + index}\n`).join("");

describe("the difference between two versions", () => {
  it("says of each file what became of it", () => {
    const from = { "same.ts": "a\n", "gone.ts": "a\nb\n", "index.ts": "a\nb\nc\n" };
    const to = { "same.ts": "a\n", "new.ts": "a", "index.ts": "a\nB\nc\nd\n" };
    expect(diffFiles(from, to).map(({ path, change, added, removed }) => [path, change, added, removed])).toEqual([
      ["gone.ts", "removed", 0, 2],
      ["index.ts", "changed", 2, 1],
      ["new.ts", "added", 1, 0],
      ["same.ts", "unchanged", 0, 0],
    ]);
  });

  it("is a unified diff with three lines around a change", () => {
    const [file] = diffFiles({ "a.ts": numbered(1, 20) }, { "a.ts": numbered(1, 20).replace("line 10", "LINE") });
    expect(file?.diff).toBe(
      [
        "--- a/a.ts",
        "+++ b/a.ts",
        "@@ -7,7 +7,7 @@",
        " line 7",
        " line 8",
        " line 9",
        "-line 10",
        "+LINE",
        " line 11",
        " line 12",
        " line 13",
        "",
      ].join("\n"),
    );
  });

  it("says which side a file is missing on, and where a last line has no end", () => {
    const [file] = diffFiles({}, { "a.ts": "one" });
    expect(file?.diff).toBe("--- /dev/null\n+++ b/a.ts\n@@ -0,0 +1,1 @@\n+one\n\\ No newline at end of file\n");
  });

  it("tells line ends of Windows from others", () => {
    expect(diffFiles({ "a.ts": "a\r\nb\r\n" }, { "a.ts": "a\nb\n" })[0]).toMatchObject({ added: 2, removed: 2 });
  });

  it.each([
    ["long", "x\n".repeat(DIFF_FILE_LENGTH_MAX)],
    ["minified", `const a = "${"x".repeat(3_000)}";\n`],
    ["wholly different", numbered(1, DIFF_EDITS_PER_FILE_MAX, "other")],
  ])("does not show a file that is %s, but counts its lines", (_, text) => {
    const [file] = diffFiles({ "a.ts": numbered(1, 100) }, { "a.ts": text });
    expect(file).toMatchObject({ change: "changed", diff: null, note: "too large to show", removed: 100 });
    expect(file?.added).toBe(text.split("\n").length - 1);
  });

  it("of very many changes shows the first and stays quick", () => {
    const files = (word: string) =>
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${100 + index}.ts`, numbered(1, 900, word)]));
    const began = Date.now();
    const shown = diffFiles(files("a"), files("b")).filter(({ diff }) => diff !== null);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.length).toBeLessThanOrEqual(DIFF_EDITS_MAX / 1_800);
    expect(Date.now() - began).toBeLessThan(2_000);
  });

  it("takes a path that every object has for a file like others", () => {
    expect(diffFiles({}, { constructor: "a\n" })).toMatchObject([{ path: "constructor", change: "added" }]);
    expect(diffFiles({ constructor: "a\n" }, {})).toMatchObject([{ path: "constructor", change: "removed" }]);
  });
});
