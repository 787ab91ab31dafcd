import { describe, expect, it } from "vitest";

import { SOURCE_BYTES_MAX } from "../../../contracts/limits.ts";
import { compile, firstReason, HANDLER, refusal } from "./testing.ts";

const withFile = (path: string, text = "export const x = 1;") => ({
  files: { "index.js": HANDLER, [path]: text },
  main: "index.js",
});

describe("a file's path", () => {
  it.each([
    "a.ts",
    "lib/deep/er/x.mjs",
    "src/a b.ts",
    "src/[id].tsx",
    "src/(group)/@slot+x,y.js",
    "données/日本語.ts",
    "a.test.ts",
    "a.d.ts",
  ])("%j is taken as it is", async (path) => {
    expect(Object.keys((await compile(withFile(path))).modules)).toContain(path);
  });

  it.each([
    ["", "empty path"],
    ["../x.ts", '".." segment'],
    ["a/../../x.ts", '".." segment'],
    ["./x.ts", '"." segment'],
    ["/x.ts", "begins with /"],
    ["a//x.ts", "empty segment"],
    ["a/x.ts/", "empty segment"],
    ["a\\x.ts", "backslash"],
    ["C:x.ts", "has : in its path"],
    ["%2e%2e/x.ts", "has % in its path"],
    ["x.ts?raw.ts", "has ? in its path"],
    ["x#y.ts", "has # in its path"],
    [".env.ts", "begins with a dot"],
    [".isola/runtime.js", "begins with a dot"],
    ["a/.isola/x.js", "begins with a dot"],
    ["a\0.ts", "cannot be seen"],
    ["a\n.ts", "cannot be seen"],
    ["a\u007f.ts", "cannot be seen"],
    ["a\u200b.ts", "cannot be seen"],
    ["\u202ets.exe.ts", "cannot be seen"],
    ["a\u2066b.ts", "cannot be seen"],
    ["\u3164.ts", "cannot be seen"],
    ["\ud800.ts", "cannot be seen"],
    ["a\u00a0b.ts", "cannot be seen"],
    ["e\u0301.ts", "decomposed"],
    [" a.ts", "begins or ends with a space"],
    ["a /x.ts", "begins or ends with a space"],
    [`${"a".repeat(200)}.ts`, "longer than 200"],
    ["a.cjs", "CommonJS"],
    ["a.png", "no kind that scripts use"],
    ["a.TS", "no kind that scripts use"],
    ["Makefile", "no kind that scripts use"],
    ["__proto__", "no kind that scripts use"],
  ])("%j is refused and told why", async (path, reason) => {
    const { error, issues } = await refusal({
      files: Object.fromEntries([
        ["index.js", HANDLER],
        [path, "1"],
      ]),
    });
    expect(error.code).toBe("invalid");
    expect(issues).toHaveLength(1);
    expect(issues[0]?.reason).toContain(reason);
    expect(error.message).not.toMatch(/[^\x20-\x7e\p{L}]/u);
  });

  it("may not differ from another only in case", async () => {
    expect(await firstReason({ files: { "index.js": HANDLER, "lib/A.ts": "", "lib/a.ts": "" } })).toBe(
      "lib/a.ts:: differs from lib/A.ts only in upper and lower case. Rename one of them.",
    );
  });
});

describe("a file's text", () => {
  it.each([
    ["NUL", "let a;\nlet b\0", "x.ts:2:6 is binary"],
    ["replacement characters", "PNG\uFFFD", "x.ts:1:4 holds U+FFFD"],
    ["half a surrogate pair", "a\r\n\ud83d!", "x.ts:2:1 holds half of a surrogate pair"],
  ])("with %s is refused at its place", async (_what, text, reason) => {
    expect(await firstReason(withFile("x.ts", text))).toContain(reason);
  });

  it("may hold emoji, other scripts and a byte order mark", async () => {
    const { modules } = await compile(withFile("x.js", "\uFEFFexport const grüße = '👋 नमस्ते';"));
    expect(modules["x.js"]).toBe("export const grüße = '👋 नमस्ते';");
  });
});

describe("an upload", () => {
  it("without files is refused", async () => {
    expect(await firstReason({ files: {} })).toContain("no files");
  });

  it("with more files than the limit is refused", async () => {
    const files = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`f${index}.ts`, ""]));
    expect(await firstReason({ files })).toContain("201 files and may have 200");
  });

  it("of 5 MB is too large, and says how large it may be", async () => {
    const { error } = await refusal(`${HANDLER}// ${"x".repeat(5 * 1024 * 1024)}`);
    expect(error.code).toBe("too_large");
    expect(error.details).toEqual({ limitBytes: SOURCE_BYTES_MAX, actualBytes: expect.any(Number) });
    expect(error.message).toContain("4,194,304");
  });

  it("is measured in bytes and over all its files", async () => {
    const half = `// ${"é".repeat(SOURCE_BYTES_MAX / 4)}`;
    const { error } = await refusal({ files: { "index.js": HANDLER, "a.js": half, "b.js": half } });
    expect(error.code).toBe("too_large");
    const { sizeBytes } = await compile({ files: { "index.js": HANDLER, "a.js": "// é" } });
    expect(sizeBytes).toBe(HANDLER.length + 5);
  });

  it("names all that is wrong with it, up to twenty reasons", async () => {
    const broken = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}.js`, "let = ;"]));
    const { error, issues } = await refusal({ files: { "index.js": HANDLER, ...broken } });
    expect(issues).toHaveLength(20);
    expect(error.message).toContain("(and 29 more)");
  });
});

describe("a data file", () => {
  it.each([
    ['{"a": 1,}', "x.json:1:9 is not valid JSON"],
    ['{\n  "a": tru\n}', "x.json:2:11 is not valid JSON"],
    ["{", "x.json:1:2 is not valid JSON"],
    ["", "x.json:1:1 is not valid JSON"],
    ["// comment\n{}", "x.json:1:1 is not valid JSON"],
  ])("of broken JSON (%j) is refused at its place", async (text, reason) => {
    expect(await firstReason(withFile("x.json", text))).toContain(reason);
  });

  it("that grows too much as JavaScript is too large", async () => {
    const { error } = await refusal(withFile("x.txt", "\u0001".repeat(3 * 1024 * 1024)));
    expect(error.code).toBe("too_large");
  });
});
