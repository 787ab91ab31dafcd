import { describe, expect, it } from "vitest";

import { compile, firstReason, HANDLER } from "./testing.ts";

describe("the entry file", () => {
  it.each([
    [["app.ts"], "app.ts"],
    [["app.ts", "data.json"], "app.ts"],
    [["a.ts", "index.ts"], "index.ts"],
    [["main.js", "a.ts"], "main.js"],
    [["index.js", "main.ts"], "index.js"],
    [["a.ts", "src/index.ts"], "src/index.ts"],
    [["worker.ts", "src/main.ts"], "src/main.ts"],
  ])("of %j is %s", async (paths, main) => {
    const files = Object.fromEntries(paths.map((path) => [path, path.endsWith(".json") ? "{}" : HANDLER]));
    expect((await compile({ files })).main).toBe(main);
  });

  it("is the one that is named", async () => {
    const files = { "index.ts": "", "other.ts": HANDLER };
    expect((await compile({ files, main: "other.ts" })).main).toBe("other.ts");
    expect((await compile({ files, main: "./other.ts" })).main).toBe("other.ts");
  });

  it.each([
    [
      { "a.ts": "", "b.ts": "" },
      undefined,
      "several files could be the entry. Name one as `main`. Files with code: a.ts, b.ts.",
    ],
    [{ "server.ts": "", "b.ts": "" }, "sever.ts", "Did you mean server.ts?"],
    [{ "a.ts": "", "data.json": "{}" }, "data.json", "it holds no code"],
    [{ "a.ts": "" }, "../a.ts", "not among the files"],
    [{ "data.json": "{}" }, undefined, "no code"],
  ])("of %j as %s is refused with advice", async (files, main, reason) => {
    expect(await firstReason({ files, main })).toContain(reason);
  });
});

describe("the entry of an endpoint", () => {
  it.each([
    "export default { fetch() {} }",
    "export default function () {}",
    "export default async (request) => 1",
    "export default class {}",
    "const app = {}; export default app",
    "const app = {}; export { app as default }",
    "const app = {}; export { app as 'default' }",
    "export { default } from './app.ts'",
    "export { named as default } from './app.ts'",
    "export default make(); function make() {}",
  ])("may be %s", async (source) => {
    const files = { "index.ts": source, "app.ts": "export default {}; export const named = {};" };
    expect((await compile({ files })).main).toBe("index.ts");
  });

  it.each([
    ["", "index.ts:1:1 has no default export. Write `export default {"],
    ["export const fetch = () => {}", "has no default export"],
    ["export default interface Handler {}", "has no default export"],
    ["module.exports = { fetch() {} }", "CommonJS exports do not count"],
    ["exports.fetch = () => {}", "CommonJS exports do not count"],
    ["export * from './app.ts'", "has no default export"],
    ["let a = 1;\nexport default 42;", "index.ts:2:16 The default export is neither a function nor an object."],
    ["export default 'text' as string", "neither a function nor an object"],
    ["export default `text`", "neither a function nor an object"],
    ["export default null", "neither a function nor an object"],
    ["export default [1]", "neither a function nor an object"],
    ["export default !x", "neither a function nor an object"],
    ["export default 1 + 1", "neither a function nor an object"],
  ])("may not be %j", async (source, reason) => {
    expect(await firstReason({ files: { "index.ts": source, "app.ts": "export default {}" } })).toContain(reason);
  });
});

describe("the entry of a module", () => {
  it.each(["export const x = 1", "export default 42", "export * from './app.ts'", "export const { a, b: [c] } = f()"])(
    "may be %s",
    async (source) => {
      const files = { "index.ts": source, "app.ts": "export const y = 1" };
      expect((await compile({ files, kind: "module" })).main).toBe("index.ts");
    },
  );

  it.each(["", "const x = 1", "export {}", "export type X = 1"])("may not be %j", async (source) => {
    expect(await firstReason({ files: { "index.ts": source }, kind: "module" })).toContain(
      "index.ts:1:1 exports nothing.",
    );
  });
});
