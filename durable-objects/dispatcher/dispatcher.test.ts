import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import type { DeliveryState } from "../../contracts/events/delivery.ts";
import { newId } from "../../contracts/ids.ts";
import { DELIVERIES_KEPT_MAX, DELIVERY_HISTORY_MAX, DELIVERY_KEPT_LENGTH_MAX } from "../../contracts/limits.ts";
import { edge, failed, ok } from "../testing/edge.ts";
import { refusalOf, testEnv } from "../testing/harness.ts";
import { deliveryOf, dispatcherWith, retry, triggerOf } from "./testing.ts";

const SOON = { timeout: 5_000, interval: 10 };
const page = { cursor: null, limit: 50 };
const origin = { executionId: "exe_writer", depth: 2 };

describe("a topic", () => {
  const subscriber = (topic: string) => triggerOf({ source: { kind: "pubsub", topic } });

  it("tells every message to all its subscribers and to nobody else", async () => {
    const [one, two, other] = [subscriber("news"), subscriber("news"), subscriber("sport")];
    const { orgId, stub, counts } = await dispatcherWith([one, two, other]);
    const { ids, subscribers } = await stub.topicPublish("news", ['{"a":1}', '"b"'], origin);
    expect(subscribers).toBe(2);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 4 }), SOON);
    const told = edge
      .events(orgId)
      .map(({ trigger, data, depth, causedBy }) => ({ id: trigger.id, data, depth, causedBy }));
    for (const { id } of [one, two]) {
      expect(told.filter((event) => event.id === id)).toEqual([
        {
          id,
          depth: 3,
          causedBy: "exe_writer",
          data: { kind: "pubsub", topic: "news", messageId: ids[0], value: { a: 1 } },
        },
        {
          id,
          depth: 3,
          causedBy: "exe_writer",
          data: { kind: "pubsub", topic: "news", messageId: ids[1], value: "b" },
        },
      ]);
    }
  });

  it("without subscribers loses what it is told, and leaves no trace", async () => {
    const stub = testEnv.DETACHED_DISPATCHER.getByName(newId("org"));
    expect(await stub.topicPublish("news", ["1"], origin)).toMatchObject({ subscribers: 0 });
    const tables = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});

describe("firing a trigger", () => {
  it("delivers an event as if it had happened", async () => {
    const trigger = triggerOf();
    const { orgId, stub } = await dispatcherWith([trigger]);
    const { deliveryId } = await stub.fireTrigger(trigger.id, '{"key":"k1","next":5}');
    await vi.waitFor(async () => expect((await stub.findDelivery(deliveryId))?.state).toBe("done"), SOON);
    expect(edge.events(orgId)).toMatchObject([{ id: deliveryId, depth: 1, data: { key: "k1", next: 5 } }]);
  });

  it("is refused for one that is not there, and for data that cannot be an event", async () => {
    const trigger = triggerOf();
    const { stub } = await dispatcherWith([trigger]);
    expect((await refusalOf(stub.fireTrigger("trg_unknown", null))).code).toBe("not_found");
    expect((await refusalOf(stub.fireTrigger(trigger.id, "[]"))).code).toBe("invalid");
  });
});

describe("the list of deliveries", () => {
  it("is by trigger and state, newest first, page by page", async () => {
    const [good, bad, paused, slow] = [
      triggerOf(),
      triggerOf({ retry: retry({ maxAttempts: 1 }) }),
      triggerOf({ state: "paused" }),
      triggerOf(),
    ];
    const { orgId, stub, counts } = await dispatcherWith([good, bad, paused, slow]);
    edge.hold(slow.id);
    edge.behave(orgId, async ({ trigger }) => {
      await edge.whileHeld(trigger.id);
      return trigger.id === bad.id ? failed() : ok();
    });
    const ids: Record<string, string[]> = {};
    for (let n = 0; n < 3; n += 1) {
      for (const trigger of [good, bad, paused, slow]) {
        const delivery = deliveryOf(trigger, { orderKey: "a" });
        ids[trigger.id] = [delivery.id, ...(ids[trigger.id] ?? [])];
        await stub.enqueue([delivery]);
      }
    }
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 3, dead: 3, waiting: 6 }), SOON);
    const list = async (triggerId: string | null, state: DeliveryState | null) =>
      (await stub.listDeliveries({ triggerId, state }, page)).items.map(({ id }) => id);
    expect(await list(good.id, null)).toEqual(ids[good.id]);
    expect(await list(null, "done")).toEqual(ids[good.id]);
    expect(await list(null, "dead")).toEqual(ids[bad.id]);
    expect(await list(bad.id, "done")).toEqual([]);
    expect(await list(null, "held")).toEqual(ids[paused.id]);
    expect(await list(null, "running")).toEqual(ids[slow.id]?.slice(2));
    expect(await list(null, "waiting")).toEqual(ids[slow.id]?.slice(0, 2));
    expect(await list(paused.id, "waiting")).toEqual([]);
    expect(await list("trg_unknown", null)).toEqual([]);

    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const next = await stub.listDeliveries({ triggerId: null, state: null }, { cursor, limit: 5 });
      paged.push(...next.items.map(({ id }) => id));
      ({ cursor } = next);
    } while (cursor !== null);
    expect(paged).toEqual(await list(null, null));
    expect(paged).toHaveLength(12);
    expect(
      (await refusalOf(stub.listDeliveries({ triggerId: null, state: null }, { cursor: "!", limit: 5 }))).code,
    ).toBe("invalid");
    expect(await stub.triggerBacklogs()).toMatchObject({
      [good.id]: { waiting: 0, held: 0, dead: 0 },
      [bad.id]: { waiting: 0, held: 0, dead: 3 },
      [paused.id]: { waiting: 0, held: 3, dead: 0, nextAt: null },
      [slow.id]: { waiting: 3, held: 0, dead: 0 },
    });
    edge.release(slow.id);
  });

  it("remembers the last attempts of a delivery, and no event that is long once it has ended", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: DELIVERY_HISTORY_MAX + 3 }) });
    const { orgId, stub, counts } = await dispatcherWith([trigger]);
    edge.behave(orgId, ({ attempt }) => failed(`no ${attempt}`));
    const delivery = deliveryOf(trigger, { next: "x".repeat(DELIVERY_KEPT_LENGTH_MAX) });
    await stub.enqueue([delivery]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ dead: 1 }), SOON);
    const detail = await stub.findDelivery(delivery.id);
    expect(detail?.attempts).toBe(DELIVERY_HISTORY_MAX + 3);
    expect(detail?.history).toHaveLength(DELIVERY_HISTORY_MAX);
    expect(detail?.history.at(-1)?.error?.message).toBe(`no ${DELIVERY_HISTORY_MAX + 3}`);
    expect(detail?.data).toBe("null");
    const [letter] = (await stub.listDeadLetters(null, page)).items;
    expect((await stub.findDeadLetter(letter?.id ?? ""))?.data).toBe(delivery.data);
  });

  it("has so many that have ended, and no more", async () => {
    const trigger = triggerOf();
    const { stub, counts } = await dispatcherWith([trigger]);
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec(
        `INSERT INTO deliveries (id, trigger_id, state, at, since, depth, ended_at, length, data)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         SELECT 'dlv_' || i, ?, 'done', 1, 1, 1, ? + i, 2, '{}' FROM n`,
        DELIVERIES_KEPT_MAX,
        trigger.id,
        Date.now() - 60_000,
      );
    });
    await stub.enqueue(Array.from({ length: 500 }, () => deliveryOf(trigger)));
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: DELIVERIES_KEPT_MAX }), SOON);
    expect(await stub.findDelivery("dlv_500")).toBeNull();
    expect(await stub.findDelivery("dlv_501")).not.toBeNull();
  });
});

describe("the erasure of a dispatcher", () => {
  it("removes all, ends nothing that runs, and cannot be undone by what is late", async () => {
    const trigger = triggerOf();
    const { orgId, stub, configure, alarmAt } = await dispatcherWith([trigger]);
    edge.hold(orgId);
    edge.behave(orgId, async () => {
      await edge.whileHeld(orgId);
      return failed();
    });
    await stub.enqueue([deliveryOf(trigger)]);
    await vi.waitFor(() => expect(edge.requests(orgId)).toHaveLength(1), SOON);
    await stub.erase();
    await stub.erase();
    edge.release(orgId);
    await scheduler.wait(20);
    await configure([trigger]);
    await stub.enqueue([deliveryOf(trigger)]);
    const tables = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    );
    expect(tables).toEqual([]);
    expect(await stub.listDeliveries({ triggerId: null, state: null }, page)).toEqual({ items: [], cursor: null });
    expect(await stub.triggerBacklogs()).toEqual({});
    expect((await refusalOf(stub.fireTrigger(trigger.id, null))).code).toBe("not_found");
    expect(edge.requests(orgId)).toHaveLength(1);
    expect(await alarmAt()).toBeGreaterThan(Date.now());
  });
});
