import { describe, expect, it } from "vitest";

import { VALUE_BYTES_MAX } from "../../../contracts/limits.ts";
import { door, openedOrg, refusalOf } from "../../testing/harness.ts";
import { docsCollection, indexOf, insert, put, queryOf, remove, update } from "../../testing/docs.ts";
import { origin, surroundings } from "../../testing/store-outside.ts";

describe("a document", () => {
  it("is inserted, put, updated and deleted, each time with a higher version", async () => {
    const { write, read } = await docsCollection();
    const [inserted] = await write(insert("a", { n: 1 }));
    expect(inserted).toMatchObject({
      id: "a",
      existed: false,
      doc: { id: "a", version: 1, value: '{"id":"a","n":1}' },
    });
    const [replaced] = await write(put("a", { m: 2 }));
    expect(replaced).toMatchObject({ existed: true, doc: { version: 2, value: '{"id":"a","m":2}' } });
    expect(replaced?.doc?.createdAt).toBe(inserted?.doc?.createdAt);
    expect(await write(update("a", { m: null, o: [1] }))).toMatchObject([{ doc: { version: 3 } }]);
    expect(await read("a", "b")).toEqual([{ id: "a", o: [1] }, null]);
    expect(await write(remove("a"), remove("a"))).toEqual([
      { id: "a", doc: null, existed: true },
      { id: "a", doc: null, existed: false },
    ]);
    expect(await write(put("a", {}))).toMatchObject([{ existed: false, doc: { version: 5 } }]);
  });

  it("gets an id where it has none, and its `id` is that one", async () => {
    const { write, read } = await docsCollection();
    const [first, second] = await write(insert(null, { n: 1 }), insert(null, { n: 2 }));
    expect(first?.id).toMatch(/^doc_/);
    expect(first?.id).not.toBe(second?.id);
    expect(await read(first?.id ?? "")).toEqual([{ id: first?.id, n: 1 }]);
  });

  it("may repeat its id and never have another", async () => {
    const { write, read } = await docsCollection();
    await write(insert("a", { n: 1, id: "a" }));
    expect(await read("a")).toEqual([{ id: "a", n: 1 }]);
    const others = [
      insert("b", { id: "c" }),
      insert(null, { id: "c" }),
      put("a", { id: 1 }),
      update("a", { id: null }),
    ];
    for (const other of others) {
      expect(await refusalOf(write(other))).toMatchObject({ code: "invalid", details: { issues: [{ field: "id" }] } });
    }
    expect(await read("a", "b", "c")).toEqual([{ id: "a", n: 1 }, null, null]);
  });

  it("is patched as RFC 7396 has it, names such as `__proto__` too", async () => {
    const { write, read } = await docsCollection();
    await write(
      insert("a", '{"title":"x","author":{"given":"J","family":"D"},"tags":["e","s"],"__proto__":{"a":1,"b":2}}'),
    );
    await write(update("a", '{"title":"y","phone":"1","author":{"family":null},"tags":["e"],"__proto__":{"a":null}}'));
    const [doc] = await read("a");
    expect(JSON.stringify(doc)).toBe(
      '{"id":"a","title":"y","author":{"given":"J"},"tags":["e"],"__proto__":{"b":2},"phone":"1"}',
    );
    expect(await refusalOf(write(update("a", "[]")))).toMatchObject({ code: "invalid" });
    expect(await refusalOf(write(update("b", {})))).toMatchObject({ code: "not_found", details: { id: "b" } });
  });

  it("is written only at the version that was asked for", async () => {
    const { write, read } = await docsCollection();
    await write(put("a", { n: 1 }, 0));
    const conflicts = [put("a", {}, 0), put("a", {}, 7), update("a", {}, 7), remove("a", 7), insert("a", {})];
    for (const conflict of conflicts) {
      expect(await refusalOf(write(conflict))).toMatchObject({ code: "conflict", details: { id: "a", version: 1 } });
    }
    expect(await refusalOf(write(remove("b", 3)))).toMatchObject({
      code: "conflict",
      details: { id: "b", version: 0 },
    });
    await write(update("a", { n: 2 }, 1));
    expect(await read("a")).toEqual([{ id: "a", n: 2 }]);
  });

  it.each([
    ["no JSON", "{", "invalid"],
    ["an array", "[]", "invalid"],
    ["null", "null", "invalid"],
    ["a number that is too big", '{"n":[-1e999]}', "invalid"],
    ["nothing but depth", `{"n":${"[".repeat(100)}${"]".repeat(100)}}`, "invalid"],
    ["too long", JSON.stringify({ n: "é".repeat(VALUE_BYTES_MAX / 2) }), "too_large"],
  ])("is refused when it is %s", async (_, text, code) => {
    const { write, read } = await docsCollection();
    await write(insert("a", { n: 1 }));
    for (const wrong of [insert("b", text), put("a", text), update("a", text)]) {
      expect(await refusalOf(write(wrong))).toMatchObject({ code });
    }
    expect(await read("a", "b")).toEqual([{ id: "a", n: 1 }, null]);
  });

  it("is refused when patches make it too long, bit by bit", async () => {
    const { write } = await docsCollection();
    await write(insert("a", { x: "x".repeat(VALUE_BYTES_MAX - 100) }));
    expect(await refusalOf(write(update("a", { y: "y".repeat(100) })))).toMatchObject({ code: "too_large" });
  });

  it("keeps each name once: the last one counts", async () => {
    const { write, store, name } = await docsCollection();
    await write(insert("a", '{"n":1,"n":2,"big":1e300}'));
    expect((await store.docsGet(name, ["a"]))[0]?.value).toBe('{"id":"a","n":2,"big":1e+300}');
  });
});

describe("writes of one call", () => {
  it("happen in their order, all or none", async () => {
    const { write, read, store, name } = await docsCollection();
    await write(insert("a", { n: 1 }));
    const failing = write(insert("b", {}), update("a", { n: 2 }), insert("b", {}));
    expect(await refusalOf(failing)).toMatchObject({ code: "conflict", details: { id: "b" } });
    expect(await read("a", "b")).toEqual([{ id: "a", n: 1 }, null]);
    expect(await store.stats(name)).toMatchObject({ count: 1 });
    await write(insert("b", { n: 1 }), update("b", { m: 1 }), remove("a"), insert("a", { again: true }));
    expect(await read("a", "b")).toEqual([
      { id: "a", again: true },
      { id: "b", n: 1, m: 1 },
    ]);
    expect(await store.stats(name)).toMatchObject({ count: 2 });
  });

  it("that only delete leave nothing behind where nothing was", async () => {
    const { write, store, name } = await docsCollection();
    expect(await write(remove("a"))).toEqual([{ id: "a", doc: null, existed: false }]);
    expect(await refusalOf(write(remove("a", 1)))).toMatchObject({ code: "conflict" });
    expect(surroundings.hasAdded(name.orgId)).toBe(false);
    expect(await store.stats(name)).toBeNull();
  });
});

describe("the documents of one call", () => {
  it("are together no more than so many bytes, however small their patches", async () => {
    const { name, inside } = await docsCollection();
    await inside(async (own) => {
      const ids = Array.from({ length: 60 }, (_, n) => `d${n}`);
      const text = "x".repeat(250_000);
      for (const id of ids) await own.docsWrite(name, [insert(id, { text })], origin);
      const patches = ids.map((id) => update(id, { n: 1 }));
      await expect(own.docsWrite(name, patches, origin)).rejects.toMatchObject({ code: "too_large" });
      expect(own.docsCount(name, '{"n":1}', 100).count).toBe(0);
      await own.docsWrite(name, patches.slice(0, 40), origin);
      await own.docsWrite(
        name,
        ids.map((id) => remove(id)),
        origin,
      );
      expect(own.docsCount(name, "{}", 100).count).toBe(0);
    });
  });
});

describe("documents behind the door", () => {
  it("are those of their own org and collection", async () => {
    const [{ orgId }, other] = [await openedOrg(), await openedOrg()];
    await door.docsWrite(orgId, "things", [insert("a", { n: 1 }), insert("b", { n: 2 })], origin);
    await door.createIndex(orgId, "things", indexOf("by-n", ["n"]));
    const query = queryOf({ filter: { n: { $gt: 1 } } });
    const found = {
      items: [{ id: "b", value: '{"id":"b","n":2}', version: 2 }],
      cursor: null,
      examined: 1,
      index: "by-n",
    };
    expect(await door.docsFind(orgId, "things", query)).toMatchObject(found);
    expect(await door.docsCount(orgId, "things", "{}", 10)).toEqual({ count: 2, exact: true });
    expect(await door.docsGet(other.orgId, "things", ["a"])).toEqual([null]);
    expect(await door.docsFind(orgId, "others", query)).toMatchObject({ items: [] });
    expect(await door.listIndexes(other.orgId, "things")).toEqual([]);
    expect(await door.dropCollection(orgId, "docs", "things")).toBe(true);
    expect(await door.docsGet(orgId, "things", ["a"])).toEqual([null]);
  });
});

describe("the events of documents", () => {
  const told = (orgId: string) => surroundings.takenBy(orgId).map(({ data }) => JSON.parse(data) as object);

  it("say what was done, before and after, to triggers whose filter fits", async () => {
    const { name, write } = await docsCollection({}, [
      {
        id: "trg_1",
        source: {
          kind: "docs",
          collection: "things",
          operations: ["insert", "update", "delete"],
          filter: '{"state":{"$in":["paid","void"]}}',
        },
      },
    ]);
    await write(
      insert("a", { state: "open" }),
      update("a", { state: "paid" }),
      put("a", { state: "void" }),
      remove("a"),
    );
    await write(insert("b", { state: "paid" }), remove("missing"));
    await expect.poll(() => told(name.orgId).length).toBe(4);
    const common = { kind: "docs", collection: "things" };
    expect(told(name.orgId)).toEqual([
      {
        ...common,
        id: "a",
        operation: "update",
        version: 2,
        prev: { id: "a", state: "open" },
        next: { id: "a", state: "paid" },
      },
      {
        ...common,
        id: "a",
        operation: "update",
        version: 3,
        prev: { id: "a", state: "paid" },
        next: { id: "a", state: "void" },
      },
      { ...common, id: "a", operation: "delete", version: 4, prev: { id: "a", state: "void" } },
      { ...common, id: "b", operation: "insert", version: 5, next: { id: "b", state: "paid" } },
    ]);
  });
});
