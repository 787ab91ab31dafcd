import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import { INDEXES_PER_COLLECTION_MAX, SORTED_FIELD_BYTES_MAX } from "../../../contracts/limits.ts";
import { docsCollection, indexOf, insert, put, queryOf, remove, update } from "../../testing/docs.ts";
import { refusalOf } from "../../testing/harness.ts";
import { origin, surroundings } from "../../testing/store-outside.ts";

describe("an index", () => {
  it("is made, listed, used and dropped", async () => {
    const { store, name, index, find } = await docsCollection({ a: { n: 2 }, b: { n: 1 } });
    expect(await store.listIndexes(name)).toEqual([]);
    expect(await index("by-n", ["-n", "m"])).toEqual(indexOf("by-n", ["-n", "m"]));
    expect(await store.listIndexes(name)).toEqual([indexOf("by-n", ["-n", "m"])]);
    expect(await find({ filter: { n: 1 } })).toMatchObject({ items: [{ id: "b" }], examined: 1, index: "by-n" });
    expect(await store.dropIndex(name, "by-n")).toBe(true);
    expect(await store.dropIndex(name, "by-n")).toBe(false);
    expect(await find({ filter: { n: 1 } })).toMatchObject({ items: [{ id: "b" }], examined: 2, index: null });
  });

  it("can be made before the first document, and of a collection that nobody knows", async () => {
    const { store, name, index, insertAll, find } = await docsCollection();
    expect(await store.listIndexes(name)).toEqual([]);
    expect(await store.dropIndex(name, "by-n")).toBe(false);
    expect(surroundings.hasAdded(name.orgId)).toBe(false);
    await index("by-n", ["n"]);
    expect(surroundings.hasAdded(name.orgId)).toBe(true);
    await insertAll({ a: { n: 1 } });
    expect(await find({ filter: { n: 1 } })).toMatchObject({ items: [{ id: "a" }], index: "by-n" });
  });

  it("is there after a restart, and a page that was begun before goes on", async () => {
    const { stub, index, find, ids } = await docsCollection({ a: { n: 3 }, b: { n: 2 }, c: { n: 1 } });
    await index("by-n", ["n"]);
    const { cursor } = await find({ sort: ["n"], limit: 1 });
    await evictDurableObject(stub);
    expect(await ids({ sort: ["n"], cursor })).toEqual(["b", "a"]);
    expect(await find({ filter: { n: 3 } })).toMatchObject({ items: [{ id: "a" }], examined: 1, index: "by-n" });
  });

  it("is the same when it is made again, and another one is refused its name", async () => {
    const { index, store, name } = await docsCollection({ a: {} });
    await index("x", ["a", "-b"]);
    expect(await index("x", ["a", "-b"])).toEqual(indexOf("x", ["a", "-b"]));
    for (const other of [["a"], ["a", "b"], ["-b", "a"], ["a", "-b", "c"]]) {
      expect(await refusalOf(index("x", other))).toMatchObject({ code: "conflict" });
    }
    expect(await refusalOf(index("x", ["a", "-b"], true))).toMatchObject({ code: "conflict" });
    expect(await store.listIndexes(name)).toHaveLength(1);
  });

  it.each([[[""]], [["a..b"]], [["$a"]], [["a", "-a"]], [["a".repeat(300)]], [["a.b.".repeat(20)]]])(
    "is refused of %j",
    async (fields) => {
      const { index, store, name } = await docsCollection({ a: {} });
      expect(await refusalOf(index("x", fields))).toMatchObject({ code: "invalid" });
      expect(await store.listIndexes(name)).toEqual([]);
    },
  );

  it("follows every write, and what was refused leaves no trace", async () => {
    const { index, write, ids, count } = await docsCollection({ a: { n: 1 }, b: { n: 1 } });
    await index("by-n", ["n"]);
    await write(update("a", { n: 2 }), put("c", { n: 1 }), remove("b"));
    expect(await ids({ filter: { n: 1 } })).toEqual(["c"]);
    expect(await ids({ filter: { n: 2 } })).toEqual(["a"]);
    expect(await refusalOf(write(put("a", { n: 1 }), remove("c"), insert("a", {})))).toMatchObject({
      code: "conflict",
    });
    expect(await ids({ filter: { n: 1 } })).toEqual(["c"]);
    await write(put("a", { n: 3 }), put("a", { n: 4 }), remove("a"), insert("a", { n: 1 }));
    expect(await ids({ filter: { n: 1 } })).toEqual(["a", "c"]);
    expect(await count({ n: { $gte: 0 } })).toEqual({ count: 2, exact: true });
  });

  it("takes over the table of one that was dropped, while others are read", async () => {
    const { inside, name } = await docsCollection(
      Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`d${n}`, { n, m: -n }])),
    );
    await inside(async (own) => {
      for (let round = 0; round < 30; round += 1) {
        const field = round % 2 === 0 ? "n" : "m";
        await own.createIndex(name, indexOf(`by-${round}`, [field]));
        const page = own.docsFind(name, queryOf({ sort: [field], limit: 3 }));
        expect(page.index).toBe(`by-${round}`);
        expect(page.items.map(({ id }) => id)).toEqual(round % 2 === 0 ? ["d0", "d1", "d2"] : ["d19", "d18", "d17"]);
        await own.dropIndex(name, `by-${round}`);
      }
    });
  });

  it("is one of so many, and goes with its collection", async () => {
    const { inside, name, store, find, insertAll } = await docsCollection({ a: { f0: 1 } });
    await inside(async (own) => {
      for (let n = 0; n < INDEXES_PER_COLLECTION_MAX; n += 1) await own.createIndex(name, indexOf(`i${n}`, [`f${n}`]));
      await expect(own.createIndex(name, indexOf("more", ["more"]))).rejects.toMatchObject({ code: "over_budget" });
      await own.createIndex(name, indexOf("i0", ["f0"]));
    });
    expect(await store.drop(name)).toBe(true);
    expect(await store.listIndexes(name)).toEqual([]);
    await insertAll({ b: { f0: 1 } });
    expect(await find({ filter: { f0: 1 } })).toMatchObject({ items: [{ id: "b" }], index: null });
  });

  it("keeps nothing from being erased, though it was just read", async () => {
    const docs = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`d${n}`, { n }]));
    const { inside, name } = await docsCollection(docs);
    await inside(async (own) => {
      await own.createIndex(name, indexOf("by-n", ["n"]));
      expect(own.docsFind(name, queryOf({ sort: ["n"], limit: 1 })).items).toHaveLength(1);
      expect(own.docsFind(name, queryOf({ limit: 1 })).items).toHaveLength(1);
      await own.erase();
      expect(own.docsFind(name, queryOf())).toMatchObject({ items: [], index: null });
      expect(own.listIndexes(name)).toEqual([]);
      await expect(own.docsWrite(name, [insert("a", {})], origin)).rejects.toMatchObject({ code: "not_found" });
      await expect(own.createIndex(name, indexOf("by-n", ["n"]))).rejects.toMatchObject({ code: "not_found" });
    });
  });

  it("serves an order after fields that have one value, from either end", async () => {
    const { index, find } = await docsCollection(
      Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`d${n}`, { a: n % 2, b: n % 3, c: n }])),
    );
    await index("abc", ["a", "-b", "c"]);
    const served = [
      { sort: ["a", "-b"] },
      { sort: ["-a", "b", "-c"] },
      { filter: { a: 1 }, sort: ["-b", "c"] },
      { filter: { a: 1 }, sort: ["b"] },
      { filter: { a: 1, b: 2 }, sort: ["-c"] },
      { filter: { a: 1, b: 2 }, sort: ["b", "c", "a"] },
      { filter: { b: 2 }, sort: ["a", "c"] },
    ];
    for (const asked of served) {
      const page = await find({ ...asked, limit: 1 });
      expect([asked, page.index, page.examined <= 3]).toEqual([asked, "abc", true]);
    }
    for (const asked of [
      { sort: ["b"] },
      { sort: ["a", "b"] },
      { sort: ["-a", "-b"] },
      { filter: { a: 1 }, sort: ["c"] },
    ]) {
      expect((await find({ ...asked, limit: 1 })).examined).toBeGreaterThanOrEqual(6);
    }
  });
});

describe("a unique index", () => {
  it("refuses a second document with the same values, and says which has them", async () => {
    const { index, write, ids } = await docsCollection({ a: { email: "x", org: 1 } });
    await index("email", ["email", "org"], true);
    const twins = [
      insert("b", { email: "x", org: 1 }),
      put("b", { email: "x", org: 1.0 }),
      insert(null, { email: "x", org: 1 }),
    ];
    for (const twin of twins) {
      expect(await refusalOf(write(twin))).toMatchObject({
        code: "conflict",
        details: { id: "a", version: 1, index: "email", fields: ["email", "org"] },
      });
    }
    await write(
      insert("b", { email: "x", org: "1" }),
      insert("c", { email: "X", org: 1 }),
      insert("d", { email: "x", org: null }),
    );
    expect(await refusalOf(write(update("b", { org: 1 })))).toMatchObject({ code: "conflict", details: { id: "a" } });
    expect(await refusalOf(write(put("e", { email: "x", org: null })))).toMatchObject({ code: "conflict" });
    await write(update("a", { note: "the same again" }), put("a", { email: "x", org: 1 }));
    await write(remove("a"), update("b", { org: 1 }));
    expect(await ids({ filter: { email: "x", org: 1 } })).toEqual(["b"]);
  });

  it("leaves documents alone that lack one of its fields", async () => {
    const { index, write } = await docsCollection({ a: { x: 1 }, b: { x: 1 }, c: {}, d: {} });
    await index("xy", ["x", "y"], true);
    await write(insert("e", { x: 1 }), insert("f", { y: 1 }), insert("g", { y: 1 }), insert("h", { x: 1, y: 1 }));
    expect(await refusalOf(write(update("a", { y: 1 })))).toMatchObject({ code: "conflict", details: { id: "h" } });
  });

  it("is not made where there are twins, and not of what is too long to compare", async () => {
    const { index, store, name, write } = await docsCollection({ a: { x: 1, y: 1 }, b: { x: 1, y: 2 }, c: { z: [1] } });
    expect(await refusalOf(index("x", ["x"], true))).toMatchObject({ code: "conflict", details: { index: "x" } });
    expect(await store.listIndexes(name)).toEqual([]);
    await index("xy", ["x", "y"], true);
    await index("z", ["z"], true);
    expect(await refusalOf(write(insert("d", { z: [1] })))).toMatchObject({ code: "conflict", details: { id: "c" } });
    const long = "x".repeat(SORTED_FIELD_BYTES_MAX);
    await write(insert("d", { z: long }));
    expect(await refusalOf(write(insert("e", { z: `${long}1` })))).toMatchObject({
      code: "invalid",
      details: { issues: [{ field: "z" }] },
    });
    await write(insert("e", { y: `${long}1` }));
    expect(await refusalOf(index("y", ["y"], true))).toMatchObject({ code: "invalid" });
  });
});
