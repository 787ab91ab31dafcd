import { beforeEach, describe, expect, it } from "vitest";

import { answerOf } from "../testing/answer.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const METHODS = ["docsGet", "docsFind", "docsCount", "docsWrite", "listIndexes", "createIndex", "dropIndex"];

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  for (const method of METHODS) await authority.takeAsked(method);
  tenant = await newTenant();
});

/** With a collection at hand. */
const answer = (body: string): Promise<unknown> =>
  answerOf(tenant, "docs", `const orders = docs.collection("orders"); ${body}`);

const doc = (id: string, fields: object = {}) => ({
  id,
  value: JSON.stringify({ id, ...fields }),
  version: 7,
  createdAt: 1,
  updatedAt: 2,
});
const written = (id: string, fields: object = {}) => ({ id, doc: doc(id, fields), existed: false });
const page = (docs: object[], cursor: string | null = null) => ({
  items: docs,
  cursor,
  examined: 3,
  index: "by-total",
});

/** The arguments of the one call of a method, without the org and the collection, which are checked here. */
async function asked(method: string): Promise<unknown[]> {
  const calls = await authority.takeAsked(method);
  expect(calls).toHaveLength(1);
  const [orgId, collection, ...rest] = calls[0] ?? [];
  expect([orgId, collection]).toEqual([tenant.orgId, "orders"]);
  return rest;
}

describe("docs in a script", () => {
  it("inserts under the document's own id, or none, in the name of its run", async () => {
    await authority.setAnswers("docsWrite", [{ value: [written("a", { n: 1 }), written("b")] }]);
    const result = await answer(`return [await orders.insertMany([{ id: "a", n: 1 }, { n: 2 }]), ctx.executionId];`);
    expect(result).toEqual([[{ id: "a", n: 1 }, { id: "b" }], expect.any(String)]);
    expect(await asked("docsWrite")).toEqual([
      [
        { operation: "insert", id: "a", value: `{"id":"a","n":1}` },
        { operation: "insert", id: null, value: `{"n":2}` },
      ],
      { executionId: (result as unknown[])[1], depth: 0 },
    ]);
  });

  it("reads by id, with what is known of it, and several at once", async () => {
    await authority.setAnswers("docsGet", [
      { value: [doc("a", { n: 1 })] },
      { value: [null] },
      { value: [doc("a", { n: 1 })] },
      { value: [doc("a"), null, doc("c")] },
    ]);
    const result =
      await answer(`return [await orders.get("a"), (await orders.get("x")) === undefined, await orders.getEntry("a"),
      [...await orders.getMany(["a", "b", "c"])], [...await orders.getMany([])]];`);
    expect(result).toEqual([
      { id: "a", n: 1 },
      true,
      { id: "a", value: { id: "a", n: 1 }, version: 7, createdAt: 1, updatedAt: 2 },
      [
        ["a", { id: "a" }],
        ["c", { id: "c" }],
      ],
      [],
    ]);
    expect(await authority.takeAsked("docsGet")).toHaveLength(4);
  });

  it("finds by a filter, sorted, and says how it was found", async () => {
    await authority.setAnswers("docsFind", [{ value: page([doc("a")], "next") }]);
    const result = await answer(
      `return orders.find({ total: { $gte: 10 }, at: new Date(0) }, { sort: { total: "desc", name: "asc" }, limit: 5, cursor: "here" });`,
    );
    expect(result).toEqual({ items: [{ id: "a" }], cursor: "next", examined: 3, index: "by-total" });
    const sort = [
      { field: "total", descending: true },
      { field: "name", descending: false },
    ];
    const filter = `{"total":{"$gte":10},"at":"1970-01-01T00:00:00.000Z"}`;
    expect(await asked("docsFind")).toEqual([{ filter, sort, cursor: "here", limit: 5 }]);
  });

  it("goes on behind pages that are empty, to the first or to the last", async () => {
    const pages = [{ value: page([], "1") }, { value: page([doc("a")], "2") }, { value: page([doc("b")]) }];
    await authority.setAnswers("docsFind", pages);
    expect(await answer(`return orders.findOne({}, { sort: [["total", "desc"]] });`)).toEqual({ id: "a" });
    await authority.setAnswers("docsFind", pages);
    const all = `const ids = []; for await (const { id } of orders.iterate()) ids.push(id); return ids;`;
    expect(await answer(all)).toEqual(["a", "b"]);
    const cursors = (await authority.takeAsked("docsFind")).map(([, , query]) => (query as { cursor: unknown }).cursor);
    expect(cursors).toEqual([null, "1", null, "1", "2"]);
  });

  it("counts, and says whether that is all", async () => {
    await authority.setAnswers("docsCount", [{ value: { count: 5, exact: false } }]);
    expect(await answer(`return orders.count({ a: 1 }, { max: 5 });`)).toEqual({ count: 5, exact: false });
    expect(await asked("docsCount")).toEqual([`{"a":1}`, 5]);
  });

  it("writes a batch in one call, from a list or a function", async () => {
    await authority.setAnswers("docsWrite", [{ value: [written("a"), { id: "c", doc: null, existed: true }] }]);
    const result = await answer(`
      await orders.batch([{ operation: "put", id: "a", doc: { n: 1 }, ifVersion: 3 }, { operation: "insert", doc: {} }]);
      return orders.batch((batch) => { batch.update("b", { n: null }); batch.delete("c", { ifVersion: 1 }); });`);
    expect(result).toEqual([
      { id: "a", doc: { id: "a" }, version: 7, existed: false },
      { id: "c", version: null, existed: true },
    ]);
    expect((await authority.takeAsked("docsWrite")).map(([, , writes]) => writes)).toEqual([
      [
        { operation: "put", id: "a", value: `{"n":1}`, ifVersion: 3 },
        { operation: "insert", id: null, value: "{}" },
      ],
      [
        { operation: "update", id: "b", patch: `{"n":null}`, ifVersion: null },
        { operation: "delete", id: "c", ifVersion: 1 },
      ],
    ]);
  });

  it("makes indexes by one field or several, with a name of their own or one made of them", async () => {
    await authority.setAnswers("createIndex", [{ value: { name: "made", fields: [], unique: false } }]);
    await answer(`
      await orders.createIndex("total");
      await orders.createIndex(["city", ["total", "desc"]], { unique: true });
      await orders.createIndex({ "customer.city": "asc" }, { name: "by-city" }); return 1;`);
    const total = { field: "total", descending: false };
    expect((await authority.takeAsked("createIndex")).map(([, , index]) => index)).toEqual([
      { name: "total", fields: [total], unique: false },
      {
        name: "city_total-desc",
        fields: [
          { ...total, field: "city" },
          { ...total, descending: true },
        ],
        unique: true,
      },
      { name: "by-city", fields: [{ ...total, field: "customer.city" }], unique: false },
    ]);
    await authority.setAnswers("dropIndex", [{ value: true }]);
    await authority.setAnswers("listIndexes", [{ value: [] }]);
    expect(await answer(`return [await orders.dropIndex("total"), await orders.listIndexes()];`)).toEqual([true, []]);
  });

  it("hands on what the collection refuses", async () => {
    const refusal = { code: "conflict", message: "It is taken.", details: { id: "a", version: 2 } };
    await authority.setAnswers("docsWrite", [{ refusal }]);
    expect(await answer(`await orders.insert({ id: "a" });`)).toEqual(["conflict", "It is taken.", refusal.details]);
  });

  it.each([
    ["a document that is a list", `orders.insert([1])`],
    ["no document", `orders.insert()`],
    ["an id that is a number", `orders.insert({ id: 1 })`],
    ["an id that is null", `orders.insert({ id: null })`],
    ["a document with another id", `orders.put("a", { id: "b" })`],
    ["a patch of the id", `orders.update("a", { id: "b" })`],
    ["something undefined in a filter", `orders.find({ customer: undefined })`],
    ["a pattern in a filter", `orders.find({ name: /x/ })`],
    ["a filter that is text", `orders.find("{}")`],
    ["a direction that is none", `orders.find({}, { sort: { a: "down" } })`],
    ["too many fields to sort by", `orders.find({}, { sort: ["a", "b", "c", "d", "e"] })`],
    ["an option that is misspelt", `orders.find({}, { order: "a" })`],
    ["an empty id", `orders.get("")`],
    ["a write that is unknown", `orders.batch([{ operation: "drop", id: "a" }])`],
    ["a name of an index with a space", `orders.createIndex("a", { name: "by a" })`],
  ])("refuses %s before anything is asked", async (_, call) => {
    expect(await answer(`await ${call}; return "done";`)).toMatchObject({ 0: "invalid" });
    for (const method of METHODS) expect(await authority.takeAsked(method)).toEqual([]);
  });
});
