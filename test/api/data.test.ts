import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Answer, type Core, startCore } from "./support/core.ts";
import { claim, makeOrg } from "./support/people.ts";

let core: Core;
let token: string;
beforeAll(async () => {
  core = await startCore();
  ({ token } = await claim(core));
  await makeOrg(core, token, "hello");
  await makeOrg(core, token, "other");
});
afterAll(() => core.stop());

const call = (method: string, path: string, json?: unknown): Promise<Answer> =>
  core.call(`/api/v1/orgs/hello${path}`, { method, token, ...(json === undefined ? {} : { json }) });

const refusal = async (method: string, path: string, json?: unknown) => {
  const { status, json: body } = await call(method, path, json);
  return [status, body.error.code];
};

describe("kv", () => {
  test("is written, read and deleted by key", async () => {
    const put = await call("PUT", "/kv/settings/theme", { value: { color: "blue" }, ttlSeconds: 60 });
    expect(put.status).toBe(200);
    expect(put.json).toMatchObject({ key: "theme", value: { color: "blue" }, version: expect.any(Number) });
    expect(put.json.expiresAt - put.json.updatedAt).toBe(60_000);
    expect((await call("GET", "/kv/settings/theme")).json).toEqual(put.json);
    expect((await call("DELETE", "/kv/settings/theme")).status).toBe(204);
    expect(await refusal("GET", "/kv/settings/theme")).toEqual([404, "not_found"]);
    expect(await refusal("DELETE", "/kv/settings/theme")).toEqual([404, "not_found"]);
  });

  test.each(["a/b", "a b", "100%", "%2F", "?x=1#y", "ключ", "🏝", "a+b", "a:b;c=d", "batch", "get"])(
    "takes the key %j",
    async (key) => {
      const path = `/kv/keys/${encodeURIComponent(key)}`;
      expect((await call("PUT", path, { value: key })).json).toMatchObject({ key, value: key });
      expect((await call("GET", path)).json).toMatchObject({ key, value: key });
      expect((await call("DELETE", path)).status).toBe(204);
    },
  );

  test.each([null, false, 0, "", [], {}, [null], { a: [1, { b: "c" }] }])("keeps %j as it is", async (value) => {
    await call("PUT", "/kv/values/v", { value });
    expect((await call("GET", "/kv/values/v")).json.value).toEqual(value);
    expect((await call("GET", "/kv/values")).json.items[0].value).toEqual(value);
  });

  test("keeps a field that every object has", async () => {
    const body = '{"value":{"__proto__":{"a":1},"constructor":2}}';
    const headers = { "content-type": "application/json" };
    await core.call("/api/v1/orgs/hello/kv/values/p", { method: "PUT", token, headers, body });
    expect((await call("GET", "/kv/values/p")).text).toContain('"value":{"__proto__":{"a":1},"constructor":2}');
  });

  test.each(["1e999", "[-1e999]", '{"a":{"b":1e999}}'])(
    "does not keep %s, which is no number here, as null",
    async (text) => {
      const put = (path: string, body: string) =>
        core.call(`/api/v1/orgs/hello${path}`, {
          method: "PUT",
          token,
          headers: { "content-type": "application/json" },
          body,
        });
      expect((await put("/kv/values/big", `{"value":${text}}`)).status).toBe(422);
      expect((await put("/docs/values/big", `{"value":{"n":${text}}}`)).status).toBe(422);
      expect((await call("GET", "/kv/values/big")).status).toBe(404);
    },
  );

  test("is written only over the version that was said", async () => {
    const made = await call("PUT", "/kv/cas/a", { value: 1, ifVersion: 0 });
    expect(await refusal("PUT", "/kv/cas/a", { value: 2, ifVersion: 0 })).toEqual([409, "conflict"]);
    const again = await call("PUT", "/kv/cas/a", { value: 2, ifVersion: made.json.version });
    expect(again.json.version).toBeGreaterThan(made.json.version);
    expect(await refusal("DELETE", `/kv/cas/a?ifVersion=${made.json.version}`)).toEqual([409, "conflict"]);
    expect((await call("DELETE", `/kv/cas/a?ifVersion=${again.json.version}`)).status).toBe(204);
  });

  test("is written all or none in a batch, and read several at once", async () => {
    const operations = [
      { operation: "set", key: "a", value: 1 },
      { operation: "set", key: "b", value: 2 },
      { operation: "delete", key: "a" },
    ];
    const { json } = await call("POST", "/kv/batch/batch", { operations });
    expect(json.items).toMatchObject([
      { key: "a", existed: false },
      { key: "b", existed: false },
      { key: "a", version: null, existed: true },
    ]);
    const failing = [
      { operation: "set", key: "c", value: 3 },
      { operation: "set", key: "b", value: 4, ifVersion: 999 },
    ];
    expect(await refusal("POST", "/kv/batch/batch", { operations: failing })).toEqual([409, "conflict"]);
    const read = await call("POST", "/kv/batch/get", { keys: ["c", "b", "a"] });
    expect(read.json.items).toMatchObject([null, { key: "b", value: 2 }, null]);
    const keys = await call("POST", "/kv/batch/get", { keys: ["b"], values: false });
    expect(keys.json.items[0]).not.toHaveProperty("value");
  });

  test("is listed in pages, by prefix, with and without values", async () => {
    const operations = ["a/1", "a/2", "a/3", "b/1"].map((key) => ({ operation: "set", key, value: key }));
    await call("POST", "/kv/lists/batch", { operations });
    const one = await call("GET", "/kv/lists?prefix=a/&limit=2");
    expect(one.json.items.map(({ key }: { key: string }) => key)).toEqual(["a/1", "a/2"]);
    const two = await call("GET", `/kv/lists?prefix=a/&limit=2&cursor=${encodeURIComponent(one.json.cursor)}`);
    expect(two.json).toMatchObject({ items: [{ key: "a/3", value: "a/3" }], cursor: null });
    expect((await call("GET", "/kv/lists?values=false")).json.items[0]).not.toHaveProperty("value");
    expect((await call("GET", "/kv/lists?limit=1000")).json.items).toHaveLength(4);
    expect(await refusal("GET", "/kv/lists?cursor=made-up")).toEqual([422, "invalid"]);
  });

  test.each([
    ["PUT", "/kv/bad%20name/a", { value: 1 }, 422],
    ["PUT", "/kv/c/a%0Ab", { value: 1 }, 422],
    ["PUT", `/kv/c/${"k".repeat(513)}`, { value: 1 }, 422],
    ["PUT", "/kv/c/a", {}, 422],
    ["PUT", "/kv/c/a", { value: 1, ttl: 60 }, 422],
    ["PUT", "/kv/c/a", { value: 1, ttlSeconds: 0 }, 422],
    ["PUT", "/kv/c/a", { value: "x".repeat(256 * 1024) }, 413],
    ["PUT", "/kv/c/a", { value: JSON.parse(`${"[".repeat(65)}${"]".repeat(65)}`) as unknown }, 422],
    ["POST", "/kv/c/batch", { operations: [] }, 422],
    ["POST", "/kv/c/batch", { operations: [{ operation: "increment", key: "a" }] }, 422],
    ["POST", "/kv/c/get", { keys: [""] }, 422],
    ["GET", "/kv/c?limit=1001", undefined, 422],
  ])("refuses %s %s", async (method, path, json, status) => {
    expect((await call(method, path, json)).status).toBe(status);
    expect((await call("GET", "/kv/c")).json.items).toEqual([]);
  });

  test("of one org is not that of another", async () => {
    await call("PUT", "/kv/mine/a", { value: "mine" });
    expect((await core.call("/api/v1/orgs/other/kv/mine/a", { token })).status).toBe(404);
    expect((await core.call("/api/v1/orgs/other/kv", { token })).json.items).toEqual([]);
  });
});

describe("docs", () => {
  test("are inserted, read, replaced, changed and deleted", async () => {
    const made = await call("POST", "/docs/orders", { value: { item: "lamp", count: 2 } });
    expect(made.status).toBe(201);
    const { id } = made.json;
    expect(made.json).toMatchObject({ value: { id, item: "lamp", count: 2 }, createdAt: made.json.updatedAt });
    expect((await call("GET", `/docs/orders/${id}`)).json).toEqual(made.json);
    const patch = { count: 3, item: null };
    const patched = await call("PATCH", `/docs/orders/${id}`, { patch, ifVersion: made.json.version });
    expect(patched.json.value).toEqual({ id, count: 3 });
    expect(await refusal("PATCH", `/docs/orders/${id}`, { patch, ifVersion: made.json.version })).toEqual([
      409,
      "conflict",
    ]);
    expect((await call("PUT", `/docs/orders/${id}`, { value: { item: "desk" } })).json.value).toEqual({
      id,
      item: "desk",
    });
    expect((await call("DELETE", `/docs/orders/${id}`)).status).toBe(204);
    expect(await refusal("GET", `/docs/orders/${id}`)).toEqual([404, "not_found"]);
    expect(await refusal("DELETE", `/docs/orders/${id}`)).toEqual([404, "not_found"]);
    expect(await refusal("PATCH", `/docs/orders/${id}`, { patch: {} })).toEqual([404, "not_found"]);
  });

  test("take the id that is said, or that they bring, once", async () => {
    expect((await call("POST", "/docs/ids", { id: "a/b", value: {} })).json.id).toBe("a/b");
    expect((await call("POST", "/docs/ids", { value: { id: "query" } })).json.id).toBe("query");
    expect((await call("GET", "/docs/ids/a%2Fb")).json.value).toEqual({ id: "a/b" });
    expect((await call("GET", "/docs/ids/query")).json.value).toEqual({ id: "query" });
    expect(await refusal("POST", "/docs/ids", { id: "a/b", value: {} })).toEqual([409, "conflict"]);
    expect(await refusal("POST", "/docs/ids", { value: { id: 7 } })).toEqual([422, "invalid"]);
  });

  test("are found, sorted, counted and paged", async () => {
    const operations = [1, 2, 3, 4].map((n) => ({ operation: "insert", id: `d${n}`, value: { n, odd: n % 2 === 1 } }));
    expect((await call("POST", "/docs/found/batch", { operations })).json.items).toHaveLength(4);
    const sort = [{ field: "n", descending: true }];
    const one = await call("POST", "/docs/found/query", { filter: { n: { $gte: 2 } }, sort, limit: 2 });
    expect(one.json.items.map(({ id }: { id: string }) => id)).toEqual(["d4", "d3"]);
    const { cursor } = one.json;
    const two = await call("POST", "/docs/found/query", { filter: { n: { $gte: 2 } }, sort, limit: 2, cursor });
    expect(two.json).toMatchObject({ items: [{ id: "d2" }], cursor: null, examined: expect.any(Number) });
    expect((await call("POST", "/docs/found/count", { filter: { odd: true } })).json).toEqual({
      count: 2,
      exact: true,
    });
    expect((await call("POST", "/docs/found/query", {})).json.items).toHaveLength(4);
    expect(await refusal("POST", "/docs/found/query", { filter: { n: { $near: 1 } } })).toEqual([422, "invalid"]);
    expect(await refusal("POST", "/docs/found/query", { filter: [] })).toEqual([422, "invalid"]);
  });

  test("have indexes, which say so where they are used and keep values unique", async () => {
    const path = "/collections/docs/people/indexes";
    await call("POST", "/docs/people", { id: "ada", value: { email: "ada@example.com" } });
    const made = await call("POST", path, { fields: [{ field: "email" }], unique: true });
    expect([made.status, made.json]).toEqual([
      201,
      { name: "email", fields: [{ field: "email", descending: false }], unique: true },
    ]);
    expect((await call("GET", path)).json.items).toEqual([made.json]);
    const found = await call("POST", "/docs/people/query", { filter: { email: "ada@example.com" } });
    expect(found.json).toMatchObject({ items: [{ id: "ada" }], index: "email" });
    expect(await refusal("POST", "/docs/people", { value: { email: "ada@example.com" } })).toEqual([409, "conflict"]);
    expect((await call("DELETE", `${path}/email`)).status).toBe(204);
    expect(await refusal("DELETE", `${path}/email`)).toEqual([404, "not_found"]);
  });

  test.each([
    ["POST", "/docs/c", { value: [1] }, 422],
    ["POST", "/docs/c", { value: null }, 422],
    ["POST", "/docs/c", {}, 422],
    ["POST", "/docs/c", { value: { a: "x".repeat(256 * 1024) } }, 413],
    ["PUT", "/docs/c/a", { value: 1 }, 422],
    ["PATCH", "/docs/c/a", { patch: "x" }, 422],
    ["POST", "/docs/c/query", { filter: {}, where: {} }, 422],
    ["POST", "/collections/docs/c/indexes", { fields: [] }, 422],
  ])("refuse %s %s with %j", async (method, path, json, status) => {
    expect((await call(method, path, json)).status).toBe(status);
    expect((await call("POST", "/docs/c/query", {})).json.items).toEqual([]);
  });
});

describe("collections", () => {
  test("are made by their first write, measured, and dropped by who says their name", async () => {
    await call("PUT", "/kv/measured/a", { value: 1 });
    await call("POST", "/docs/measured", { value: {} });
    const names = async (kind: string) =>
      (await call("GET", `/${kind}?limit=100`)).json.items.map(({ name }: { name: string }) => name);
    expect(await names("kv")).toContain("measured");
    expect(await names("docs")).toContain("measured");
    const { json } = await call("GET", "/collections/kv/measured");
    expect(json).toMatchObject({ kind: "kv", name: "measured", count: 1, warning: null });
    expect(json.bytes).toBeGreaterThan(0);
    expect(json.bytesMax).toBeGreaterThan(json.bytes);
    expect(await refusal("DELETE", "/collections/kv/measured")).toEqual([422, "invalid"]);
    expect(await refusal("DELETE", "/collections/kv/measured?confirm=other")).toEqual([422, "invalid"]);
    expect((await call("DELETE", "/collections/kv/measured?confirm=measured")).status).toBe(204);
    expect((await call("GET", "/kv/measured")).json.items).toEqual([]);
    expect((await call("POST", "/docs/measured/count", {})).json.count).toBe(1);
    expect(await refusal("GET", "/collections/kv/never")).toEqual([404, "not_found"]);
    expect(await refusal("DELETE", "/collections/docs/never?confirm=never")).toEqual([404, "not_found"]);
    expect(await refusal("GET", "/collections/sql/never")).toEqual([422, "invalid"]);
  });
});

test("what is changed is written down, without values", async () => {
  await call("PUT", "/kv/audited/a", { value: "very private" });
  await call("POST", "/docs/audited", { id: "d", value: { a: "very private" } });
  await expect
    .poll(async () => {
      const { rows } = await core.sql.query("select action, target, details from audit_log order by id");
      return rows
        .filter(({ details }) => details.collection === "audited")
        .map(({ action, target }) => [action, target]);
    })
    .toEqual(
      expect.arrayContaining([
        ["kv.set", "a"],
        ["docs.insert", "d"],
      ]),
    );
  const { rows } = await core.sql.query("select details from audit_log");
  expect(JSON.stringify(rows)).not.toContain("very private");
});
