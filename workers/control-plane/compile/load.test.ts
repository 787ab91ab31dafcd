import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import { mapStack } from "./stack.ts";
import { compile, HANDLER, type ShortUpload } from "./testing.ts";

const { LOADER } = env as unknown as { LOADER: WorkerLoader };

/** Runs a version as the platform does: in an isolate of its own, imported by a module of the platform's. */
async function run(upload: ShortUpload): Promise<string> {
  const { main, modules, nodeCompat, sourceMap, hash } = await compile(upload);
  const harness = `import * as user from ${JSON.stringify(`../${main}`)};
    export default { async fetch(request) {
      try { return await user.default.fetch(request); } catch (error) { return new Response(error.stack); }
    } };`;
  const worker = LOADER.get(hash, () => ({
    compatibilityDate: "2026-10-01",
    compatibilityFlags: nodeCompat ? ["nodejs_compat"] : ["no_nodejs_compat", "no_nodejs_compat_v2"],
    mainModule: ".isola/main.js",
    modules: {
      ".isola/main.js": { js: harness },
      ...Object.fromEntries(Object.entries(modules).map(([path, js]) => [path, { js }])),
    },
    globalOutbound: null,
  }));
  const response = await worker.getEntrypoint().fetch("http://hello.localhost/");
  return mapStack(await response.text(), sourceMap, main);
}

describe("a compiled upload", () => {
  it("loads with all its files, however they name each other", async () => {
    const files = {
      "src/index.ts": `
        import fs from "fs";
        import { a } from "./a.js";
        import data from "../data.json" with { type: "json" };
        import note from "../note.txt";
        import { deep } from "./données/[id] (1)'s @x+y,z";
        const lazy = await import("./a");
        export default { async fetch(): Promise<Response> {
          const again = await import("../lib");
          const own = Object.hasOwn(data, "__proto__");
          return Response.json([a, lazy.a, data["__proto__"], own, note, deep, again.default, typeof fs.readFileSync]);
        } };`,
      "src/a.ts": "export enum E { x = 1 } export const a: E = E.x;",
      "src/données/[id] (1)'s @x+y,z.ts": 'export * from "../../lib/index.mjs";',
      "lib/index.mjs": 'export const deep = "deep"; export default "lib";',
      "data.json": '{ "__proto__": [1] }',
      "note.txt": 'line\n"quoted" `${x}` \u2028',
    };
    expect(JSON.parse(await run({ files }))).toEqual([1, 1, [1], true, files["note.txt"], "deep", "lib", "function"]);
  });

  it("with a shebang, a byte order mark and top-level await loads", async () => {
    expect(
      await run(
        "\uFEFF#!/usr/bin/env node\nconst word: string = await Promise.resolve('ok');\nexport default { fetch: () => new Response(word) };",
      ),
    ).toBe("ok");
  });

  it("fails at the line and column of the source", async () => {
    const source = [
      "interface Env { a: string }",
      "export default {",
      "  async fetch(request: Request, env: Env): Promise<Response> {",
      "    const inner = (a: number, b: Array<string>): never => { throw new TypeError('no'); };",
      "    return inner(1 as number, []);",
      "  },",
      "} satisfies object;",
    ];
    const at = (line: number, text: string) => `index.ts:${line}:${(source[line - 1]?.indexOf(text) ?? -2) + 1}`;
    expect((await run(source.join("\n"))).split("\n")).toEqual([
      "TypeError: no",
      `    at inner (${at(4, "new TypeError")})`,
      `    at Object.fetch (${at(5, "inner(1")})`,
    ]);
  });

  it("fails at the line of the source in its other files", async () => {
    const files = {
      "index.ts": 'import { f } from "./lib";\nexport default { fetch: () => f(1) };',
      "lib.ts": "type A = 1;\n\nexport function f(a: A): never { throw new Error('no'); }",
    };
    expect(await run({ files })).toBe("Error: no\n    at f (lib.ts:3)\n    at Object.fetch (index.ts:2:31)");
  });

  it("whose module is empty of code loads", async () => {
    expect(
      await run({ files: { "index.js": `import "./types";\n${HANDLER}`, "types.ts": "export type A = 1;" } }),
    ).toBe("ok");
  });
});
