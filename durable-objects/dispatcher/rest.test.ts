import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import { NO_ORIGIN } from "../../contracts/data/origin.ts";
import type { EventData } from "../../contracts/events/event.ts";
import type { Trigger } from "../../contracts/events/trigger.ts";
import { edge } from "../testing/edge.ts";
import { deliveryOf, dispatcherWith, triggerOf } from "./testing.ts";

const MINUTE = 60_000;
const QUIET_MS = 150;
const everyMinute = (): Trigger =>
  triggerOf({ source: { kind: "cron", schedule: "* * * * *", timeZone: "UTC", jitterMs: 0 } });
const consumer = (): Trigger => triggerOf({ source: { kind: "queue", queue: "mail", batchSize: 1, batchWaitMs: 0 } });

/** A Dispatcher with these triggers whose org rests. */
async function resting(triggers: Trigger[]) {
  const all = await dispatcherWith(triggers);
  await all.configure(triggers, { resting: true });
  return {
    ...all,
    resume: () => all.configure(triggers, { resting: false }),
    sql: (query: string, ...bindings: (string | number)[]) =>
      runInDurableObject(all.stub, (_, state) => state.storage.sql.exec(query, ...bindings).toArray()),
  };
}

describe("while its org rests a Dispatcher", () => {
  it("keeps deliveries, messages and runs, and delivers them when the org is back", async () => {
    const changes = triggerOf();
    const mail = consumer();
    const { orgId, stub, resume } = await resting([changes, mail]);
    await stub.enqueue([deliveryOf(changes)]);
    await stub.queueSend("mail", [{ value: "1", delayMs: 0 }], NO_ORIGIN);
    await scheduler.wait(QUIET_MS);
    expect(edge.events(orgId)).toEqual([]);
    await resume();
    await vi.waitFor(() =>
      expect(
        edge
          .events(orgId)
          .map(({ data }) => data.kind)
          .toSorted(),
      ).toEqual(["kv", "queue"]),
    );
  });

  it("sets no alarm for what is due", async () => {
    const changes = triggerOf();
    const { stub, alarmAt, sql } = await resting([changes, everyMinute()]);
    await sql("UPDATE schedules SET due_at = ?1, starts_at = ?1", Date.now() - 5 * MINUTE);
    await stub.enqueue([deliveryOf(changes)]);
    await runDurableObjectAlarm(stub);
    expect(await alarmAt()).toBeNull();
  });

  it("sets a schedule off once when the org is back, however often it was due and whatever waited before", async () => {
    const trigger = everyMinute();
    const { orgId, stub, configure, sql, resume } = await resting([trigger]);
    const since = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
    const dueSince = (at: number) => sql("UPDATE schedules SET due_at = ?1, starts_at = ?1", at);
    await dueSince(since);
    await configure([trigger, triggerOf()], { resting: true });
    await dueSince(since + 5 * MINUTE);
    await resume();
    const events = () => edge.events(orgId).map(({ data }) => data as Extract<EventData, { kind: "cron" }>);
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    await scheduler.wait(QUIET_MS);
    expect(events()).toHaveLength(1);
    expect(events()[0]?.scheduledAt).toBeGreaterThanOrEqual(since + 10 * MINUTE);
    const [first] = (await stub.cronHistory(trigger.id, { cursor: null, limit: 10 })).items;
    expect(first?.state).toBe("done");
  });

  it("still rests after it was started anew", async () => {
    const changes = triggerOf();
    const { orgId, stub, deliveries } = await resting([changes]);
    await stub.enqueue([deliveryOf(changes)]);
    await evictDurableObject(stub);
    expect(await deliveries()).toHaveLength(1);
    await scheduler.wait(QUIET_MS);
    expect(edge.events(orgId)).toEqual([]);
  });
});
