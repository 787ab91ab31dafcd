import { describe, expect, it } from "vitest";

import { aDoc } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

describe("docs", () => {
  it("are inserted, stored, changed and deleted", async () => {
    const { isola, plane } = await workplace({
      insertDoc: ({ body }) => aDoc(body.id ?? "doc_1", {}),
      putDoc: ({ params }) => aDoc(params.id, {}, 2),
      patchDoc: ({ params }) => aDoc(params.id, {}, 3),
      deleteDoc: () => undefined,
    });
    const done = async (...words: string[]) => (await isola(["docs", ...words])).out;
    expect(await done("insert", "orders", '{"n":1}')).toBe("doc_1 is inserted, version 1.\n");
    expect(await done("insert", "orders", '{"n":1}', "--id", "a/b")).toBe("a/b is inserted, version 1.\n");
    expect(await done("put", "orders", "a/b", '{"n":2}')).toBe("a/b is stored, version 2.\n");
    expect(await done("update", "orders", "a/b", '{"n":null}', "--if-version", "2")).toBe(
      "a/b is changed, version 3.\n",
    );
    expect(await done("delete", "orders", "a/b")).toBe("a/b is deleted.\n");
    expect(plane.seen.map(({ method, path, body }) => [method, path.replace("/api/v1/orgs/hello", ""), body])).toEqual([
      ["POST", "/docs/orders", { value: { n: 1 } }],
      ["POST", "/docs/orders", { value: { n: 1 }, id: "a/b" }],
      ["PUT", "/docs/orders/a%2Fb", { value: { n: 2 } }],
      ["PATCH", "/docs/orders/a%2Fb", { patch: { n: null }, ifVersion: 2 }],
      ["DELETE", "/docs/orders/a%2Fb", undefined],
    ]);
  });

  it("are objects, which is said before anything is sent", async () => {
    const { isola, plane } = await workplace({});
    for (const value of ["1", "[1]", "null"]) {
      const { code, err } = await isola(["docs", "insert", "orders", value]);
      expect([code, err]).toEqual([2, expect.stringContaining("The document must be an object")]);
    }
    expect(plane.seen).toEqual([]);
  });

  it("are shown, found in order and counted", async () => {
    const { isola, plane } = await workplace({
      getDoc: ({ params }) => aDoc(params.id, { n: 1 }),
      queryDocs: () => ({ ...page([aDoc("a", { n: 2 }), aDoc("b", { n: 1 })]), examined: 9, index: "n" }),
      countDocs: () => ({ count: 10_000, exact: false }),
    });
    expect((await isola(["docs", "get", "orders", "a"])).out).toBe('{\n  "id": "a",\n  "n": 1\n}\n');
    const found = await isola([
      "docs",
      "find",
      "orders",
      '{"n":{"$gte":1}}',
      "--sort",
      "n:desc",
      "--sort",
      "user.name",
    ]);
    expect(found.out).toMatch(/^a +1 +\{"id":"a","n":2\}\nb +1 +\{"id":"b","n":1\}$/m);
    expect(found.err).toBe("9 looked at, by the index n.\n");
    expect(plane.seen.at(-1)?.body).toEqual({
      filter: { n: { $gte: 1 } },
      sort: [
        { field: "n", descending: true },
        { field: "user.name", descending: false },
      ],
      limit: 50,
    });
    expect(await isola(["docs", "count", "orders"])).toMatchObject({
      out: "10000\n",
      err: expect.stringContaining("more"),
    });
    expect((await isola(["docs", "find", "orders", "--sort", "n:down"])).err).toContain("--sort must be a field");
  });

  it("have indexes", async () => {
    const index = { name: "state_total", fields: [{ field: "state", descending: false }], unique: true };
    const { isola, plane } = await workplace({
      listDocIndexes: () => page([index]),
      createDocIndex: () => index,
      deleteDocIndex: () => undefined,
    });
    expect((await isola(["docs", "indexes", "orders"])).out).toMatch(/^state_total +state +unique$/m);
    await isola(["docs", "index-create", "orders", "--field", "state", "--field", "total:desc", "--unique"]);
    expect(plane.seen.at(-1)?.body).toEqual({
      fields: [
        { field: "state", descending: false },
        { field: "total", descending: true },
      ],
      unique: true,
    });
    expect((await isola(["docs", "index-create", "orders"])).err).toContain("say --field");
    expect((await isola(["docs", "index-delete", "orders", "state_total"])).code).toBe(0);
    expect(plane.seen.at(-1)?.path).toBe("/api/v1/orgs/hello/collections/docs/orders/indexes/state_total");
  });
});
