import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import type { KvWrite } from "../../../contracts/data/kv.ts";
import { DATA_BATCH_BYTES_MAX, EXPIRE_BATCH_MAX } from "../../../contracts/limits.ts";
import { refusalOf } from "../../testing/harness.ts";
import { newStore, origin, surroundings } from "../../testing/store-outside.ts";

const set = (key: string, value: unknown, more: { ttlMs?: number; ifVersion?: number } = {}): KvWrite => ({
  operation: "set",
  key,
  value: JSON.stringify(value),
  ttlMs: more.ttlMs ?? null,
  ifVersion: more.ifVersion ?? null,
});
const remove = (key: string, ifVersion: number | null = null): KvWrite => ({ operation: "delete", key, ifVersion });

/** An empty kv collection and what a test does with it. */
function collection() {
  const { name, stub, store } = newStore("kv");
  const list = (prefix: string, cursor: string | null = null, limit = 100, values = true) =>
    store.kvList(name, { prefix, cursor, limit, values });
  return {
    name,
    stub,
    store,
    list,
    write: (...writes: KvWrite[]) => store.kvWrite(name, writes, origin),
    get: async (...keys: string[]) => (await store.kvGet(name, keys, true)).map((entry) => entry?.value ?? null),
    keys: async (prefix = "") => (await list(prefix)).items.map(({ key }) => key),
    /** Makes keys expire now. */
    age: (...keys: string[]) =>
      runInDurableObject(stub, (_, state) => {
        for (const key of keys) state.storage.sql.exec("UPDATE kv SET expires_at = 1 WHERE key = ?", key);
      }),
  };
}

describe("a kv collection", () => {
  it("gives back what was set, in the order asked for, and null for what is not there", async () => {
    const { write, get, store, name } = collection();
    const before = Date.now();
    const written = await write(set("a", { n: 1 }), set("b", [1, "ü"]));
    expect(written).toEqual([
      { key: "a", version: 1, existed: false },
      { key: "b", version: 2, existed: false },
    ]);
    expect(await get("b", "none", "a", "b")).toEqual(['[1,"ü"]', null, '{"n":1}', '[1,"ü"]']);
    const [entry] = await store.kvGet(name, ["a"], false);
    expect(entry).toMatchObject({ key: "a", value: null, version: 1, expiresAt: null });
    expect(entry?.updatedAt).toBeGreaterThanOrEqual(before);
  });

  it("is made known to its org on its first write only, and reading leaves nothing behind", async () => {
    const { name, stub, write, get, keys, store } = collection();
    expect(await get("a")).toEqual([null]);
    expect(await keys()).toEqual([]);
    expect(await store.stats(name)).toBeNull();
    expect(await store.drop(name)).toBe(false);
    expect(await write(remove("a"), remove("b", 0))).toEqual([
      { key: "a", version: null, existed: false },
      { key: "b", version: null, existed: false },
    ]);
    expect(await refusalOf(write(remove("a", 3)))).toMatchObject({ code: "conflict" });
    const tables = () =>
      runInDurableObject(stub, (_, state) => state.storage.sql.exec("SELECT name FROM sqlite_master").toArray().length);
    expect(await tables()).toBe(0);
    await write(set("a", 1));
    await write(set("a", 2));
    expect(surroundings.added.filter(({ orgId }) => orgId === name.orgId)).toEqual([name]);
    expect(await tables()).toBeGreaterThan(0);
  });

  it("never uses a version twice, not after a deletion and not after it was dropped", async () => {
    const { name, write, store } = collection();
    await write(set("a", 1));
    await write(remove("a"));
    const [again] = await write(set("a", 1));
    expect(again).toEqual({ key: "a", version: 3, existed: false });
    await store.drop(name);
    expect(await write(set("a", 1))).toEqual([{ key: "a", version: 4, existed: false }]);
  });

  it("writes only at the version that it was told of, where it was told of one", async () => {
    const { write, get } = collection();
    await write(set("a", 1, { ifVersion: 0 }));
    const taken = await refusalOf(write(set("a", 2, { ifVersion: 0 })));
    expect(taken).toMatchObject({ code: "conflict", details: { key: "a", version: 1 } });
    await write(set("a", 2, { ifVersion: 1 }));
    expect(await refusalOf(write(set("a", 3, { ifVersion: 1 })))).toMatchObject({ details: { key: "a", version: 2 } });
    expect(await refusalOf(write(remove("a", 1)))).toMatchObject({ code: "conflict" });
    expect(await refusalOf(write(set("b", 1, { ifVersion: 7 })))).toMatchObject({ details: { key: "b", version: 0 } });
    expect(await get("a", "b")).toEqual(["2", null]);
    expect(await write(remove("a", 2))).toEqual([{ key: "a", version: null, existed: true }]);
  });

  it("makes the writes of one call all or none, in their order", async () => {
    const { name, write, get, store } = collection();
    await write(set("a", 1));
    const refused = write(set("b", 1), remove("a"), set("c", 1, { ifVersion: 9 }));
    expect(await refusalOf(refused)).toMatchObject({ code: "conflict", details: { key: "c", version: 0 } });
    expect(await get("a", "b", "c")).toEqual(["1", null, null]);
    expect(await store.stats(name)).toMatchObject({ count: 1 });
    const written = await write(set("d", 1), set("d", 2, { ifVersion: 2 }), remove("d"), remove("d"));
    expect(written.map(({ version, existed }) => [version, existed])).toEqual([
      [2, false],
      [3, true],
      [null, true],
      [null, false],
    ]);
    expect(await store.stats(name)).toMatchObject({ count: 1 });
  });

  it("refuses to read more than a call carries, and gives the keys alone all the same", async () => {
    const { name, stub, store, write } = collection();
    await write(set("a", 1), set("b", 1));
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("UPDATE kv SET bytes = ?", DATA_BATCH_BYTES_MAX / 2 + 1);
    });
    expect(await refusalOf(store.kvGet(name, ["a", "b"], true))).toMatchObject({ code: "too_large" });
    expect(await store.kvGet(name, ["a", "b"], false)).toHaveLength(2);
    expect((await store.kvList(name, { prefix: "", cursor: null, limit: 9, values: true })).items).toHaveLength(1);
    expect((await store.kvList(name, { prefix: "", cursor: null, limit: 9, values: false })).items).toHaveLength(2);
  });
});

describe("a list of keys", () => {
  it("goes by the bytes of UTF-8, not by those of UTF-16", async () => {
    const { write, keys } = collection();
    const inOrder = ["A", "a", "a/1", "b", "é", "\uFFFD", "😀"];
    await write(...inOrder.toReversed().map((key) => set(key, 1)));
    expect(await keys()).toEqual(inOrder);
    expect(await keys("a")).toEqual(["a", "a/1"]);
    expect(await keys("😀")).toEqual(["😀"]);
    expect(await keys("%")).toEqual([]);
  });

  it("goes on behind the last key while others write before and after it", async () => {
    const { write, list } = collection();
    await write(...["k/b", "k/d", "k/f", "x"].map((key) => set(key, 1)));
    const first = await list("k/", null, 2);
    expect(first.items.map(({ key }) => key)).toEqual(["k/b", "k/d"]);
    await write(set("k/a", 1), set("k/e", 1), remove("k/d"), remove("k/f"), set("k/ü", 1));
    const second = await list("k/", first.cursor, 2);
    expect(second.items.map(({ key }) => key)).toEqual(["k/e", "k/ü"]);
    expect(second.cursor).toBeNull();
  });

  it("has no cursor on a last page that is just full, and leaves values out where they are not wanted", async () => {
    const { write, list } = collection();
    await write(set("a", 1), set("b", 1), set("c", 1));
    expect((await list("", null, 3)).cursor).toBeNull();
    const page = await list("", null, 2, false);
    expect(page.items.map(({ value }) => value)).toEqual([null, null]);
    expect(page.cursor).not.toBeNull();
  });

  it("refuses a cursor that is made up, of another collection, or of another prefix", async () => {
    const { write, list } = collection();
    await write(set("a/1", 1), set("a/2", 1), set("b/1", 1));
    const { cursor } = await list("a/", null, 1);
    const forged = [
      "x",
      "",
      "é",
      btoa("[1,2]"),
      btoa('["things","%"]'),
      btoa('["others","a%2F1"]'),
      btoa('["things","b%2F1"]'),
    ];
    for (const each of forged) expect(await refusalOf(list("a/", each))).toMatchObject({ code: "invalid" });
    expect(await refusalOf(list("b/", cursor))).toMatchObject({ code: "invalid" });
    expect((await list("a/", cursor)).items.map(({ key }) => key)).toEqual(["a/2"]);
  });

  it("passes over so many expired keys on one page, and goes on behind them", async () => {
    const { stub, write, list } = collection();
    await write(set("z", 1));
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO kv (key, version, updated_at, expires_at, depth, bytes, value)
         SELECT printf('k%05d', i), i, 1, 1, 0, 1, '1' FROM n`,
        EXPIRE_BATCH_MAX + 5,
      );
    });
    const first = await list("", null, 1);
    expect(first.items).toEqual([]);
    const second = await list("", first.cursor, 1);
    expect(second.items.map(({ key }) => key)).toEqual(["z"]);
  });
});
