import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import { newId } from "../../contracts/ids.ts";
import {
  DELIVERIES_CONCURRENCY,
  DELIVERIES_SAFETY_MS,
  DELIVERIES_PER_TRIGGER_CONCURRENCY,
  DELIVERIES_READY_MAX,
} from "../../contracts/limits.ts";
import { edge, failed, lost, ok, saturated, unreached } from "../testing/edge.ts";
import { testEnv } from "../testing/harness.ts";
import { deliveryOf, dispatcherWith, retry, triggerOf } from "./testing.ts";

const SOON = { timeout: 5_000, interval: 10 };

describe("a delivery", () => {
  it("leaves at once, as the event that its trigger's script is to get", async () => {
    const trigger = triggerOf();
    const { orgId, stub, deliveries } = await dispatcherWith([trigger]);
    const delivery = deliveryOf(trigger, { depth: 3, causedBy: "exe_cause", at: 7_000 });
    await stub.enqueue([delivery]);
    await vi.waitFor(async () => expect((await deliveries())[0]?.state).toBe("done"), SOON);
    expect(edge.requests(orgId)).toEqual([
      {
        orgId,
        slug: "hello",
        scriptId: "scr_1",
        work: {
          type: "event",
          event: {
            id: delivery.id,
            trigger: { id: trigger.id, name: trigger.name },
            attempt: 1,
            depth: 3,
            at: 7_000,
            causedBy: "exe_cause",
            data: { kind: "kv", collection: "things", key: "k", operation: "set", next: 1, version: 1 },
          },
        },
      },
    ]);
    const detail = await stub.findDelivery(delivery.id);
    expect(detail).toMatchObject({ attempts: 1, lastError: null, dueAt: null, triggerName: trigger.name, kind: "kv" });
    expect(detail?.history).toMatchObject([{ error: null, durationMs: 1 }]);
    expect(detail?.data).toBe(delivery.data);
  });

  it("is made once, however often it is handed over", async () => {
    const trigger = triggerOf();
    const { orgId, stub, counts } = await dispatcherWith([trigger]);
    const delivery = deliveryOf(trigger);
    await Promise.all([stub.enqueue([delivery, delivery]), stub.enqueue([delivery])]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 1 }), SOON);
    await stub.enqueue([delivery]);
    await scheduler.wait(30);
    expect(edge.requests(orgId)).toHaveLength(1);
  });

  it("for a trigger that is not there is let go, and leaves nothing where there was nothing", async () => {
    const { orgId, stub, counts } = await dispatcherWith([]);
    await stub.enqueue([deliveryOf(triggerOf())]);
    expect(await counts()).toEqual({});
    expect(edge.requests(orgId)).toEqual([]);
  });

  it("that fails is tried again under the same id until it succeeds", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 5 }) });
    const { orgId, stub, deliveries } = await dispatcherWith([trigger]);
    edge.behave(orgId, ({ attempt }) => (attempt < 3 ? failed(`no ${attempt}`) : ok()));
    const delivery = deliveryOf(trigger);
    await stub.enqueue([delivery]);
    await vi.waitFor(async () => expect((await deliveries())[0]?.state).toBe("done"), SOON);
    expect(edge.events(orgId).map(({ id, attempt }) => [id, attempt])).toEqual([
      [delivery.id, 1],
      [delivery.id, 2],
      [delivery.id, 3],
    ]);
    const history = (await stub.findDelivery(delivery.id))?.history ?? [];
    expect(history.map(({ error }) => error?.message ?? null)).toEqual(["no 1", "no 2", null]);
  });

  it("that found no room is asked for again, and that was no attempt", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 1 }) });
    const { orgId, stub, deliveries } = await dispatcherWith([trigger]);
    let calls = 0;
    edge.behave(orgId, () => {
      calls += 1;
      if (calls === 1) return saturated();
      if (calls === 2) throw unreached();
      return ok();
    });
    await stub.enqueue([deliveryOf(trigger)]);
    await vi.waitFor(async () => expect((await deliveries())[0]).toMatchObject({ state: "done", attempts: 1 }), SOON);
    expect(edge.events(orgId).map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  });

  it("waits where there is no edge at all", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 1 }) });
    const orgId = newId("org");
    const stub = testEnv.DISPATCHER.getByName(orgId);
    await stub.configure({
      orgId,
      slug: "hello",
      revision: 1,
      resting: false,
      triggers: [trigger],
      signingSecrets: {},
    });
    const delivery = deliveryOf(trigger);
    await stub.enqueue([delivery]);
    await vi.waitFor(async () => {
      expect(await stub.findDelivery(delivery.id)).toMatchObject({ state: "waiting", attempts: 0 });
    }, SOON);
    await stub.erase();
  });

  it("whose edge was lost while it ran has made an attempt", async () => {
    const trigger = triggerOf();
    const { orgId, stub, deadLetters } = await dispatcherWith([trigger]);
    edge.behave(orgId, () => Promise.reject(lost()));
    await stub.enqueue([deliveryOf(trigger)]);
    await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(1), SOON);
    expect((await deadLetters())[0]).toMatchObject({ attempts: 2, error: { code: "unavailable" } });
  });

  it("that is refused for the length of its chain ends without a dead letter", async () => {
    const trigger = triggerOf();
    const { orgId, stub, deliveries, deadLetters } = await dispatcherWith([trigger]);
    edge.behave(orgId, () => ({ outcome: "refused", executionId: "exe_r", code: "over_budget", message: "too deep" }));
    await stub.enqueue([deliveryOf(trigger)]);
    await vi.waitFor(async () => expect((await deliveries())[0]?.state).toBe("dead"), SOON);
    expect((await deliveries())[0]).toMatchObject({
      attempts: 1,
      executionId: "exe_r",
      lastError: { code: "over_budget" },
    });
    expect(await deadLetters()).toEqual([]);
  });

  it("that is refused because its script is gone becomes a dead letter at once", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 9 }) });
    const { orgId, stub, deadLetters } = await dispatcherWith([trigger]);
    edge.behave(orgId, () => ({ outcome: "refused", executionId: null, code: "not_found", message: "gone" }));
    await stub.enqueue([deliveryOf(trigger)]);
    await vi.waitFor(async () => expect(await deadLetters()).toMatchObject([{ attempts: 1 }]), SOON);
  });

  it("that would be tried again past its age is given up", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 50, maxAgeMs: 1_000 }) });
    const { orgId, stub, deadLetters } = await dispatcherWith([trigger]);
    edge.behave(orgId, () => failed());
    await stub.enqueue([deliveryOf(trigger, { at: Date.now() - 995 })]);
    await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(1), SOON);
    expect((await deadLetters())[0]?.attempts).toBeLessThan(5);
  });
});

describe("deliveries of one order key", () => {
  it("are made one after another in the order of arrival, a failing one before those behind it", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 3 }) });
    const { orgId, stub, counts } = await dispatcherWith([trigger]);
    let running = 0;
    edge.behave(orgId, async ({ data, attempt }) => {
      running += 1;
      expect(running).toBe(1);
      await scheduler.wait(2);
      running -= 1;
      return data.kind === "kv" && data.next === 1 && attempt < 3 ? failed() : ok();
    });
    await stub.enqueue([0, 1, 2].map((next) => deliveryOf(trigger, { orderKey: "a", next })));
    await stub.enqueue([deliveryOf(trigger, { orderKey: "a", next: 3 })]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 4 }), SOON);
    const seen = edge.events(orgId).map(({ data }) => (data.kind === "kv" ? data.next : null));
    expect(seen).toEqual([0, 1, 1, 1, 2, 3]);
  });

  it("go on when the one before has given up", async () => {
    const trigger = triggerOf();
    const { orgId, stub, counts } = await dispatcherWith([trigger]);
    edge.behave(orgId, ({ data }) => (data.kind === "kv" && data.next === 0 ? failed() : ok()));
    await stub.enqueue([0, 1].map((next) => deliveryOf(trigger, { orderKey: "a", next })));
    await vi.waitFor(async () => expect(await counts()).toEqual({ dead: 1, done: 1 }), SOON);
  });

  it("do not hold back those of other keys", async () => {
    const trigger = triggerOf({ retry: retry({ delayMs: 60_000, maxDelayMs: 60_000 }) });
    const { orgId, stub, counts } = await dispatcherWith([trigger]);
    edge.behave(orgId, ({ data }) => (data.kind === "kv" && data.next === "poison" ? failed() : ok()));
    const poisoned = ["poison", 1, 2].map((next) => deliveryOf(trigger, { orderKey: "bad", next }));
    const others = Array.from({ length: 50 }, (_, n) => deliveryOf(trigger, { orderKey: `good-${n % 5}`, next: n }));
    await stub.enqueue([...poisoned, ...others]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ waiting: 3, done: 50 }), SOON);
    expect(edge.events(orgId)).toHaveLength(51);
  });
});

describe("many deliveries", () => {
  it("are all made, many at once and no more than may be", async () => {
    const triggers = [triggerOf(), triggerOf()];
    const { orgId, stub, counts } = await dispatcherWith(triggers);
    const all = Array.from({ length: 2_000 }, (_, n) =>
      deliveryOf(triggers[n % 2] ?? triggerOf(), { orderKey: n % 3 === 0 ? `key-${n % 100}` : null }),
    );
    for (let from = 0; from < all.length; from += 200) await stub.enqueue(all.slice(from, from + 200));
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 2_000 }), { timeout: 20_000, interval: 50 });
    expect(new Set(edge.events(orgId).map(({ id }) => id)).size).toBe(2_000);
    expect(edge.requests(orgId)).toHaveLength(2_000);
    expect(edge.most(orgId)).toBeLessThanOrEqual(DELIVERIES_CONCURRENCY);
    expect(edge.most(orgId)).toBeGreaterThan(DELIVERIES_PER_TRIGGER_CONCURRENCY);
  }, 30_000);

  it("are all made where edges have room for a few only, and hardly later for those that were turned away", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 1 }) });
    const { orgId, stub, counts } = await dispatcherWith([trigger]);
    let running = 0;
    edge.behave(orgId, async () => {
      if (running >= 5) return saturated();
      running += 1;
      await scheduler.wait(2);
      running -= 1;
      return ok();
    });
    await stub.enqueue(Array.from({ length: 100 }, () => deliveryOf(trigger)));
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 100 }), SOON);
    const turnedAway = edge.requests(orgId).length - 100;
    expect(turnedAway).toBeGreaterThan(0);
    expect(turnedAway).toBeLessThan(100);
  });

  it("are all made when one change makes more of them than memory is to hold", async () => {
    const subscribers = Array.from({ length: 20 }, () => triggerOf({ source: { kind: "pubsub", topic: "news" } }));
    const { orgId, stub, counts } = await dispatcherWith(subscribers);
    const values = Array.from({ length: 50 }, (_, n) => String(n));
    expect(values.length * subscribers.length).toBeGreaterThan(DELIVERIES_READY_MAX);
    await stub.topicPublish("news", values, { executionId: null, depth: 0 });
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 1_000 }), SOON);
    expect(edge.requests(orgId)).toHaveLength(1_000);
  });

  it("of a trigger that has no room do not make another's retry late", async () => {
    const [slow, failing] = [triggerOf(), triggerOf()];
    const { orgId, stub, deadLetters } = await dispatcherWith([slow, failing]);
    edge.hold(slow.id);
    edge.behave(orgId, async ({ trigger }) => {
      await edge.whileHeld(trigger.id);
      return trigger.id === failing.id ? failed() : ok();
    });
    await stub.enqueue(Array.from({ length: DELIVERIES_READY_MAX + 100 }, () => deliveryOf(slow)));
    await stub.enqueue([deliveryOf(failing)]);
    const began = Date.now();
    await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(1), SOON);
    expect(Date.now() - began).toBeLessThan(DELIVERIES_SAFETY_MS / 2);
    expect(await stub.discardDeliveries(slow.id)).toBe(DELIVERIES_READY_MAX + 100 - DELIVERIES_PER_TRIGGER_CONCURRENCY);
    edge.release(slow.id);
  });

  it("go on where what came of one of them cannot be written down", async () => {
    const trigger = triggerOf();
    const { orgId, stub, counts } = await dispatcherWith([trigger]);
    const bad = deliveryOf(trigger);
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec(
        `CREATE TRIGGER refuse BEFORE UPDATE ON deliveries WHEN old.id = '${bad.id}'
         BEGIN SELECT raise(ABORT, 'disk'); END`,
      );
    });
    await stub.enqueue([deliveryOf(trigger), bad, deliveryOf(trigger)]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 2, waiting: 1 }), SOON);
    await runInDurableObject(stub, (_, state) => state.storage.sql.exec("DROP TRIGGER refuse").toArray());
    await abortAllDurableObjects();
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 3 }), SOON);
    expect(edge.events(orgId).filter(({ id }) => id === bad.id)).toHaveLength(2);
  });

  it("of a slow trigger leave room for those of others", async () => {
    const [slow, quick] = [triggerOf(), triggerOf()];
    const { orgId, stub, counts } = await dispatcherWith([slow, quick]);
    edge.hold(slow.id);
    edge.behave(orgId, async ({ trigger }) => {
      await edge.whileHeld(trigger.id);
      return ok();
    });
    await stub.enqueue(Array.from({ length: 100 }, () => deliveryOf(slow)));
    await stub.enqueue(Array.from({ length: 20 }, () => deliveryOf(quick)));
    await vi.waitFor(async () => expect(await counts()).toEqual({ waiting: 100, done: 20 }), SOON);
    expect(edge.most(orgId)).toBeGreaterThan(DELIVERIES_PER_TRIGGER_CONCURRENCY);
    edge.release(slow.id);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 120 }), SOON);
  });
});

describe("a restart", () => {
  it("makes due again what had not ended, under the same ids", async () => {
    const trigger = triggerOf();
    const { orgId, stub, counts, alarmAt } = await dispatcherWith([trigger]);
    edge.hold(orgId);
    edge.behave(orgId, async () => {
      await edge.whileHeld(orgId);
      return ok();
    });
    const all = [0, 1, 2].map((next) => deliveryOf(trigger, { orderKey: "a", next }));
    await stub.enqueue(all);
    await vi.waitFor(() => expect(edge.requests(orgId)).toHaveLength(1), SOON);
    const ringsAt = await alarmAt();
    expect(ringsAt).toBeGreaterThan(Date.now());
    expect(ringsAt).toBeLessThanOrEqual(Date.now() + DELIVERIES_SAFETY_MS);
    await abortAllDurableObjects();
    edge.release(orgId);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 3 }), SOON);
    expect(edge.events(orgId).map(({ id }) => id)).toEqual([all[0]?.id, ...all.map(({ id }) => id)]);
  });

  it("arms the alarm again where it is lost", async () => {
    const trigger = triggerOf({ retry: retry({ delayMs: 60_000, maxDelayMs: 60_000 }) });
    const { orgId, stub, deliveries, alarmAt } = await dispatcherWith([trigger]);
    edge.behave(orgId, () => failed());
    await stub.enqueue([deliveryOf(trigger)]);
    await vi.waitFor(async () => expect((await deliveries())[0]?.attempts).toBe(1), SOON);
    await runInDurableObject(stub, (_, state) => state.storage.deleteAlarm());
    await evictDurableObject(stub);
    expect(await alarmAt()).toBeGreaterThan(Date.now() + 30_000);
  });

  it("is not needed for an idle dispatcher to be left alone", async () => {
    const trigger = triggerOf();
    const { stub, counts, alarmAt } = await dispatcherWith([trigger]);
    expect(await alarmAt()).toBeNull();
    await stub.enqueue([deliveryOf(trigger)]);
    await vi.waitFor(async () => expect(await counts()).toEqual({ done: 1 }), SOON);
    vi.useFakeTimers({ now: Date.now() + DELIVERIES_SAFETY_MS, toFake: ["Date"] });
    try {
      await runDurableObjectAlarm(stub);
    } finally {
      vi.useRealTimers();
    }
    // What is left is the day on which the delivery is forgotten.
    expect(await alarmAt()).toBeGreaterThan(Date.now() + 60 * 60 * 1000);
  });
});
