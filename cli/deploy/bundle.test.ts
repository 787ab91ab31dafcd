import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { platformErrorOf } from "../../contracts/errors.ts";
import { SOURCE_BYTES_MAX } from "../../contracts/limits.ts";
import { bundle } from "./bundle.ts";
import { openBundler } from "./bundler.ts";
import { findEntry } from "./entry.ts";
import type { Upload } from "./upload.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

/** Writes files into a folder of their own, with the project's packages in reach. */
async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "isola-bundle-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const withPackages = (folder: string) => symlink(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));

const bundleAt = async (path: string, cwd: string): Promise<Upload> =>
  bundle(await findEntry(path, cwd), { cwd, color: false });

type App = { fetch(request: Request): Promise<Response> };

/** Runs a bundle as an isolate would: one module, nothing beside it. */
async function load({ files, main }: Upload): Promise<{ default: unknown }> {
  const folder = await folderOf({ "index.mjs": files[main] ?? "" });
  return (await import(/* @vite-ignore */ join(folder, "index.mjs"))) as { default: unknown };
}

const post = (url: string, body: unknown): Request =>
  new Request(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

describe("a bundle", () => {
  it("of the Hono example answers its routes", async () => {
    const printed = [vi.spyOn(console, "log"), vi.spyOn(console, "error")].map((spy) => spy.mockReturnValue());
    onTestFinished(() => printed.forEach((spy) => spy.mockRestore()));
    const upload = await bundleAt("examples/hono", REPOSITORY);
    expect(Object.keys(upload.files)).toEqual(["index.js"]);
    expect(upload.warnings).toEqual([]);
    const { default: app } = (await load(upload)) as { default: App };
    const ask = async (request: Request) => app.fetch(request);
    expect(await (await ask(new Request("http://h/items/1"))).json()).toEqual({ id: "1", name: "Lantern", price: 24 });
    expect((await ask(new Request("http://h/items/9"))).status).toBe(404);
    expect(await (await ask(post("http://h/items", { name: "Rope", price: 9 }))).json()).toEqual({
      created: { name: "Rope", price: 9 },
    });
    expect((await ask(post("http://h/items", { name: "" }))).status).toBe(422);
    expect((await ask(new Request("http://h/fail"))).status).toBe(500);
    expect((await ask(new Request("http://h/nothing"))).headers.get("server-timing")).toMatch(/^app;dur=/);
  });

  it("of the itty-router example answers its routes", async () => {
    const { default: app } = (await load(await bundleAt("examples/itty/index.ts", REPOSITORY))) as { default: App };
    expect(await (await app.fetch(new Request("http://h/notes/2"))).json()).toEqual({
      id: "2",
      text: "The lamp wants oil",
    });
    expect((await app.fetch(new Request("http://h/notes/9"))).status).toBe(404);
    expect((await app.fetch(post("http://h/notes", { text: "Buy rope" }))).status).toBe(201);
    expect((await app.fetch(post("http://h/notes", {}))).status).toBe(422);
  });

  it("maps its lines back to the files of the person", async () => {
    const folder = await folderOf({
      "src/index.ts": 'import { fail } from "./deep/fail.ts";\nexport default () => fail("x");\n',
      "src/deep/fail.ts":
        "interface Unused { a: string }\n\nexport function fail(why: string): never {\n  throw new Error(why);\n}\n",
    });
    const { files, sourceMap } = await bundleAt("src/index.ts", folder);
    const lines = (files["index.js"] ?? "").split("\n");
    const line = lines.findIndex((text) => text.includes("throw new Error(why)"));
    const place = originalPositionFor(new TraceMap(sourceMap ?? ""), {
      line: line + 1,
      column: lines[line]?.indexOf("throw") ?? 0,
    });
    expect(place).toMatchObject({ source: "deep/fail.ts", line: 4, column: 2 });
  });

  it("keeps the platform's imports, and makes Node's built-ins `node:` ones however they are asked for", async () => {
    const folder = await folderOf({
      "index.ts": `
        import { WorkerEntrypoint } from "cloudflare:workers";
        import { invoke } from "isola";
        import { join } from "path";
        import legacy from "./legacy.cjs";
        export default { invoke, join, legacy, WorkerEntrypoint };`,
      "legacy.cjs":
        'const { createHash } = require("crypto"); module.exports = { createHash, os: require("node:os") };',
      "node_modules/isola/index.js": "export const invoke = 1;",
    });
    const { files, external } = await bundleAt("index.ts", folder);
    const imports = (files["index.js"] ?? "").match(/from "[^"]+"/g)?.sort();
    expect(imports).toEqual([
      'from "cloudflare:workers"',
      'from "isola"',
      'from "node:crypto"',
      'from "node:os"',
      'from "node:path"',
    ]);
    expect(external).toEqual([]);
    expect(files["index.js"]).not.toContain("Dynamic require");
  });

  it("really runs CommonJS that requires a built-in", async () => {
    const folder = await folderOf({
      "index.js": 'const { join } = require("path"); module.exports = () => join("a", "b");',
    });
    const { default: handler } = (await load(await bundleAt("index.js", folder))) as { default: () => string };
    expect(handler()).toBe("a/b");
  });

  it("takes JSX as the tsconfig says", async () => {
    const folder = await folderOf({
      "index.tsx": "export default () => new Response(String(<h1>Hi</h1>));",
      "tsconfig.json": '{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "hono/jsx" } }',
    });
    await withPackages(folder);
    const { default: handler } = (await load(await bundleAt(".", folder))) as { default: () => Response };
    expect(await handler().text()).toBe("<h1>Hi</h1>");
  });

  it("takes text files as text, keeps names, and lowers decorators", async () => {
    const folder = await folderOf({
      "index.ts": `
        import page from "./page.html"; import note from "./note.txt";
        const mark = <T>(value: T, context: DecoratorContext): T => (names.push(String(context.name)), value);
        const names: string[] = [];
        class Thing { @mark greet() { return note; } }
        export default () => [page, new Thing().greet(), names[0], Thing.name];`,
      "page.html": "<p>Hi</p>",
      "note.txt": "héllo",
    });
    const { default: handler } = (await load(await bundleAt("index.ts", folder))) as { default: () => string[] };
    expect(handler()).toEqual(["<p>Hi</p>", "héllo", "greet", "Thing"]);
  });
});

describe("an import that nothing here answers", () => {
  const importsOf = ({ files }: Upload) => (files["index.js"] ?? "").match(/(?:from|import\()\s*"[^"]+"/g) ?? [];

  it("is left to the platform, which may know a module or a package by that name", async () => {
    const folder = await folderOf({
      "index.ts": `
        import { hi } from "greetings"; import { cors } from "hono/cors"; import { join } from "path";
        export default async () => [hi, cors, join, await import("other_module")];`,
    });
    const upload = await bundleAt("index.ts", folder);
    expect(importsOf(upload)).toEqual([
      'from "greetings"',
      'from "hono/cors"',
      'from "node:path"',
      'import("other_module"',
    ]);
    expect(upload.external).toEqual(["greetings", "hono/cors", "other_module"]);
  });

  it("comes after the own files that a tsconfig names, and after what is installed", async () => {
    const folder = await folderOf({
      "index.ts": 'import { hi } from "greetings"; import { own } from "own"; export default () => [hi, own];',
      "tsconfig.json": '{ "compilerOptions": { "paths": { "own": ["./lib/own.ts"] } } }',
      "lib/own.ts": 'export const own = "own";',
      "node_modules/greetings/package.json": '{ "name": "greetings", "exports": "./main.js", "sideEffects": false }',
      "node_modules/greetings/main.js": 'export const hi = "hi"; export const unused = "unused";',
    });
    const upload = await bundleAt("index.ts", folder);
    expect(upload.external).toEqual([]);
    const { default: handler } = (await load(upload)) as { default: () => string[] };
    expect(handler()).toEqual(["hi", "own"]);
  });

  it("is an error where it can mean no module: in a package, by `require`, with a scope", async () => {
    const folder = await folderOf({
      "index.ts": 'import "greetings"; import "@scope/x"; import "./a.cjs";',
      "a.cjs": 'require("absent");',
      "node_modules/greetings/index.js": 'import "optional-peer";',
    });
    const thrown: unknown = await bundleAt("index.ts", folder).catch((error: unknown) => error);
    const issues = platformErrorOf(thrown)?.details.issues as { file: string; reason: string }[];
    expect(issues.map(({ file, reason }) => `${file}: ${reason}`).sort()).toEqual([
      'a.cjs: Could not resolve "absent"',
      'index.ts: Could not resolve "@scope/x"',
      'node_modules/greetings/index.js: Could not resolve "optional-peer"',
    ]);
  });
});

describe("code that is bundled again and again", () => {
  it("follows the files, also those of a bundle that failed", async () => {
    const folder = await folderOf({ "index.ts": 'import { a } from "./a.ts";\nexport default () => a;\n', "a.ts": "" });
    const named = (names: Iterable<string>) => [...names].map((path) => relative(folder, path)).sort();
    const bundler = await openBundler(await findEntry("index.ts", folder), { cwd: folder, color: false });
    onTestFinished(() => bundler.close());
    await writeFile(join(folder, "a.ts"), 'import "./b.ts"; const = 1;');
    await expect(bundler.bundle()).rejects.toMatchObject({ code: "invalid" });
    expect(named(bundler.files())).toEqual(["a.ts", "index.ts"]);
    await writeFile(join(folder, "a.ts"), 'export { a } from "./b.ts";');
    await writeFile(join(folder, "b.ts"), "export const a = 1;");
    const first = await bundler.bundle();
    expect(named(bundler.files())).toEqual(["a.ts", "b.ts", "index.ts"]);
    expect(first).toEqual(await bundleAt("index.ts", folder));
    await writeFile(join(folder, "a.ts"), "export const a = 2;");
    expect((await bundler.bundle()).files["index.js"]).toContain("a = 2");
    expect(named(bundler.files())).toEqual(["a.ts", "index.ts"]);
  });
});

describe("code that cannot be bundled", () => {
  const refusalOf = async (path: string, folder: string) => {
    const thrown: unknown = await bundleAt(path, folder).then(
      () => null,
      (error: unknown) => error,
    );
    const error = platformErrorOf(thrown);
    if (error === null) throw new Error(`No refusal: ${String(thrown)}`);
    return error;
  };

  it("is shown with its place and the code around it, for every error", async () => {
    const folder = await folderOf({
      "src/index.ts": 'import "./a.ts";\nimport "./b.ts";\n',
      "src/a.ts": "\nconst x = ;\n",
      "src/b.ts": "let y: = 1;",
    });
    const error = await refusalOf("src", folder);
    expect(error.code).toBe("invalid");
    expect(error.message).toContain("2 errors");
    expect(error.details.issues).toEqual([
      { file: "src/a.ts", line: 2, column: 11, reason: 'Unexpected ";"' },
      { file: "src/b.ts", line: 1, column: 8, reason: 'Unexpected "="' },
    ]);
    expect(error.details.frames).toContain("src/a.ts:2:10");
    expect(error.details.frames).toContain("const x = ;");
  });

  it("is told to install a package that is missing", async () => {
    const folder = await folderOf({ "a.ts": 'import "@scope/nope/deep"; import "./gone.ts";' });
    const { details } = await refusalOf("a.ts", folder);
    expect(details.frames).toContain("run `npm install @scope/nope`");
    expect(details.issues).toContainEqual({
      file: "a.ts",
      line: 1,
      column: 35,
      reason: 'Could not resolve "./gone.ts"',
    });
  });

  it("is refused when it is too large, with what makes it so", async () => {
    const folder = await folderOf({ "a.ts": 'import big from "./big.txt"; export default big;' });
    await writeFile(join(folder, "big.txt"), "x".repeat(SOURCE_BYTES_MAX));
    const error = await refusalOf("a.ts", folder);
    expect(error.code).toBe("too_large");
    expect(error.message).toContain("4.0 MB");
    expect(error.details.issues).toContainEqual({ file: "big.txt", reason: "4.0 MB" });
  });
});
