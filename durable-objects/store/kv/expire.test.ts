import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import { EXPIRE_BATCH_MAX, EXPIRE_STEP_MS } from "../../../contracts/limits.ts";
import type { StoreTrigger } from "../../objects.ts";
import { newStore, origin, surroundings } from "../../testing/store-outside.ts";

const HOUR_MS = 60 * 60 * 1000;

const onExpire: StoreTrigger = {
  id: "trg_expire",
  source: { kind: "kv", collection: "things", prefix: "", operations: ["expire"] },
};

function collection(...triggers: StoreTrigger[]) {
  const { name, stub, store } = newStore("kv", triggers);
  return {
    name,
    stub,
    store,
    set: (key: string, ttlMs: number | null, depth = origin.depth) =>
      store.kvWrite(name, [{ operation: "set", key, value: `"${key}"`, ttlMs, ifVersion: null }], { ...origin, depth }),
    remove: (key: string) => store.kvWrite(name, [{ operation: "delete", key, ifVersion: null }], origin),
    get: async (key: string) => (await store.kvGet(name, [key], true))[0] ?? null,
    /** Makes the time of these keys come to its end. */
    age: (...keys: string[]) =>
      runInDurableObject(stub, (_, state) => {
        for (const key of keys) state.storage.sql.exec("UPDATE kv SET expires_at = 1 WHERE key = ?", key);
      }),
    stored: () =>
      runInDurableObject(stub, (_, state) => state.storage.sql.exec("SELECT key FROM kv ORDER BY key").toArray()),
    alarmAt: () => runInDurableObject(stub, (_, state) => state.storage.getAlarm()),
    events: () => surroundings.takenBy(name.orgId).map(({ data }) => JSON.parse(data) as Record<string, unknown>),
  };
}

describe("a key with a life", () => {
  it("says when it ends, and wakes its collection then", async () => {
    const { set, get, alarmAt } = collection();
    const before = Date.now();
    await set("a", HOUR_MS);
    const { expiresAt } = (await get("a"))!;
    expect(expiresAt).toBeGreaterThanOrEqual(before + HOUR_MS);
    const at = await alarmAt();
    expect(at).toBeGreaterThanOrEqual(expiresAt!);
    expect(at).toBeLessThan(expiresAt! + EXPIRE_STEP_MS);
  });

  it("lives for ever once it is set again without one", async () => {
    const { set, get, remove, alarmAt, stub } = collection();
    await set("a", HOUR_MS);
    await set("a", null);
    expect((await get("a"))?.expiresAt).toBeNull();
    await set("b", HOUR_MS);
    await remove("b");
    await runInDurableObject(stub, (_, state) => state.storage.setAlarm(Date.now()));
    await vi.waitFor(async () => expect(await alarmAt()).toBeNull());
  });

  it("is gone at once when its time is over, before it is removed", async () => {
    const { name, store, set, get, age, stored, remove } = collection();
    await set("a", HOUR_MS);
    await set("b", null);
    await age("a");
    expect(await get("a")).toBeNull();
    expect((await store.kvList(name, { prefix: "", cursor: null, limit: 9, values: false })).items).toHaveLength(1);
    expect(await store.stats(name)).toMatchObject({ count: 1 });
    expect(await remove("a")).toEqual([{ key: "a", version: null, existed: false }]);
    expect(await stored()).toHaveLength(2);
    const ifAbsent = { operation: "set", key: "a", value: "1", ttlMs: null, ifVersion: 0 } as const;
    expect(await store.kvWrite(name, [ifAbsent], origin)).toMatchObject([{ existed: false }]);
    expect(await store.stats(name)).toMatchObject({ count: 2 });
  });

  it("is removed by the alarm, many at a time, until none is left", async () => {
    const { name, store, stub, set, stored, alarmAt } = collection();
    await set("kept", HOUR_MS);
    const keys = Array.from({ length: EXPIRE_BATCH_MAX + 1 }, (_, index) => `k${index}`);
    const writes = keys.map((key) => ({ operation: "set", key, value: "1", ttlMs: HOUR_MS, ifVersion: null }) as const);
    await store.kvWrite(name, writes, origin);
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("UPDATE kv SET expires_at = 1 WHERE key <> 'kept'");
    });
    await runDurableObjectAlarm(stub);
    expect((await stored()).length).toBeLessThanOrEqual(2);
    await vi.waitFor(async () => expect(await stored()).toEqual([{ key: "kept" }]));
    expect(await store.stats(name)).toMatchObject({ count: 1 });
    expect(await alarmAt()).toBeGreaterThan(Date.now());
  });
});

describe("the end of a key", () => {
  it("is an event, which follows from the run that set the key", async () => {
    const { name, stub, set, age, events } = collection(onExpire);
    await set("a", HOUR_MS, 5);
    await set("b", HOUR_MS);
    await age("a");
    await runDurableObjectAlarm(stub);
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    expect(events()[0]).toEqual({
      kind: "kv",
      collection: "things",
      key: "a",
      operation: "expire",
      prev: "a",
      version: 3,
    });
    expect(surroundings.takenBy(name.orgId)[0]).toMatchObject({ depth: 6, causedBy: origin.executionId });
  });

  it("is told before what is set in its place", async () => {
    const onSet: StoreTrigger = { id: "trg_set", source: { ...onExpire.source, operations: ["set"] } as never };
    const { set, age, events } = collection(onExpire, onSet);
    await set("a", HOUR_MS);
    await age("a");
    await set("a", null);
    await vi.waitFor(() => expect(events()).toHaveLength(3));
    expect(events().map(({ operation, version, prev }) => [operation, version, prev])).toEqual([
      ["set", 1, undefined],
      ["expire", 2, "a"],
      ["set", 3, undefined],
    ]);
  });
});
