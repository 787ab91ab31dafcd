import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import {
  DELIVERIES_CONCURRENCY,
  DELIVERIES_PER_TRIGGER_CONCURRENCY,
  DELIVERIES_READY_MAX,
  DELIVERIES_WAITING_MAX,
} from "../../contracts/limits.ts";
import { edge, failed, ok } from "../testing/edge.ts";
import { refusalOf } from "../testing/harness.ts";
import { deliveryOf, dispatcherWith, retry, triggerOf } from "./testing.ts";

const SOON = { timeout: 5_000, interval: 10 };

describe("a paused trigger", () => {
  it("keeps what comes, counted, and delivers it in order when it is resumed", async () => {
    const trigger = triggerOf({ state: "paused" });
    const { orgId, stub, configure, deliveries, counts } = await dispatcherWith([trigger]);
    await stub.enqueue([1, 2, 3].map((next) => deliveryOf(trigger, { next, orderKey: "a" })));
    await scheduler.wait(20);
    expect(edge.requests(orgId)).toEqual([]);
    expect((await deliveries()).map(({ state, dueAt }) => [state, dueAt])).toEqual([
      ["held", null],
      ["held", null],
      ["held", null],
    ]);
    expect(await stub.triggerBacklogs()).toEqual({ [trigger.id]: { waiting: 0, held: 3, dead: 0, nextAt: null } });
    await configure([{ ...trigger, state: "active" }]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 3 }), SOON);
    expect(edge.events(orgId).map(({ data }) => (data.kind === "kv" ? data.next : null))).toEqual([1, 2, 3]);
  });

  it("starts nothing more of what was waiting, and lets what runs end", async () => {
    const trigger = triggerOf();
    const { orgId, stub, configure, counts } = await dispatcherWith([trigger]);
    edge.hold(orgId);
    edge.behave(orgId, async () => {
      await edge.whileHeld(orgId);
      return ok();
    });
    await stub.enqueue([1, 2].map((next) => deliveryOf(trigger, { next, orderKey: "a" })));
    await vi.waitFor(() => expect(edge.requests(orgId)).toHaveLength(1), SOON);
    await configure([{ ...trigger, state: "paused" }]);
    edge.release(orgId);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 1, waiting: 1 }), SOON);
    await scheduler.wait(20);
    expect(edge.requests(orgId)).toHaveLength(1);
    expect(await stub.triggerBacklogs()).toMatchObject({ [trigger.id]: { held: 1 } });
  });

  it("starts nothing more of what had its turn coming, in memory or not", async () => {
    const [other, trigger] = [triggerOf(), triggerOf()];
    const { orgId, stub, configure, counts } = await dispatcherWith([other, trigger]);
    edge.hold(other.id);
    edge.hold(trigger.id);
    edge.behave(orgId, async ({ trigger: { id } }) => {
      await edge.whileHeld(id);
      return ok();
    });
    const others = DELIVERIES_PER_TRIGGER_CONCURRENCY;
    const begun = DELIVERIES_CONCURRENCY - others;
    const count = DELIVERIES_READY_MAX + 100;
    await stub.enqueue(Array.from({ length: others }, () => deliveryOf(other)));
    await stub.enqueue(Array.from({ length: count }, () => deliveryOf(trigger)));
    expect(edge.requests(orgId)).toHaveLength(DELIVERIES_CONCURRENCY);
    await configure([other, { ...trigger, state: "paused" }]);
    edge.release(other.id);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: others, waiting: count }), SOON);
    edge.release(trigger.id);
    const done = others + begun;
    await vi.waitFor(async () => expect(await counts()).toEqual({ done, waiting: count - begun }), SOON);
    await scheduler.wait(20);
    expect(edge.requests(orgId)).toHaveLength(done);
    await configure([other, trigger]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: others + count }), SOON);
  });

  it("can have what it holds thrown away", async () => {
    const trigger = triggerOf({ state: "paused" });
    const { orgId, stub, configure, counts } = await dispatcherWith([trigger]);
    await stub.enqueue([1, 2, 3].map((next) => deliveryOf(trigger, { next })));
    expect(await stub.discardDeliveries(trigger.id)).toBe(3);
    expect(await stub.discardDeliveries(trigger.id)).toBe(0);
    await configure([{ ...trigger, state: "active" }]);
    const later = deliveryOf(trigger);
    await stub.enqueue([later]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 1 }), SOON);
    expect(edge.events(orgId).map(({ id }) => id)).toEqual([later.id]);
  });
});

describe("throwing away what waits", () => {
  it("leaves what is under way, and what comes after is delivered", async () => {
    const trigger = triggerOf();
    const { orgId, stub, counts } = await dispatcherWith([trigger]);
    edge.hold(orgId);
    edge.behave(orgId, async () => {
      await edge.whileHeld(orgId);
      return ok();
    });
    await stub.enqueue([1, 2, 3].map((next) => deliveryOf(trigger, { next, orderKey: "a" })));
    await vi.waitFor(() => expect(edge.requests(orgId)).toHaveLength(1), SOON);
    expect(await stub.discardDeliveries(trigger.id)).toBe(2);
    await stub.enqueue([deliveryOf(trigger, { next: 4, orderKey: "a" })]);
    edge.release(orgId);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 2 }), SOON);
    expect(edge.events(orgId).map(({ data }) => (data.kind === "kv" ? data.next : null))).toEqual([1, 4]);
  });
});

describe("a trigger that is removed", () => {
  it("takes what it has waiting with it, also what is running then, and leaves what has ended to be seen", async () => {
    const [gone, stays] = [triggerOf({ name: "gone" }), triggerOf()];
    const { orgId, stub, configure, deliveries, counts } = await dispatcherWith([gone, stays]);
    await stub.enqueue([deliveryOf(gone)]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 1 }), SOON);
    edge.hold(gone.id);
    edge.behave(orgId, async ({ trigger }) => {
      await edge.whileHeld(trigger.id);
      return failed();
    });
    await stub.enqueue([1, 2].map((next) => deliveryOf(gone, { next, orderKey: "a" })));
    await vi.waitFor(() => expect(edge.requests(orgId)).toHaveLength(2), SOON);
    await configure([stays]);
    expect(await counts()).toEqual({ done: 1 });
    edge.release(gone.id);
    await scheduler.wait(50);
    expect(await counts()).toEqual({ done: 1 });
    expect(await deliveries()).toMatchObject([{ triggerName: "gone", state: "done" }]);
    expect(await stub.listDeadLetters(null, { cursor: null, limit: 5 })).toEqual({ items: [], cursor: null });
    edge.behave(orgId, () => ok());
    await stub.enqueue([deliveryOf(stays), deliveryOf(gone)]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 2 }), SOON);
  });

  it("is not brought back by a configuration that is older", async () => {
    const trigger = triggerOf();
    const { orgId, stub, configure, counts } = await dispatcherWith([trigger]);
    await configure([]);
    await configure([trigger], { revision: 1 });
    await stub.enqueue([deliveryOf(trigger)]);
    expect(await counts()).toEqual({});
    expect(edge.requests(orgId)).toEqual([]);
  });
});

describe("a dispatcher in which too much waits", () => {
  it("refuses more, takes it up when there is room, and ends what it has", async () => {
    const [full, listener] = [
      triggerOf({ state: "paused", retry: retry({ maxAttempts: 1 }) }),
      triggerOf({ source: { kind: "dead_letter", of: null } }),
    ];
    const { orgId, stub, configure, deadLetters } = await dispatcherWith([full, listener]);
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec(
        `INSERT INTO deliveries (id, trigger_id, order_key, at, since, depth, due_at, length, data)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         SELECT 'dlv_' || i, ?, 'a', 1, ?, 1, CASE WHEN i = 1 THEN 1 ELSE NULL END, 2, '{}' FROM n`,
        DELIVERIES_WAITING_MAX,
        full.id,
        Date.now(),
      );
    });
    expect((await refusalOf(stub.enqueue([deliveryOf(full)]))).code).toBe("unavailable");
    expect((await refusalOf(stub.fireTrigger(full.id, null))).code).toBe("unavailable");
    edge.hold(orgId);
    let runs = 0;
    edge.behave(orgId, async () => {
      runs += 1;
      if (runs > 1) await edge.whileHeld(orgId);
      return failed();
    });
    await configure([{ ...full, state: "active" }, listener]);
    await vi.waitFor(async () => expect((await deadLetters())[0]?.note).toContain("was not told"), SOON);
    expect(await stub.discardDeliveries(full.id)).toBe(DELIVERIES_WAITING_MAX - 2);
    edge.release(orgId);
    await scheduler.wait(300);
    await stub.enqueue([deliveryOf(full)]);
  }, 30_000);
});
