import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { KvWrite } from "../../../contracts/data/kv.ts";
import type { KvOperation } from "../../../contracts/events/trigger.ts";
import { EVENT_BYTES_MAX, EVENTS_HANDOVER_MAX, EVENTS_OUTBOX_MAX } from "../../../contracts/limits.ts";
import type { StoreTrigger } from "../../objects.ts";
import { refusalOf } from "../../testing/harness.ts";
import { newStore, origin, surroundings } from "../../testing/store-outside.ts";

/** As long as a repetition after some failures takes. */
const RETRIED_MS = 8_000;

vi.setConfig({ testTimeout: 2 * RETRIED_MS });
beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});

const trigger = (id: string, operations: KvOperation[] = ["set", "delete"], prefix = ""): StoreTrigger => ({
  id,
  source: { kind: "kv", collection: "things", prefix, operations },
});
const set = (key: string, value: unknown = 1): KvWrite => ({
  operation: "set",
  key,
  value: JSON.stringify(value),
  ttlMs: null,
  ifVersion: null,
});
const remove = (key: string): KvWrite => ({ operation: "delete", key, ifVersion: null });

/** An empty kv collection with these triggers. */
function collection(...triggers: StoreTrigger[]) {
  const { name, stub, store } = newStore("kv", triggers);
  const { orgId } = name;
  return {
    name,
    stub,
    store,
    write: (...writes: KvWrite[]) => store.kvWrite(name, writes, origin),
    setTriggers: (revision: number, ...triggers: StoreTrigger[]) => store.setTriggers(name, { revision, triggers }),
    full: (isFull: boolean) => void (isFull ? surroundings.full.add(orgId) : surroundings.full.delete(orgId)),
    taken: () => surroundings.takenBy(orgId),
    events: () => surroundings.takenBy(orgId).map(({ data }) => JSON.parse(data) as Record<string, unknown>),
    waiting: () =>
      runInDurableObject(stub, (_, state) => state.storage.sql.exec("SELECT seq FROM outbox").toArray().length),
    alarmAt: () => runInDurableObject(stub, (_, state) => state.storage.getAlarm()),
  };
}

describe("a change", () => {
  it("is told with what was before and after, once for each trigger that wants it", async () => {
    const { write, taken, events, waiting } = collection(trigger("trg_all"), trigger("trg_sets", ["set"]));
    const before = Date.now();
    await write(set("a", { n: 1 }));
    await write(set("a", "two"), remove("a"), remove("a"));
    await vi.waitFor(() => expect(taken()).toHaveLength(5));
    const about = { kind: "kv", collection: "things", key: "a" };
    const made = { ...about, operation: "set", next: { n: 1 }, version: 1 };
    const changed = { ...about, operation: "set", prev: { n: 1 }, next: "two", version: 2 };
    expect(events()).toEqual([
      made,
      made,
      changed,
      changed,
      { ...about, operation: "delete", prev: "two", version: 3 },
    ]);
    expect(taken().map(({ triggerId }) => triggerId)).toEqual([
      "trg_all",
      "trg_sets",
      "trg_all",
      "trg_sets",
      "trg_all",
    ]);
    expect(new Set(taken().map(({ id }) => id)).size).toBe(5);
    for (const delivery of taken()) {
      expect(delivery).toMatchObject({ orderKey: "things/a", depth: origin.depth + 1, causedBy: origin.executionId });
      expect(delivery.id).toMatch(/^dlv_/);
      expect(delivery.at).toBeGreaterThanOrEqual(before);
    }
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
  });

  it("is nobody's event where no trigger wants its key or operation, and then arms nothing", async () => {
    const { write, taken, alarmAt } = collection(trigger("trg_1", ["delete"]), trigger("trg_2", ["set"], "b/"));
    await write(set("a"), set("B/"));
    expect(await alarmAt()).toBeNull();
    await write(set("b/1"));
    await vi.waitFor(() => expect(taken().map(({ triggerId }) => triggerId)).toEqual(["trg_2"]));
  });

  it("is no event when its transaction failed", async () => {
    const { write, taken, waiting } = collection(trigger("trg_1"));
    await refusalOf(write(set("a"), { operation: "delete", key: "b", ifVersion: 4 }));
    expect(await waiting()).toBe(0);
    await write(set("c"));
    await vi.waitFor(() => expect(taken().map(({ orderKey }) => orderKey)).toEqual(["things/c"]));
  });

  it("is told without what was before where both are more than an event carries", async () => {
    const { write, events } = collection(trigger("trg_1"));
    const big = (letter: string) => letter.repeat(EVENT_BYTES_MAX * 0.6);
    await write(set("a", big("x")));
    await write(set("a", big("y")));
    await vi.waitFor(() => expect(events()).toHaveLength(2));
    expect(Object.keys(events()[1] ?? {})).toEqual(["kind", "collection", "key", "operation", "version", "next"]);
  });
});

describe("handing over", () => {
  it("takes many at a time, in the order of the changes", async () => {
    const { name, write, taken, full, waiting } = collection(trigger("trg_1"), trigger("trg_2"));
    full(true);
    const count = EVENTS_HANDOVER_MAX + 1;
    await write(...Array.from({ length: count }, (_, index) => set(`k${index}`)));
    full(false);
    const failed = surroundings.calls.get(name.orgId) ?? 0;
    await vi.waitFor(() => expect(taken()).toHaveLength(2 * count), RETRIED_MS);
    expect(taken().map(({ orderKey, triggerId }) => `${orderKey} ${triggerId}`)).toEqual(
      Array.from({ length: count }, (_, index) => [`things/k${index} trg_1`, `things/k${index} trg_2`]).flat(),
    );
    expect(surroundings.calls.get(name.orgId)).toBe(failed + 3);
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
  });

  it("splits a change that sets off more triggers than one call takes", async () => {
    const ids = Array.from({ length: EVENTS_HANDOVER_MAX + 50 }, (_, index) => `trg_${index}`);
    const { name, write, taken, waiting } = collection(...ids.map((id) => trigger(id)));
    await write(set("a"));
    await vi.waitFor(() => expect(taken()).toHaveLength(ids.length));
    expect(taken().map(({ triggerId }) => triggerId)).toEqual(ids);
    expect(surroundings.calls.get(name.orgId)).toBe(2);
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
  });

  it("never makes a writer wait or fail, and goes on by itself when deliveries are taken again", async () => {
    const { write, full, taken, waiting, alarmAt } = collection(trigger("trg_1"));
    full(true);
    expect(await write(set("a"))).toMatchObject([{ version: 1 }]);
    expect(await write(set("b"))).toMatchObject([{ version: 2 }]);
    expect(await waiting()).toBe(2);
    expect(await alarmAt()).not.toBeNull();
    full(false);
    await vi.waitFor(
      () => expect(taken().map(({ orderKey }) => orderKey)).toEqual(["things/a", "things/b"]),
      RETRIED_MS,
    );
    await vi.waitFor(async () => expect([await waiting(), await alarmAt()]).toEqual([0, null]), RETRIED_MS);
  });

  it("waits longer after each failure, however many write meanwhile", async () => {
    const { name, write, full } = collection(trigger("trg_1"));
    full(true);
    const until = Date.now() + 1_000;
    for (let index = 0; Date.now() < until; index += 1) {
      await write(set(`k${index}`));
      await scheduler.wait(5);
    }
    const calls = surroundings.calls.get(name.orgId) ?? 0;
    expect(calls).toBeGreaterThan(1);
    expect(calls).toBeLessThanOrEqual(4);
  });

  it("gives an event the same id again when nobody knows whether it was taken", async () => {
    const { name, write, taken, waiting } = collection(trigger("trg_1"));
    surroundings.mute.add(name.orgId);
    await write(set("a"));
    await vi.waitFor(() => expect(taken()).not.toEqual([]));
    surroundings.mute.delete(name.orgId);
    await vi.waitFor(async () => expect(await waiting()).toBe(0), RETRIED_MS);
    expect(taken().length).toBeGreaterThan(1);
    expect(new Set(taken().map(({ id }) => id)).size).toBe(1);
  });

  it.each([
    ["an eviction", (stub: DurableObjectStub) => evictDurableObject(stub)],
    ["an abort", () => abortAllDurableObjects()],
  ])("goes on after %s, with the same ids, though nobody calls", async (_, stop) => {
    const { stub, write, full, taken } = collection(trigger("trg_1"));
    full(true);
    await write(set("a"), set("b"));
    const ids = await runInDurableObject(stub, (_, state) =>
      state.storage.sql
        .exec<{ deliveries: string }>("SELECT deliveries FROM outbox ORDER BY seq")
        .toArray()
        .map(({ deliveries }) => (JSON.parse(deliveries) as [string, string][])[0]?.[0]),
    );
    await stop(stub);
    full(false);
    await vi.waitFor(() => expect(taken().map(({ id }) => id)).toEqual(ids), RETRIED_MS);
  });

  it("is watched over from the first moment, and goes on when it was cut off in the middle", async () => {
    const { name, write, taken, alarmAt } = collection(trigger("trg_1"));
    surroundings.busy.add(name.orgId);
    await write(set("a"));
    await write(set("b"));
    expect(await alarmAt()).toBeGreaterThan(Date.now());
    await abortAllDurableObjects();
    surroundings.busy.delete(name.orgId);
    const told = () => taken().map(({ orderKey }) => orderKey);
    await vi.waitFor(() => expect(told()).toEqual(["things/a", "things/b"]), RETRIED_MS);
  });

  it("refuses changes that would be events while too many wait, and no others", async () => {
    const { stub, write, full, store, name } = collection(trigger("trg_1", ["set", "delete"], "a/"));
    full(true);
    await write(set("a/1"), set("b"));
    await runInDurableObject(stub, (_, state) => {
      const seq = EVENTS_OUTBOX_MAX - 1;
      state.storage.sql.exec(
        "INSERT INTO outbox (seq, at, depth, order_key, deliveries, data) VALUES (?, 1, 1, 'x', '[]', '{}')",
        seq,
      );
    });
    expect(await refusalOf(write(set("a/2"), set("a/3")))).toMatchObject({ code: "unavailable" });
    await write(set("a/2"));
    expect(await refusalOf(write(remove("a/1")))).toMatchObject({ code: "unavailable" });
    await write(set("b"), remove("b"));
    expect(await store.stats(name)).toMatchObject({ count: 2 });
  });
});

describe("the triggers of a collection", () => {
  it("are replaced by newer ones only", async () => {
    const { write, setTriggers, taken } = collection(trigger("trg_1"));
    await write(set("a"));
    await setTriggers(3, trigger("trg_3"));
    await setTriggers(2, trigger("trg_2"));
    await write(set("b"));
    await setTriggers(4);
    await write(set("c"));
    await vi.waitFor(() => expect(taken()).toHaveLength(2));
    expect(taken().map(({ triggerId }) => triggerId)).toEqual(["trg_1", "trg_3"]);
  });

  it("are still known after a restart", async () => {
    const { stub, write, setTriggers, taken } = collection();
    await write(set("a"));
    await setTriggers(2, trigger("trg_2", ["set"], "b"));
    await evictDurableObject(stub);
    await write(set("a"), set("b"));
    await vi.waitFor(() => expect(taken().map(({ triggerId }) => triggerId)).toEqual(["trg_2"]));
  });

  it("are the newer ones, too, when they overtake the answer to the first write", async () => {
    const { name, write, setTriggers, taken, store } = collection(trigger("trg_old"));
    surroundings.slow.add(name.orgId);
    const written = write(set("a"));
    await vi.waitFor(() => expect(surroundings.hasAdded(name.orgId)).toBe(true));
    await setTriggers(2, trigger("trg_new"));
    surroundings.slow.delete(name.orgId);
    await written;
    await vi.waitFor(() => expect(taken().map(({ triggerId }) => triggerId)).toEqual(["trg_new"]));
    expect(await store.stats(name)).toMatchObject({ count: 1 });
  });
});
