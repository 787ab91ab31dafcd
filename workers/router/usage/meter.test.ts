import { describe, expect, it } from "vitest";

import {
  type Appended,
  NO_USAGE,
  USAGE_HOUR_MS,
  type UsageBatch,
  type UsageStanding,
} from "../../../contracts/usage.ts";
import { USAGE_IDLE_MS } from "../../../contracts/limits.ts";
import { UsageMeter } from "./meter.ts";

const ORG = "org_a";
const HOUR = Date.UTC(2026, 10, 21, 20);
const NOW = HOUR + 60_000;

const taken = (standings: UsageStanding[] = []): Appended => ({ standings, failedOrgs: [] });
const standing = (month: Partial<UsageStanding["month"]>, monthAt = Date.UTC(2026, 10)): UsageStanding => ({
  orgId: ORG,
  monthAt,
  month: { ...NO_USAGE, ...month },
  storageByteHours: 0,
  otherRequestsPerSecond: 0,
});
const requestsIn = (batches: UsageBatch[]): number =>
  batches.flatMap(({ hours }) => hours).reduce((sum, { counts }) => sum + counts.requests, 0);

describe("what orgs use", () => {
  it("is counted by org and by hour, whose turn splits a batch", () => {
    const meter = new UsageMeter();
    meter.requested(ORG, NOW);
    meter.ran(ORG, true, NOW);
    meter.ran(ORG, false, NOW);
    meter.refused(ORG, NOW);
    meter.requested(ORG, HOUR + USAGE_HOUR_MS);
    meter.requested("org_b", NOW);
    const [one, other] = meter.take(NOW);
    expect(one).toMatchObject({
      orgId: ORG,
      sequence: 1,
      hours: [
        { hourAt: HOUR, counts: { requests: 1, executions: 2, failures: 1, cpuMs: 0, refused: 1 } },
        { hourAt: HOUR + USAGE_HOUR_MS, counts: { ...NO_USAGE, requests: 1 } },
      ],
    });
    expect(other).toMatchObject({ orgId: "org_b", sequence: 2, source: one?.source });
  });

  it("is sent again as it was while nobody knows whether it arrived, and what came since goes after it", () => {
    const meter = new UsageMeter();
    meter.requested(ORG, NOW);
    const first = meter.take(NOW);
    const before = structuredClone(first);
    meter.requested(ORG, NOW);
    meter.settle(first, null);
    expect(meter.waits).toBe(true);
    const again = meter.take(NOW);
    expect(again).toEqual(before);
    meter.settle(again, { standings: [], failedOrgs: [ORG] });
    expect(meter.take(NOW)).toEqual(before);
    meter.settle(again, taken());
    expect(meter.waits).toBe(true);
    const second = meter.take(NOW);
    expect(second).toMatchObject([{ sequence: 2, hours: [{ counts: { requests: 1 } }] }]);
    meter.settle(second, taken());
    expect(meter.take(NOW)).toEqual([]);
    expect(meter.waits).toBe(false);
  });

  it("of an org that cannot be reached keeps nobody else's", () => {
    const meter = new UsageMeter();
    meter.requested(ORG, NOW);
    meter.requested("org_b", NOW);
    const batches = meter.take(NOW);
    meter.settle(batches, { standings: [], failedOrgs: [ORG] });
    meter.requested("org_b", NOW);
    expect(meter.take(NOW).map(({ orgId, sequence }) => [orgId, sequence])).toEqual([
      [ORG, 1],
      ["org_b", 3],
    ]);
  });

  it("is never lost nor doubled, whatever becomes of the batches", () => {
    const meter = new UsageMeter();
    const counted = new Map<string, number>();
    let requests = 0;
    for (let step = 0; step < 400; step += 1) {
      for (let index = 0; index < step % 5; index += 1) meter.requested(ORG, NOW + step * 30_000);
      requests += step % 5;
      const batches = meter.take(NOW);
      const arrives = step % 3 !== 0;
      const isKnown = arrives && step % 7 !== 0;
      if (arrives) for (const batch of batches) counted.set(`${batch.source}/${batch.sequence}`, requestsIn([batch]));
      meter.settle(batches, isKnown ? taken() : null);
    }
    const left = meter.take(NOW);
    for (const batch of left) counted.set(`${batch.source}/${batch.sequence}`, requestsIn([batch]));
    meter.settle(left, taken());
    const last = meter.take(NOW);
    expect([...counted.values()].reduce((sum, each) => sum + each, 0) + requestsIn(last)).toBe(requests);
  });

  it("of a month is what was told of all edges and what was counted here since", () => {
    const meter = new UsageMeter();
    const used = (now = NOW): number => meter.usedThisMonth(ORG, "requests", now);
    expect(used()).toBe(0);
    meter.requested(ORG, NOW);
    meter.requested(ORG, NOW);
    expect(used()).toBe(2);
    const batches = meter.take(NOW);
    expect(used()).toBe(2);
    meter.requested(ORG, NOW);
    expect(used()).toBe(3);
    meter.settle(batches, taken([standing({ requests: 102 })]));
    expect(used()).toBe(103);
    meter.requested(ORG, NOW + USAGE_HOUR_MS);
    expect(used()).toBe(104);
    const december = Date.UTC(2026, 11);
    meter.requested(ORG, december);
    expect(used(december)).toBe(1);
  });

  it("that costs something is the month's alone, what is stored too", () => {
    const meter = new UsageMeter();
    expect(meter.meteredThisMonth(ORG, NOW)).toEqual({ requests: 0, executions: 0, cpuMs: 0, storageByteHours: 0 });
    meter.requested(ORG, NOW);
    meter.ran(ORG, true, NOW);
    const told = { ...standing({ requests: 10, cpuMs: 2.5 }), storageByteHours: 7_000 };
    meter.settle(meter.take(NOW), taken([told]));
    meter.ran(ORG, false, NOW);
    const all = { requests: 10, executions: 1, cpuMs: 2.5, storageByteHours: 7_000 };
    expect(meter.meteredThisMonth(ORG, NOW)).toEqual(all);
    const december = Date.UTC(2026, 11);
    expect(meter.meteredThisMonth(ORG, december - 1)).toEqual(all);
    expect(meter.meteredThisMonth(ORG, december)).toEqual({
      requests: 0,
      executions: 0,
      cpuMs: 0,
      storageByteHours: 0,
    });
  });

  it("is processor time only as far as there was time", () => {
    const meter = new UsageMeter();
    const cpuMs = (): number => meter.usedThisMonth(ORG, "cpuMs", NOW);
    meter.requested(ORG, NOW);
    meter.spent(ORG, 30, NOW + 100);
    expect(cpuMs()).toBe(30);
    meter.spent(ORG, 1e9, NOW + 100);
    expect(cpuMs()).toBe(100);
    meter.spent(ORG, 5, NOW + 100);
    expect(cpuMs()).toBe(100);
    meter.spent(ORG, 5, NOW + 200);
    expect(cpuMs()).toBe(105);
  });

  it("of an org that uses nothing any more is forgotten, and its next batch is a new one", () => {
    const meter = new UsageMeter();
    meter.requested(ORG, NOW);
    const batches = meter.take(NOW);
    meter.settle(batches, taken([standing({ requests: 9 })]));
    meter.take(NOW + USAGE_IDLE_MS);
    expect(meter.usedThisMonth(ORG, "requests", NOW)).toBe(9);
    meter.take(NOW + USAGE_IDLE_MS + 1);
    expect(meter.usedThisMonth(ORG, "requests", NOW)).toBe(0);
    meter.requested(ORG, NOW);
    expect(meter.take(NOW)[0]?.sequence).toBeGreaterThan(batches[0]?.sequence ?? Infinity);
  });

  it("stays in the later hour when the clock goes back", () => {
    const meter = new UsageMeter();
    meter.requested(ORG, HOUR + USAGE_HOUR_MS);
    meter.requested(ORG, NOW);
    expect(meter.take(NOW)).toMatchObject([{ hours: [{ hourAt: HOUR + USAGE_HOUR_MS, counts: { requests: 2 } }] }]);
  });
});
