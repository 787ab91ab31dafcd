import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import { OTHER_EDGES_FRESH_MS } from "../../../contracts/limits.ts";
import { DEFAULT_ORG_SETTINGS, type Projection } from "../../../contracts/projection.ts";
import { OrgRates } from "./org-rates.ts";

const START = 1_800_000_000_000;
const SECOND_MS = 1_000;

function orgWith(requestsPerSecond?: number): Projection {
  const quotas = requestsPerSecond === undefined ? {} : { requestsPerSecond };
  const settings = { ...DEFAULT_ORG_SETTINGS, quotas };
  return { orgId: newId("org"), slug: "s", state: "running", revision: 1, routes: [], scripts: {}, settings };
}

function drain(rates: OrgRates, org: Projection, now: number): number {
  for (let count = 0; ; count++) if (rates.refusal(org, now) !== null) return count;
}

describe("the rate of an org at one edge", () => {
  it("lets a second's worth come at once, and then the rate", () => {
    const rates = new OrgRates();
    const org = orgWith(10);
    expect(drain(rates, org, START)).toBe(10);
    let through = 0;
    for (let now = START; now < START + 10 * SECOND_MS; now += 20) if (rates.refusal(org, now) === null) through++;
    expect(through).toBe(99);
    expect(drain(rates, org, START + 60 * SECOND_MS)).toBe(10);
  });

  it("says how long to wait, and how the org stands", () => {
    const rates = new OrgRates();
    const org = orgWith(2);
    expect(rates.warning(org, START)).toBeNull();
    drain(rates, org, START);
    const refusal = rates.refusal(org, START);
    expect(refusal).toMatchObject({
      code: "too_many_requests",
      details: { limit: 2, retryAfterSeconds: 1, resetSeconds: 1 },
    });
    expect(refusal?.message).toBe("This org takes 2 requests a second. Wait 1 s and try again.");
    expect(rates.warning(org, START + 500)).toMatchObject({ limit: 2, remaining: 1, resetSeconds: 1 });
    rates.refusal(org, START + 10_000);
    expect(rates.warning(org, START + 10_000)).toBeNull();
  });

  it("is no other org's, and bounds and keeps nobody who has no limit", () => {
    const rates = new OrgRates();
    const [limited, other, free] = [orgWith(5), orgWith(5), orgWith()];
    for (let count = 0; count < 1_000; count++) expect(rates.refusal(free, START)).toBeNull();
    expect(rates.warning(free, START)).toBeNull();
    expect(rates.size).toBe(0);
    drain(rates, limited, START);
    expect(drain(rates, other, START)).toBe(5);
  });

  it("stays used up when the org is published anew, and changes with the plan", () => {
    const rates = new OrgRates();
    const org = orgWith(5);
    drain(rates, org, START);
    expect(rates.refusal({ ...org, revision: 2 }, START)).not.toBeNull();
    const larger = { ...org, settings: { ...org.settings, quotas: { requestsPerSecond: 50 } } };
    expect(drain(rates, larger, START + 100)).toBe(5);
    expect(drain(rates, larger, START + 2_000)).toBe(50);
    expect(drain(rates, org, START + 2_000 + 4_000)).toBe(5);
  });

  it("forgets orgs that nobody asks for", () => {
    const rates = new OrgRates();
    for (let count = 0; count < 10_000; count++) rates.refusal(orgWith(1), START + count);
    expect(rates.size).toBeGreaterThan(1_000);
    rates.refusal(orgWith(1), START + 60_000);
    rates.refusal(orgWith(1), START + 120_000);
    expect(rates.size).toBeLessThan(3);
  });

  it("never lets through more than the limit at once and the rate after, whatever it hears of other edges", () => {
    const steps = fc.array(
      fc.record({
        pause: fc.integer({ min: -2_000, max: 3_000 }),
        others: fc.option(fc.integer({ min: 0, max: 200 })),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), steps, (limit, each) => {
        const rates = new OrgRates();
        const org = orgWith(limit);
        let now = START;
        let forwardMs = 0;
        let through = 0;
        for (const { pause, others } of each) {
          now += pause;
          forwardMs += Math.max(0, pause);
          if (others !== null) rates.setOthers(org.orgId, others, now);
          while (rates.refusal(org, now) === null) through++;
        }
        expect(through).toBeLessThanOrEqual(limit + Math.floor((forwardMs * limit) / SECOND_MS));
      }),
    );
  });
});

/** What one edge is asked for, in requests a second. */
interface Edge {
  rates: OrgRates;
  asked: number;
  through: number[];
}

/**
 * Edges that are asked for one org for some seconds and told of each other every 250 ms, each in its turn. Answers what
 * they let through, in requests a second of the last ten.
 */
function together(limit: number, asked: number[], seconds = 20): { all: number; each: number[]; most: number } {
  const org = orgWith(limit);
  const edges = asked.map((asked): Edge => ({ rates: new OrgRates(), asked, through: [] }));
  const lately = (edge: Edge, now: number): number => edge.through.filter((at) => at > now - SECOND_MS).length;
  for (let step = 0; step < seconds * 100; step++) {
    const now = START + step * 10;
    for (const [index, edge] of edges.entries()) {
      for (let due = Math.floor((step * edge.asked) / 100); due < Math.floor(((step + 1) * edge.asked) / 100); due++) {
        if (edge.rates.refusal(org, now) === null) edge.through.push(now);
      }
      if ((step + 7 * index) % 25 !== 0) continue;
      const others = edges.filter((other) => other !== edge).reduce((sum, other) => sum + lately(other, now), 0);
      edge.rates.setOthers(org.orgId, others, now);
    }
  }
  const from = START + (seconds - 10) * SECOND_MS;
  const late = edges.map(({ through }) => through.filter((at) => at >= from));
  const bySecond = Array.from({ length: 10 }, (_, second) => from + second * SECOND_MS).map(
    (at) => late.flat().filter((each) => each >= at && each < at + SECOND_MS).length,
  );
  const each = late.map((times) => times.length / 10);
  return { all: each.reduce((sum, one) => sum + one, 0), each, most: Math.max(...bySecond) };
}

describe("the rate of an org at several edges", () => {
  it("comes near the limit when two are asked for more, however much each", () => {
    for (const asked of [
      [300, 300],
      [300, 110],
      [60, 60],
      [1_000, 20],
    ]) {
      const { all, most } = together(100, asked, 40);
      expect([asked, all >= 97 && all <= 103, most <= 115]).toEqual([asked, true, true]);
    }
  });

  it("comes near it when there are eight", () => {
    const { all, each } = together(100, [300, 300, 300, 100, 100, 30, 30, 5], 30);
    expect(all).toBeGreaterThan(95);
    expect(all).toBeLessThan(110);
    for (const one of each) expect(one).toBeGreaterThan(3);
  });

  it("refuses nothing while all of them together are below it", () => {
    expect(together(100, [40, 40]).each).toEqual([40, 40]);
    expect(together(100, [90, 5]).each).toEqual([90, 5]);
  });

  it("is all one edge's as soon as the others have nothing, or are not heard of any more", () => {
    expect(together(100, [300, 0]).all).toBeGreaterThan(98);
    const rates = new OrgRates();
    const org = orgWith(10);
    rates.refusal(org, START);
    rates.setOthers(org.orgId, 1_000, START);
    drain(rates, org, START);
    expect(drain(rates, org, START + 1_000)).toBeLessThan(3);
    expect(drain(rates, org, START + OTHER_EDGES_FRESH_MS + 1_000)).toBe(10);
  });

  it("leaves every edge something", () => {
    const rates = new OrgRates();
    const org = orgWith(100);
    drain(rates, org, START);
    let through = 0;
    for (let now = START; now < START + 4 * SECOND_MS; now += 10) {
      rates.setOthers(org.orgId, 100_000, now);
      if (rates.refusal(org, now) === null) through++;
    }
    expect(through).toBeGreaterThanOrEqual(19);
    expect(through).toBeLessThanOrEqual(40);
  });
});
