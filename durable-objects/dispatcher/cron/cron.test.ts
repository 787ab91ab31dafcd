import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import type { EventData } from "../../../contracts/events/event.ts";
import type { SourceOf, Trigger } from "../../../contracts/events/trigger.ts";
import { CRON_HEAD_START_MS, CRON_HISTORY_MAX, CRON_MISSED_MAX } from "../../../contracts/limits.ts";
import { edge, failed, ok } from "../../testing/edge.ts";
import { testEnv } from "../../testing/harness.ts";
import { dispatcherWith, triggerOf } from "../testing.ts";

const DAILY = "0 3 1 1 *";
const MINUTE = 60_000;

/** A schedule; without more it is due once a year, and so not while a test runs. */
function cronTrigger(schedule = DAILY, more: Partial<Trigger> & Partial<SourceOf<"cron">> = {}): Trigger {
  const { timeZone = "UTC", jitterMs = 0, ...rest } = more;
  return triggerOf({ ...rest, source: { kind: "cron", schedule, timeZone, jitterMs } });
}

/** A Dispatcher with one schedule, whose clock a test can set back. */
async function scheduled(trigger: Trigger = cronTrigger()) {
  const all = await dispatcherWith([trigger]);
  const reached = () => testEnv.DETACHED_DISPATCHER.getByName(all.orgId);
  const sql = (query: string, ...bindings: (string | number)[]) =>
    runInDurableObject(reached(), (_, state) => state.storage.sql.exec(query, ...bindings).toArray());
  return {
    ...all,
    trigger,
    sql,
    schedule: async () =>
      (await sql("SELECT due_at, starts_at FROM schedules WHERE trigger_id = ?", trigger.id))[0] as
        | { due_at: number; starts_at: number }
        | undefined,
    /** Has it be due since then. */
    dueSince: (at: number) => sql("UPDATE schedules SET due_at = ?1, starts_at = ?1", at),
    ring: () => runDurableObjectAlarm(reached()),
    events: () => edge.events(all.orgId).map(({ data }) => data as Extract<EventData, { kind: "cron" }>),
    history: async (limit = 50) => (await reached().cronHistory(trigger.id, { cursor: null, limit })).items,
  };
}

const lastMinute = () => Math.floor(Date.now() / MINUTE) * MINUTE;

describe("a schedule", () => {
  it("sets its trigger off when it is due, by the object's own alarm, and is due again later", async () => {
    const { events, schedule, history, trigger } = await scheduled(cronTrigger("* * * * * *"));
    await vi.waitFor(() => expect(events().length).toBeGreaterThanOrEqual(2), 4_000);
    const [first, second] = events();
    expect(first).toMatchObject({ kind: "cron", schedule: "* * * * * *", timeZone: "UTC", missed: 0 });
    expect(second?.scheduledAt).toBe((first?.scheduledAt ?? 0) + 1_000);
    expect((await schedule())?.due_at).toBeGreaterThan(second?.scheduledAt ?? 0);
    await vi.waitFor(async () => {
      const run = (await history()).find(({ scheduledAt }) => scheduledAt === first?.scheduledAt);
      expect(run).toMatchObject({ state: "done", error: null });
      expect(run?.startedAt).toBeGreaterThanOrEqual(first?.scheduledAt ?? Infinity);
      expect((run?.startedAt ?? Infinity) - (first?.scheduledAt ?? 0)).toBeLessThan(500);
    });
    expect(trigger.state).toBe("active");
  });

  it("has its object wake shortly before it is due", async () => {
    const { schedule, alarmAt } = await scheduled();
    const startsAt = (await schedule())?.starts_at ?? 0;
    expect(startsAt - ((await alarmAt()) ?? 0)).toBeGreaterThan(0);
    expect(startsAt - ((await alarmAt()) ?? 0)).toBeLessThanOrEqual(CRON_HEAD_START_MS);
  });

  it("is written down and its edges are told before its time, and runs when it has come", async () => {
    const { dueSince, ring, events, history, sql } = await scheduled(cronTrigger("0 0 1 1 *"));
    const [{ slug }] = (await sql("SELECT slug FROM identity")) as [{ slug: string }];
    const startsAt = Date.now() + CRON_HEAD_START_MS / 2 - 50;
    await dueSince(startsAt);
    await ring();
    expect(edge.warmed).toContain(slug);
    expect(await history()).toMatchObject([{ scheduledAt: startsAt, startedAt: null }]);
    expect(events()).toEqual([]);
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    expect(Date.now()).toBeGreaterThanOrEqual(startsAt);
  });

  it("runs once after it was slept through, for the newest due time, and counts the others", async () => {
    const { dueSince, ring, events, schedule } = await scheduled(cronTrigger("* * * * *"));
    const now = lastMinute();
    await dueSince(now - 10 * MINUTE);
    await ring();
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    expect(events()[0]).toMatchObject({ scheduledAt: lastMinute(), missed: 10 + (lastMinute() - now) / MINUTE });
    expect((await schedule())?.due_at).toBe(lastMinute() + MINUTE);
  });

  it("runs once after a very long sleep, and counts no further than the bound", async () => {
    const { dueSince, ring, events } = await scheduled(cronTrigger("* * * * *"));
    await dueSince(lastMinute() - 400 * 24 * 60 * MINUTE);
    const startedAt = Date.now();
    await ring();
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(events()[0]).toMatchObject({ scheduledAt: lastMinute(), missed: CRON_MISSED_MAX });
  });

  it("leaves none out where more slept long than one pass takes", async () => {
    const minutely = () => cronTrigger("* * * * *");
    const { configure, trigger, dueSince, ring, events } = await scheduled(minutely());
    await configure([trigger, minutely(), minutely(), minutely(), minutely()]);
    await dueSince(lastMinute() - 400 * 24 * 60 * MINUTE);
    await ring();
    await vi.waitFor(() => expect(events()).toHaveLength(5), 4_000);
    expect(new Set(events().map(({ scheduledAt }) => scheduledAt))).toEqual(new Set([lastMinute()]));
  });

  it("runs once when the object dies between two due times, however often it starts", async () => {
    const { dueSince, events, sql, orgId } = await scheduled(cronTrigger("* * * * *"));
    await dueSince(lastMinute());
    for (let start = 0; start < 3; start += 1) {
      await abortAllDurableObjects();
      await testEnv.DETACHED_DISPATCHER.getByName(orgId).triggerBacklogs();
    }
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    await scheduler.wait(100);
    expect(events()).toHaveLength(1);
    expect(await sql("SELECT seq FROM cron_runs")).toHaveLength(1);
  });

  it("writes the delivery and the next due time together, or neither", async () => {
    const { dueSince, ring, sql, schedule, events } = await scheduled(cronTrigger("* * * * *"));
    const due = lastMinute() - 5 * MINUTE;
    await dueSince(due);
    await sql("CREATE TRIGGER refuse BEFORE INSERT ON deliveries BEGIN SELECT raise(ABORT, 'no'); END");
    await ring();
    expect(await schedule()).toEqual({ due_at: due, starts_at: due });
    expect(await sql("SELECT seq FROM cron_runs")).toHaveLength(0);
    await sql("DROP TRIGGER refuse");
    await ring();
    await vi.waitFor(() => expect(events()).toHaveLength(1));
  });
});

describe("a change of configuration", () => {
  it("leaves the due time of a schedule that stays the same", async () => {
    const { configure, dueSince, schedule, trigger } = await scheduled();
    await dueSince(9e12);
    await configure([{ ...trigger, name: "renamed", scriptId: "scr_2" }, cronTrigger()]);
    expect((await schedule())?.due_at).toBe(9e12);
  });

  it("has a changed schedule be due as from now", async () => {
    const { configure, dueSince, schedule, trigger, events } = await scheduled();
    await dueSince(lastMinute());
    await configure([{ ...trigger, source: { kind: "cron", schedule: "0 4 1 1 *", timeZone: "UTC", jitterMs: 0 } }]);
    expect((await schedule())?.due_at).toBeGreaterThan(Date.now());
    await scheduler.wait(50);
    expect(events()).toEqual([]);
  });

  it("keeps nothing of what was due while a schedule was disabled, and its history from before", async () => {
    const { configure, dueSince, ring, schedule, trigger, events, history } = await scheduled();
    await dueSince(lastMinute());
    await ring();
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    await configure([]);
    expect(await schedule()).toBeUndefined();
    await configure([trigger]);
    expect((await schedule())?.due_at).toBeGreaterThan(Date.now());
    expect(await history()).toHaveLength(1);
  });
});

describe("a paused schedule", () => {
  it("holds one run, the newest, which stands for all that it missed", async () => {
    const { configure, dueSince, ring, trigger, events, history, deliveries } = await scheduled(
      cronTrigger("0 * * * *", { state: "paused" }),
    );
    const hour = Math.floor(Date.now() / (60 * MINUTE)) * 60 * MINUTE;
    await dueSince(hour - 2 * 60 * MINUTE);
    await ring();
    await dueSince(hour);
    await ring();
    expect(await deliveries()).toMatchObject([{ state: "held" }]);
    expect((await history()).map(({ state }) => state)).toEqual(["held", "skipped"]);
    await configure([{ ...trigger, state: "active" }]);
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    expect(events()[0]).toMatchObject({ missed: 3 });
    await vi.waitFor(async () => expect((await history()).map(({ state }) => state)).toEqual(["done", "skipped"]));
  });

  it("says of a run that was discarded that it was skipped", async () => {
    const { dueSince, ring, stub, trigger, history } = await scheduled(cronTrigger(DAILY, { state: "paused" }));
    await dueSince(lastMinute());
    await ring();
    expect(await stub.discardDeliveries(trigger.id)).toBe(1);
    expect((await history()).map(({ state }) => state)).toEqual(["skipped"]);
  });
});

describe("the history of a schedule", () => {
  it("tells what became of each run, with its error, and pages from the newest", async () => {
    const { orgId, dueSince, ring, history, stub, trigger } = await scheduled();
    edge.behave(orgId, (event) => (event.attempt === 1 ? failed("first try") : ok()));
    await dueSince(lastMinute() - MINUTE);
    await ring();
    await vi.waitFor(async () => expect((await history())[0]).toMatchObject({ state: "done", error: null }));
    edge.behave(orgId, () => failed("for good"));
    await dueSince(lastMinute());
    await ring();
    await vi.waitFor(async () =>
      expect((await history())[0]).toMatchObject({
        state: "dead",
        error: { code: "script_error", message: "for good" },
      }),
    );
    const first = await stub.cronHistory(trigger.id, { cursor: null, limit: 1 });
    const second = await stub.cronHistory(trigger.id, { cursor: first.cursor, limit: 1 });
    expect([first.items[0]?.state, second.items[0]?.state, second.cursor]).toEqual(["dead", "done", null]);
    expect(first.items[0]?.executionId).toMatch(/^exe_/);
  });

  it("shows a run that is under way, and one that waits for another try", async () => {
    const { orgId, dueSince, ring, history } = await scheduled();
    edge.hold(orgId);
    edge.behave(orgId, async () => {
      await edge.whileHeld(orgId);
      return ok();
    });
    await dueSince(lastMinute());
    await ring();
    expect((await history())[0]).toMatchObject({ state: "running", executionId: null });
    edge.release(orgId);
    await vi.waitFor(async () => expect((await history())[0]?.state).toBe("done"));
  });

  it("keeps no more than its bound of each trigger", async () => {
    const { sql, stub, trigger, history } = await scheduled();
    await sql(
      `INSERT INTO cron_runs (trigger_id, scheduled_at, missed, delivery_id, state)
       WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ?2)
       SELECT ?1, value, 0, 'dlv_' || value, 'done' FROM numbers`,
      trigger.id,
      CRON_HISTORY_MAX,
    );
    await stub.fireTrigger(trigger.id, null);
    expect(await sql("SELECT count(*) AS count, min(scheduled_at) AS first FROM cron_runs")).toEqual([
      { count: CRON_HISTORY_MAX, first: 2 },
    ]);
    expect(await history(1)).toHaveLength(1);
  });

  it("is empty for a trigger that nobody knows, and leaves nothing behind", async () => {
    const stub = testEnv.DETACHED_DISPATCHER.getByName("nobody");
    expect(await stub.cronHistory("trg_none", { cursor: null, limit: 5 })).toEqual({ items: [], cursor: null });
    const tables = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'cron_runs'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});

describe("firing a schedule by hand", () => {
  it("runs it now and leaves its due time as it is", async () => {
    const { stub, trigger, events, schedule, history } = await scheduled();
    const before = await schedule();
    const { deliveryId } = await stub.fireTrigger(trigger.id, null);
    expect(deliveryId).toMatch(/^dlv_/);
    await vi.waitFor(() => expect(events()).toHaveLength(1));
    expect(events()[0]?.missed).toBe(0);
    expect(Math.abs((events()[0]?.scheduledAt ?? 0) - Date.now())).toBeLessThan(2_000);
    expect(await schedule()).toEqual(before);
    await vi.waitFor(async () => expect((await history())[0]?.state).toBe("done"));
  });
});

describe("what waits", () => {
  it("names the next due time of each active schedule", async () => {
    const { stub, trigger, schedule, configure } = await scheduled();
    expect((await stub.triggerBacklogs())[trigger.id]).toEqual({
      waiting: 0,
      held: 0,
      dead: 0,
      nextAt: (await schedule())?.due_at,
    });
    await configure([{ ...trigger, state: "paused" }]);
    expect((await stub.triggerBacklogs())[trigger.id]).toMatchObject({ nextAt: null });
  });
});
