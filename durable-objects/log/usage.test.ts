import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { USAGE_HOURS_KEPT_MS, USAGE_SOURCES_KEPT_MS } from "../../contracts/limits.ts";
import { hourStart, monthStart, NO_USAGE, USAGE_HOUR_MS, type UsageBatch } from "../../contracts/usage.ts";
import { Database } from "../database.ts";
import { anyExecution, door, execution, firstPage, logBatch } from "../testing/harness.ts";
import type { Env } from "../env.ts";
import { logStub } from "../stubs.ts";
import { LOG_MIGRATIONS } from "./schema.ts";
import { monthUsage } from "./usage.ts";

const NOW = Date.UTC(2026, 10, 21, 20, 30);
const HOUR = hourStart(NOW);
afterEach(() => void vi.useRealTimers());
const at = (now: number): void => void vi.setSystemTime(now);

function batch(
  orgId: string,
  sequence: number,
  requests: number,
  more: { source?: string; hourAt?: number } = {},
): UsageBatch {
  const { source = "edge-1", hourAt = HOUR } = more;
  return { orgId, source, sequence, hours: [{ hourAt, counts: { ...NO_USAGE, requests, cpuMs: requests / 2 } }] };
}

const hoursOf = (orgId: string) => door.usageHours(orgId, 0, Number.MAX_SAFE_INTEGER);
const requestsOf = async (orgId: string) => (await hoursOf(orgId)).map(({ hourAt, requests }) => [hourAt, requests]);

describe("usage", () => {
  it("is counted once however often a batch is sent, also after a restart of the object", async () => {
    const orgId = newId("org");
    await door.appendLog([], [batch(orgId, 1, 5)]);
    await door.appendLog([], [batch(orgId, 1, 5)]);
    await evictDurableObject(logStub(env as unknown as Env, orgId));
    await door.appendLog([], [batch(orgId, 1, 5)]);
    await door.appendLog([], [batch(orgId, 2, 3)]);
    await door.appendLog([], [batch(orgId, 1, 5)]);
    expect(await requestsOf(orgId)).toEqual([[HOUR, 8]]);
    expect((await hoursOf(orgId))[0]).toMatchObject({ cpuMs: 4, executions: 0, storageBytes: null });
  });

  it("of several processes adds up, by the hour in which it was counted", async () => {
    const orgId = newId("org");
    await door.appendLog([], [batch(orgId, 7, 5)]);
    await door.appendLog([], [batch(orgId, 7, 2, { source: "edge-2" })]);
    await door.appendLog([], [batch(orgId, 8, 1, { source: "edge-2", hourAt: HOUR - USAGE_HOUR_MS })]);
    expect(await requestsOf(orgId)).toEqual([
      [HOUR - USAGE_HOUR_MS, 1],
      [HOUR, 7],
    ]);
    expect(await door.usageHours(orgId, HOUR, HOUR + 1)).toHaveLength(1);
  });

  it("comes with the log in one go, and of both all or nothing is taken", async () => {
    const orgId = newId("org");
    const record = execution(Date.now());
    const usage = batch(orgId, 1, 1);
    const log = logBatch(orgId, [record]);
    const broken = { ...log, segments: log.segments.map((segment) => ({ ...segment, records: null as never })) };
    vi.spyOn(console, "error").mockReturnValue();
    expect(await door.appendLog([broken], [usage])).toEqual({ standings: [], failedOrgs: [orgId] });
    expect(await hoursOf(orgId)).toEqual([]);
    expect((await door.appendLog([log], [usage])).failedOrgs).toEqual([]);
    expect(await requestsOf(orgId)).toEqual([[HOUR, 1]]);
    expect((await door.listExecutions(orgId, anyExecution, firstPage)).items).toHaveLength(1);
  });

  it("of an org that fails keeps nothing of another", async () => {
    const [one, other] = [newId("org"), newId("org")];
    vi.spyOn(console, "error").mockReturnValue();
    const failing = { ...batch(one, 1, 1), sequence: null as never };
    const appended = await door.appendLog([], [failing, batch(other, 1, 4)]);
    expect(appended.failedOrgs).toEqual([one]);
    expect(appended.standings.map(({ orgId }) => orgId)).toEqual([other]);
    expect(await requestsOf(other)).toEqual([[HOUR, 4]]);
  });

  it("tells each process the month of all, and what the others had in the last second", async () => {
    const orgId = newId("org");
    at(NOW);
    const lastMonth = monthStart(NOW) - USAGE_HOUR_MS;
    await door.appendLog([], [batch(orgId, 1, 100, { hourAt: lastMonth })]);
    await door.appendLog([], [batch(orgId, 2, 10)]);
    const { standings } = await door.appendLog([], [batch(orgId, 1, 5, { source: "edge-2" })]);
    expect(standings).toEqual([
      {
        orgId,
        monthAt: monthStart(NOW),
        month: { ...NO_USAGE, requests: 15, cpuMs: 7.5 },
        storageByteHours: 0,
        otherRequestsPerSecond: 110,
      },
    ]);
    at(NOW + 1_000);
    const later = await door.appendLog([], [batch(orgId, 2, 1, { source: "edge-2" })]);
    expect(later.standings[0]?.otherRequestsPerSecond).toBe(0);
  });

  it("tells them what was stored this month: in each hour as much as at its last look", async () => {
    const orgId = newId("org");
    const log = logStub(env as unknown as Env, orgId);
    at(monthStart(NOW) - 1);
    await log.noteStorage(1_000_000);
    at(NOW);
    await log.noteStorage(5_000);
    await log.noteStorage(3_000);
    at(NOW + USAGE_HOUR_MS);
    await log.noteStorage(400);
    const { standings } = await door.appendLog([], [batch(orgId, 1, 1)]);
    expect(standings[0]).toMatchObject({ storageByteHours: 3_400, month: { requests: 1 } });
  });

  it("of months that were stored before anybody added them up is added up", async () => {
    const stub = logStub(env as unknown as Env, newId("org"));
    await runInDurableObject(stub, (_, { storage }) => {
      const before = new Database(storage, LOG_MIGRATIONS.slice(0, 2));
      before.create(NOW);
      for (const [hourAt, bytes] of [
        [monthStart(NOW) - USAGE_HOUR_MS, 70],
        [monthStart(NOW), 5],
        [HOUR, 6],
        [HOUR + USAGE_HOUR_MS, null],
      ] as const) {
        before.run("INSERT INTO usage_hours (hour_at, storage_bytes, changed_at) VALUES (?, ?, 0)", hourAt, bytes);
      }
      before.run("INSERT INTO usage_months (month_at, requests) VALUES (?, 9)", monthStart(NOW));
      const db = new Database(storage, LOG_MIGRATIONS);
      db.open(NOW);
      expect(monthUsage(db, NOW)).toMatchObject({ month: { requests: 9 }, storageByteHours: 11 });
      expect(monthUsage(db, monthStart(NOW) - 1).storageByteHours).toBe(70);
    });
  });

  it("that changed since a time is found again, late counts to an old hour too", async () => {
    const orgId = newId("org");
    at(NOW);
    await door.appendLog([], [batch(orgId, 1, 1)]);
    at(NOW + USAGE_HOUR_MS);
    const changed = () => door.usageChanged(orgId, NOW + 1, HOUR + USAGE_HOUR_MS);
    expect(await changed()).toEqual([]);
    await door.appendLog([], [batch(orgId, 2, 1)]);
    await door.appendLog([], [batch(orgId, 3, 1, { hourAt: HOUR + USAGE_HOUR_MS })]);
    expect(await changed()).toMatchObject([{ hourAt: HOUR, requests: 2 }]);
  });

  it("is forgotten after its time, and so are processes that are long gone", async () => {
    const orgId = newId("org");
    at(NOW);
    await door.appendLog([], [batch(orgId, 1, 1)]);
    at(NOW + USAGE_SOURCES_KEPT_MS + 1);
    // Nobody sends a batch again after a day; the same number from then on is a new one.
    await door.appendLog([], [batch(orgId, 1, 1, { source: "edge-2" })]);
    await door.appendLog([], [batch(orgId, 1, 1)]);
    expect(await requestsOf(orgId)).toEqual([[HOUR, 3]]);
    at(NOW + USAGE_HOURS_KEPT_MS + USAGE_HOUR_MS);
    await door.appendLog([], [batch(orgId, 1, 1, { source: "edge-3", hourAt: hourStart(Date.now()) })]);
    expect(await requestsOf(orgId)).toEqual([[hourStart(Date.now()), 1]]);
  });

  it("of an org that is gone is nobody's", async () => {
    const orgId = newId("org");
    await door.appendLog([], [batch(orgId, 1, 1)]);
    await logStub(env as unknown as Env, orgId).erase();
    expect(await door.appendLog([], [batch(orgId, 2, 1)])).toEqual({ standings: [], failedOrgs: [] });
    expect(await hoursOf(orgId)).toEqual([]);
  });
});
