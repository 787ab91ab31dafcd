import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { PlatformError } from "../../../contracts/errors.ts";
import { SOURCE_MAP_BYTES_MAX } from "../../../contracts/limits.ts";
import { hashCompiled } from "./hash.ts";
import { compile, firstReason, HANDLER, refusal, type ShortUpload } from "./testing.ts";

describe("the hash", () => {
  const files = { "index.js": HANDLER, "a.js": "export const a = 1;", "b.js": "export const b = 1;" };
  const hashOf = async (upload: ShortUpload) => (await compile(upload)).hash;

  it("is the same for the same content, in whatever order it comes", async () => {
    const reversed = Object.fromEntries(Object.entries(files).reverse());
    expect(await hashOf({ files })).toMatch(/^[0-9a-f]{64}$/);
    expect(await hashOf({ files: reversed })).toBe(await hashOf({ files }));
    const modules = { "a.js": "1", "b.js": "2" };
    const compiled = { kind: "endpoint", main: "a.js", nodeCompat: false } as const;
    expect(await hashCompiled({ ...compiled, modules })).toBe(
      await hashCompiled({ ...compiled, modules: Object.fromEntries(Object.entries(modules).reverse()) }),
    );
  });

  it("is another for other content, names, entry or kind", async () => {
    const hashes = await Promise.all([
      hashOf({ files }),
      hashOf({ files: { ...files, "a.js": "export const a = 2;" } }),
      hashOf({ files: { "index.js": HANDLER, "a.js": files["a.js"], "c.js": files["b.js"] } }),
      hashOf({ files: { ...files, "a.js": HANDLER }, main: "index.js" }),
      hashOf({ files: { ...files, "a.js": HANDLER }, main: "a.js" }),
      hashOf({ files, kind: "module" }),
      hashOf({ files: { ...files, "a.js": 'export const a = 1;import "node:fs"' } }),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("does not move with the source map, which does not run", async () => {
    const sourceMap = JSON.stringify({ version: 3, sources: ["a.ts"], names: [], mappings: "AAAA" });
    expect(await hashOf({ files: { "index.js": HANDLER }, sourceMap })).toBe(
      await hashOf({ files: { "index.js": HANDLER } }),
    );
  });
});

describe("a source map", () => {
  const MAP = { version: 3, sources: ["src/a.ts"], names: ["f"], mappings: "AAAAA", sourcesContent: ["let a"] };
  const withMap = (map: unknown, files: Record<string, string> = { "index.js": HANDLER }) => ({
    files,
    main: "index.js",
    sourceMap: typeof map === "string" ? map : JSON.stringify(map),
  });

  it("is kept", async () => {
    expect(JSON.parse((await compile(withMap(MAP))).sourceMap ?? "")).toEqual(MAP);
    expect((await compile(withMap({ ...MAP, x_extension: 1, sections: undefined }))).sourceMap).not.toContain(
      "x_extension",
    );
    expect((await compile(withMap(MAP, { "index.js": HANDLER, "data.json": "{}" }))).sourceMap).not.toBeNull();
  });

  it("is there for TypeScript and not for JavaScript, whose columns do not move", async () => {
    expect((await compile(HANDLER)).sourceMap).toContain('"mappings"');
    expect((await compile({ files: { "index.js": HANDLER } })).sourceMap).toBeNull();
  });

  it.each([
    ["{", "not JSON"],
    ["null", "not one of version 3"],
    [{ ...MAP, version: 2 }, "version"],
    [{ version: 3, sections: [] }, "sources"],
    [{ ...MAP, mappings: 7 }, "mappings"],
    [{ ...MAP, mappings: "A!" }, "mappings that cannot be read"],
    [{ ...MAP, mappings: "ACAA" }, "mappings that cannot be read"],
    [{ ...MAP, mappings: "AAAAC" }, "mappings that cannot be read"],
    [{ ...MAP, mappings: "AADA" }, "mappings that cannot be read"],
    [{ ...MAP, sources: ["x".repeat(2_000)] }, "sources"],
  ])("that cannot be read is refused: %j", async (map, reason) => {
    expect(await firstReason(withMap(map))).toContain(reason);
  });

  it("belongs to one file of JavaScript", async () => {
    expect(await firstReason(withMap(MAP, { "index.js": HANDLER, "a.js": "" }))).toContain("several files with code");
    expect(await firstReason({ files: { "index.ts": HANDLER }, sourceMap: JSON.stringify(MAP) })).toContain(
      "goes with JavaScript",
    );
  });

  it("past its limit is too large", async () => {
    const { error } = await refusal(withMap({ ...MAP, sourcesContent: ["x".repeat(SOURCE_MAP_BYTES_MAX)] }));
    expect(error.code).toBe("too_large");
  });
});

describe("whatever is uploaded", () => {
  const words = [
    "export default ",
    "import ",
    "x from ",
    '"./a"',
    "'node:fs'",
    "type T = ",
    "interface I ",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    "=>",
    "=",
    ";",
    "\n",
    "\r\n",
    "`",
    "${",
    "/*",
    "*/",
    "//",
    "/",
    "'",
    '"',
    "\\",
    "@",
    "#",
    "!",
    "?",
    ":",
    ",",
    ".",
    "...",
    "async ",
    "await ",
    "function ",
    "class ",
    "enum ",
    "namespace N ",
    "declare ",
    "const ",
    "let ",
    "a",
    "1",
    " as ",
    "satisfies ",
    "<div>",
    "</div>",
    "return ",
    "\u2028",
    "\0",
    "\ud800",
    "é",
    "import(",
    "with ",
    "yield ",
    "extends ",
    "abstract ",
    "export * from ",
    "export { ",
    "require(",
    "in ",
    "of ",
  ];
  const valid = [
    HANDLER,
    "type A<T> = { [K in keyof T]: T[K] };\nexport default async function f<T>(a: A<T>, b?: number): Promise<void> { for (const c of [a!]) await (c as never); }",
    "enum E { a, b = 'x' }\nabstract class B<T> implements I { constructor(private readonly x = /[/]/g) { super(`${x}`); } static { } #p?: T; get q(): T { return this.#p!; } }\nexport default { fetch: <T,>(x: T) => x satisfies T };",
    "import data from './data.json' with { type: 'json' };\nimport { a as b, type C } from './a';\nexport * from 'node:fs';\nexport default class extends b { static async *[data](): AsyncGenerator<C> { yield* await import('./a'); } }",
  ];
  const bent = fc
    .tuple(fc.constantFrom(...valid), fc.nat(300), fc.nat(8), fc.oneof(fc.constant(""), fc.constantFrom(...words)))
    .map(([source, at, length, put]) => source.slice(0, at) + put + source.slice(at + length));
  const text = fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join("")) },
    { weight: 4, arbitrary: bent },
    { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  );
  const path = fc.oneof(
    fc.constantFrom("index.ts", "index.tsx", "a.ts", "a.js", "b.jsx", "data.json", "c.mts", "src/index.ts", "note.txt"),
    fc.string({ unit: "binary", maxLength: 12 }),
  );

  it("comes to a version or to a refusal", async () => {
    const upload = fc.record(
      {
        files: fc.dictionary(path, text, { maxKeys: 4 }),
        main: fc.option(path, { nil: undefined }),
        kind: fc.constantFrom("endpoint" as const, "module" as const),
        sourceMap: fc.option(text, { nil: undefined, freq: 10 }),
      },
      { requiredKeys: ["files", "kind"] },
    );
    let compiled = 0;
    await fc.assert(
      fc.asyncProperty(upload, async (input) => {
        const outcome = await compile(input).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(PlatformError);
        else compiled++;
      }),
      { numRuns: 3_000 },
    );
    expect(compiled).toBeGreaterThan(0);
  });
});
