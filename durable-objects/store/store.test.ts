import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { KvWrite } from "../../contracts/data/kv.ts";
import { COLLECTION_BYTES_MAX, COLLECTION_BYTES_WARN, TOMBSTONE_MS } from "../../contracts/limits.ts";
import type { StoreTrigger } from "../objects.ts";
import { refusalOf } from "../testing/harness.ts";
import { newStore, origin, surroundings } from "../testing/store-outside.ts";
import { Database } from "../database.ts";
import { Changes } from "./changes.ts";
import { findCollection } from "./collection.ts";
import { writeEntries } from "./kv/write.ts";
import { STORE_MIGRATIONS } from "./schema.ts";
import { checkSize, statsOf } from "./size.ts";

vi.setConfig({ testTimeout: 10_000 });
beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});

const set = (key: string, value = "1"): KvWrite => ({ operation: "set", key, value, ttlMs: null, ifVersion: null });
const onSet: StoreTrigger = {
  id: "trg_1",
  source: { kind: "kv", collection: "things", prefix: "", operations: ["set"] },
};

function collection(...triggers: StoreTrigger[]) {
  const { name, stub, store } = newStore("kv", triggers);
  const get = async (key: string) => (await store.kvGet(name, [key], true))[0]?.value ?? null;
  return { name, stub, store, get, write: (...writes: KvWrite[]) => store.kvWrite(name, writes, origin) };
}

describe("a collection", () => {
  it("keeps everything over a restart, the next version too", async () => {
    const { name, stub, store, get, write } = collection();
    await write(set("a", "7"), set("b"));
    await evictDurableObject(stub);
    expect(await get("a")).toBe("7");
    expect(await store.stats(name)).toMatchObject({ count: 2, bytesMax: COLLECTION_BYTES_MAX, warning: null });
    expect(await write(set("c"))).toMatchObject([{ version: 3 }]);
  });

  it("loses everything but its triggers when it is dropped, and what was an event before is still told", async () => {
    const { name, store, get, write } = collection(onSet);
    surroundings.full.add(name.orgId);
    await write(set("a"));
    expect(await store.drop(name)).toBe(true);
    expect(await store.drop(name)).toBe(false);
    expect(await get("a")).toBeNull();
    expect(await store.stats(name)).toMatchObject({ count: 0 });
    expect(surroundings.dropped.filter(({ orgId }) => orgId === name.orgId)).toEqual([name, name]);
    // To be told of triggers does not bring it back; to be written does, once.
    await store.setTriggers(name, { revision: 2, triggers: [onSet] });
    const announced = () => surroundings.added.filter(({ orgId }) => orgId === name.orgId).length;
    expect(announced()).toBe(1);
    await write(set("b"));
    await write(set("b"));
    expect(announced()).toBe(2);
    surroundings.full.delete(name.orgId);
    const told = () => surroundings.takenBy(name.orgId).map(({ orderKey }) => orderKey);
    await vi.waitFor(() => expect(told()).toEqual(["things/a", "things/b", "things/b"]), 5_000);
  });

  it("is not made when its org is gone", async () => {
    const { name, stub, write } = collection();
    surroundings.gone.add(name.orgId);
    expect(await refusalOf(write(set("a")))).toMatchObject({ code: "not_found" });
    const tables = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
    );
    expect(tables).toEqual([]);
  });
});

describe("an erased collection", () => {
  it("is empty, refuses what comes late, and forgets at last that it was", async () => {
    const { name, stub, store, get, write } = collection(onSet);
    surroundings.full.add(name.orgId);
    await write(set("a"));
    await store.erase();
    await store.erase();
    surroundings.full.delete(name.orgId);
    expect(await get("a")).toBeNull();
    expect(await store.stats(name)).toBeNull();
    expect(await store.drop(name)).toBe(false);
    expect(await refusalOf(write(set("b")))).toMatchObject({ code: "not_found" });
    await store.setTriggers(name, { revision: 9, triggers: [onSet] });
    expect(await store.stats(name)).toBeNull();
    await evictDurableObject(stub);
    expect(await refusalOf(write(set("b")))).toMatchObject({ code: "not_found" });
    const alarmAt = await runInDurableObject(stub, (_, state) => state.storage.getAlarm());
    expect(alarmAt).toBeGreaterThan(Date.now() + TOMBSTONE_MS - 60_000);
    expect(surroundings.takenBy(name.orgId)).toEqual([]);
  });

  it("is not revived by a first write that was under way", async () => {
    const { name, store, write } = collection();
    surroundings.slow.add(name.orgId);
    const refusal = refusalOf(write(set("a")));
    await vi.waitFor(() => expect(surroundings.hasAdded(name.orgId)).toBe(true));
    await store.erase();
    surroundings.slow.delete(name.orgId);
    expect(await refusal).toMatchObject({ code: "not_found" });
    expect(await store.stats(name)).toBeNull();
  });
});

describe("the size of a collection", () => {
  /** Writes into a collection that holds `a` as if it were full. */
  async function whenFull(triggers: StoreTrigger[], ...writes: KvWrite[]): Promise<void> {
    const { stub, write } = collection(...triggers);
    await write(set("a", '"four"'));
    await runInDurableObject(stub, (_, state) => {
      const db = new Database(state.storage, STORE_MIGRATIONS);
      db.open(1);
      db.transaction(() => {
        const changes = new Changes(db, findCollection(db)!, origin, Date.now());
        writeEntries(changes, writes);
        changes.finish(() => COLLECTION_BYTES_MAX + 1);
      });
    });
  }
  const remove: KvWrite = { operation: "delete", key: "a", ifVersion: null };

  it("may not grow when it is full, and may shrink and stay as it is", async () => {
    const full = { code: "over_budget" };
    await expect(whenFull([], set("b"))).rejects.toMatchObject(full);
    await expect(whenFull([], set("a", '"longer"'))).rejects.toMatchObject(full);
    await expect(whenFull([], remove, set("b", '"longer"'))).rejects.toMatchObject(full);
    await whenFull([], set("a", '"fore"'));
    await whenFull([], remove);
    await whenFull([], remove, set("b", '"for"'));
  });

  it("has events that wait in it, which never hinder a deletion", async () => {
    const onAll: StoreTrigger = { ...onSet, source: { ...onSet.source, operations: ["set", "delete"] } as never };
    await expect(whenFull([onAll], set("a", '"fore"'))).rejects.toMatchObject({ code: "over_budget" });
    await whenFull([onAll], remove);
  });

  it("is told in good time, and bounded", () => {
    expect(statsOf(1, COLLECTION_BYTES_WARN - 1).warning).toBeNull();
    expect(statsOf(1, COLLECTION_BYTES_WARN).warning).toMatch(/uses 75 % of the 1024 MiB/);
    expect(() => checkSize(COLLECTION_BYTES_MAX)).not.toThrow();
    expect(() => checkSize(COLLECTION_BYTES_MAX + 1)).toThrow(
      expect.objectContaining({
        code: "over_budget",
        details: { usage: COLLECTION_BYTES_MAX + 1, limit: COLLECTION_BYTES_MAX },
      }),
    );
  });
});
