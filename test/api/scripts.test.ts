import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type Core, startCore } from "./support/core.ts";
import { claim, makeOrg, type Person } from "./support/people.ts";

const HELLO = "export default () => 'hello';\n";

let core: Core;
let owner: Person;
let count = 0;
let slug: string;
let orgId: string;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
beforeEach(async () => {
  count += 1;
  slug = `org-${count}`;
  orgId = await makeOrg(core, owner.token, slug);
});
afterAll(() => core.stop());

const call = (path: string, options: { method?: string; json?: unknown } = {}) =>
  core.call(`/api/v1/orgs/${slug}${path}`, { token: owner.token, ...options });
const upload = (name: string, json: object) => call(`/scripts/${name}`, { method: "PUT", json });

describe("a script", () => {
  test("is uploaded, read back, and live at the edges when the call returns", async () => {
    const timesForgotten = async () => (await core.edge()).forgotten.filter((name) => name === slug).length;
    const before = await timesForgotten();
    const made = await call("/scripts", { json: { name: "hi", source: HELLO, message: "first" } });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      name: "hi",
      kind: "endpoint",
      live: { number: 1, message: "first", live: true },
    });
    expect(made.json.live.author).toMatchObject({ type: "key" });
    expect(made.json.executeUrl).toBe(`http://${slug}.localhost:8787/.isola/v1/execute/${made.json.id}`);
    expect(await timesForgotten()).toBe(before + 1);
    const read = await call("/scripts/hi");
    expect(read.json).toMatchObject({ main: "index.ts", files: { "index.ts": HELLO }, version: { number: 1 } });
    expect((await call(`/scripts/${made.json.id}`)).json.name).toBe("hi");
  });

  test("is made once by POST and replaced by PUT", async () => {
    await call("/scripts", { json: { name: "hi", source: HELLO } });
    const twice = await call("/scripts", { json: { name: "hi", source: HELLO } });
    expect(twice.status).toBe(409);
    const replaced = await upload("hi", { source: "export default () => 'two'" });
    expect(replaced.status).toBe(200);
    expect(replaced.json.live.number).toBe(2);
  });

  test("with a syntax error is refused with file, line and column, and the live version stays", async () => {
    await upload("hi", { source: HELLO });
    const refused = await upload("hi", { files: { "index.ts": "export default function () {\n  const a = ;\n}\n" } });
    expect(refused.status).toBe(422);
    expect(refused.json.error.details.issues[0]).toMatchObject({ file: "index.ts", line: 2 });
    expect((await call("/scripts/hi")).json.files["index.ts"]).toBe(HELLO);
  });

  test.each([
    ["neither files nor source", {}],
    ["both files and source", { source: HELLO, files: { "a.ts": HELLO } }],
    ["no default export", { source: "export const a = 1" }],
    ["a path that leaves its folder", { files: { "../a.ts": HELLO } }],
    ["no files at all", { files: {} }],
    ["a time limit beyond the platform's", { source: HELLO, limits: { wallClockMs: 60_000 } }],
  ])("with %s is refused", async (_, json) => {
    expect((await upload("hi", json)).status).toBe(422);
    expect((await call("/scripts/hi")).status).toBe(404);
  });

  test("of five megabytes is refused as too large", async () => {
    const refused = await upload("hi", { source: `${HELLO}// ${"x".repeat(5 * 1024 * 1024)}` });
    expect(refused.status).toBe(413);
  });

  test("keeps its kind, description and limits when only its source is replaced", async () => {
    await upload("lib", {
      kind: "module",
      source: "export const a = 1",
      description: "d",
      limits: { wallClockMs: 50 },
    });
    const replaced = await upload("lib", { source: "export const a = 2" });
    expect(replaced.json).toMatchObject({ kind: "module", description: "d", limits: { wallClockMs: 50 } });
  });

  test("changes its description and limits without a new version", async () => {
    await upload("hi", { source: HELLO });
    const json = { description: "says hello", limits: { wallClockMs: 500 } };
    const changed = await call("/scripts/hi", { method: "PATCH", json });
    expect(changed.json).toMatchObject({
      description: "says hello",
      limits: { wallClockMs: 500 },
      live: { number: 1 },
    });
    expect((await call("/scripts/none", { method: "PATCH", json })).status).toBe(404);
  });

  test("goes back to an earlier version, by number or id", async () => {
    const first = await upload("hi", { source: HELLO });
    await upload("hi", { source: "export default () => 'two'" });
    const back = await call("/scripts/hi/rollback", { json: { version: 1 } });
    expect(back.json.live).toMatchObject({ id: first.json.live.id, number: 1 });
    expect((await call("/scripts/hi")).json.files["index.ts"]).toBe(HELLO);
    expect((await call("/scripts/hi?version=2")).json.files["index.ts"]).toMatch(/two/);
    const versions = await call("/scripts/hi/versions");
    expect(
      versions.json.items.map((version: { number: number; live: boolean }) => [version.number, version.live]),
    ).toEqual([
      [2, false],
      [1, true],
    ]);
    expect((await call("/scripts/hi/rollback", { json: { version: 9 } })).status).toBe(404);
    expect((await call("/scripts/hi?version=9")).status).toBe(404);
  });

  test("is gone with its routes when it is deleted", async () => {
    await upload("hi", { source: HELLO });
    await call("/routes", { json: { script: "hi", path: "/" } });
    expect((await call("/scripts/hi", { method: "DELETE" })).status).toBe(204);
    expect((await call("/scripts/hi", { method: "DELETE" })).status).toBe(404);
    expect((await call("/routes")).json.items).toEqual([]);
    expect((await call("/scripts")).json).toEqual({ items: [], cursor: null });
  });

  test("is deployed although an edge hangs", async () => {
    await core.edge("hangs");
    const began = performance.now();
    expect((await upload("hi", { source: HELLO })).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(2_000);
    await core.edge("answers");
  });
});

describe("a test invoke", () => {
  test("sends the request to an edge and brings back all that came of it", async () => {
    const { json: script } = await upload("hi", { source: HELLO });
    const json = { method: "post", path: "/a?b=c", headers: { "x-a": "1" }, body: "text" };
    const answer = await call("/scripts/hi/invoke", { json });
    expect(answer.json).toMatchObject({ status: 200, body: "POST /a?b=c text", bodyEncoding: "utf8", error: null });
    expect((await core.edge()).invoked.at(-1)).toMatchObject({ orgId, slug, scriptId: script.id, method: "POST" });
    expect((await call("/scripts/none/invoke", { json: {} })).status).toBe(404);
  });

  test("shows an error in the lines of the source as it was written", async () => {
    const sourceMap = JSON.stringify({ version: 3, sources: ["src/hello.ts"], names: [], mappings: "AAEA,MAAM" });
    await upload("hi", { files: { "index.js": "export default () => 1;" }, sourceMap });
    await upload("plain", { source: HELLO });
    const mapped = await call("/scripts/hi/invoke", { json: { path: "/throws" } });
    expect(mapped.status).toBe(200);
    expect(mapped.json.error).toMatchObject({ name: "Error", message: "boom" });
    const plain = await call("/scripts/plain/invoke", { json: { path: "/throws" } });
    expect(plain.json.error.stack).toMatch(/index\.ts:1:/);
  });
});

describe("routes", () => {
  beforeEach(async () => {
    await upload("hi", { source: HELLO });
  });
  const add = (json: object) => call("/routes", { json: { script: "hi", ...json } });

  test("are listed in the order in which they match", async () => {
    await add({ path: "/a/*" });
    await add({ path: "/a/:b" });
    const exact = await add({ method: "get", path: "/a/b" });
    expect(exact.status).toBe(201);
    expect(exact.json).toMatchObject({
      method: "GET",
      host: null,
      hostKind: "any",
      pathKind: "exact",
      script: { name: "hi" },
    });
    const listed = await call("/routes");
    expect(listed.json.items.map(({ path }: { path: string }) => path)).toEqual(["/a/b", "/a/:b", "/a/*"]);
  });

  test("say whether their script is run at once or later", async () => {
    expect((await add({ path: "/now" })).json.dispatch).toBe("sync");
    expect((await add({ path: "/later", dispatch: "async" })).json.dispatch).toBe("async");
    expect((await add({ path: "/never", dispatch: "never" })).status).toBe(422);
    const match = await call("/routes/match", { json: { url: "/later" } });
    expect(match.json.route.dispatch).toBe("async");
  });

  test("that conflict are refused with the other one", async () => {
    const first = await add({ path: "/a/:b" });
    const refused = await add({ path: "/a/:c" });
    expect(refused.status).toBe(409);
    expect(refused.json.error.details.route.id).toBe(first.json.id);
    const check = await call("/routes/check", { json: { path: "/a/:c" } });
    expect(check.json).toEqual({ ok: false, conflicts: [first.json] });
    expect((await call("/routes/check", { json: { path: "/b" } })).json).toEqual({ ok: true, conflicts: [] });
  });

  test.each([
    [{ path: "a" }, "path"],
    [{ path: "/a", method: "G T" }, "method"],
    [{ path: "/a", host: "bad host" }, "host"],
    [{ path: "/a", pathKind: "prefix" }, "pathKind"],
    [{ path: "/.isola/x" }, "path"],
  ])("such as %j are refused with the field", async (json, field) => {
    for (const refused of [await add(json), await call("/routes/check", { json })]) {
      expect(refused.status).toBe(422);
      expect(refused.json.error.details.issues[0].field).toBe(field);
    }
  });

  test("of an unknown script are refused", async () => {
    expect((await call("/routes", { json: { script: "none", path: "/" } })).status).toBe(404);
  });

  test("say what answers a URL, with the captures", async () => {
    const route = await add({ method: "GET", path: "/users/:id" });
    const match = (json: object) => call("/routes/match", { json });
    const hit = await match({ url: `http://${slug}.localhost:8787/users/a%20b?x=1` });
    expect(hit.json).toEqual({ route: route.json, params: { id: "a b" }, allow: [] });
    expect((await match({ url: "/users/1" })).json.route.id).toBe(route.json.id);
    expect((await match({ url: "/users/1", method: "post" })).json).toEqual({
      route: null,
      params: {},
      allow: ["GET", "HEAD"],
    });
    expect((await match({ url: "/nothing" })).json).toEqual({ route: null, params: {}, allow: [] });
    expect((await match({ url: "ftp://x/" })).status).toBe(422);
  });

  test("can be deleted once", async () => {
    const { id } = (await add({ path: "/" })).json;
    expect((await call(`/routes/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await call(`/routes/${id}`, { method: "DELETE" })).status).toBe(404);
  });
});
