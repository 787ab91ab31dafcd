import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { PRICE_MICROS_MAX } from "./limits.ts";
import { costOf, costsOf, type Metered, type Prices, pricesSchema, STORAGE_MONTH_HOURS, totalCost } from "./prices.ts";

const NOTHING: Metered = { requests: 0, executions: 0, cpuMs: 0, storageByteHours: 0 };

const count = (max: number) => fc.integer({ min: 0, max });
const used: fc.Arbitrary<Metered> = fc.record({
  requests: count(1e9),
  executions: count(1e9),
  cpuMs: count(1e9).map((thousandths) => thousandths / 1_000),
  storageByteHours: count(1e13),
});
const prices: fc.Arbitrary<Prices> = fc.record(
  {
    currency: fc.constant("EUR"),
    millionRequestsMicros: count(1e9),
    millionExecutionsMicros: count(1e9),
    millionCpuMsMicros: count(1e9),
    gigabyteMonthMicros: count(1e9),
  },
  { requiredKeys: ["currency"] },
);

describe("the cost of what is used", () => {
  it("is each thing's price for as much as there is of it", () => {
    const priced: Prices = {
      currency: "EUR",
      millionRequestsMicros: 300_000,
      millionExecutionsMicros: 2_000_000,
      millionCpuMsMicros: 20_000,
      gigabyteMonthMicros: 750_000,
    };
    const month = {
      requests: 2_500_000,
      executions: 1,
      cpuMs: 1_500_000.5,
      storageByteHours: 4e9 * STORAGE_MONTH_HOURS,
    };
    expect(costOf(month, priced)).toEqual({
      currency: "EUR",
      micros: 750_000 + 2 + 30_000 + 3_000_000,
      parts: { requests: 750_000, executions: 2, cpuMs: 30_000, storage: 3_000_000 },
    });
  });

  it("is nothing for what has no price, and not known where there is no currency", () => {
    const all = { requests: 1e9, executions: 1e9, cpuMs: 1e9, storageByteHours: 1e15 };
    expect(costOf(all, { currency: "EUR" })?.micros).toBe(0);
    expect(costOf(all, { currency: "EUR", millionRequestsMicros: 1_000 })?.parts).toMatchObject({ executions: 0 });
    expect(costOf(all, {})).toBeNull();
    expect(costsOf([all], {})).toBeNull();
  });

  it("is a whole number, never less than nothing, and never less for more", () => {
    fc.assert(
      fc.property(used, used, prices, (one, more, priced) => {
        const less = costOf(one, priced)?.micros ?? Number.NaN;
        const sum = {
          requests: one.requests + more.requests,
          executions: one.executions + more.executions,
          cpuMs: one.cpuMs + more.cpuMs,
          storageByteHours: one.storageByteHours + more.storageByteHours,
        };
        const greater = costOf(sum, priced)?.micros ?? Number.NaN;
        expect(Number.isSafeInteger(less)).toBe(true);
        expect(less).toBeGreaterThanOrEqual(0);
        expect(greater).toBeGreaterThanOrEqual(less);
      }),
    );
  });

  it("by the hour adds up to the cost of the whole, to the last millionth", () => {
    fc.assert(
      fc.property(fc.array(used, { maxLength: 50 }), prices, (hours, priced) => {
        const costs = costsOf(hours, priced) ?? [];
        const thousandths = hours.map(({ cpuMs }) => Math.round(cpuMs * 1_000)).reduce((sum, each) => sum + each, 0);
        const whole = hours.reduce(
          (sum, hour) => ({
            requests: sum.requests + hour.requests,
            executions: sum.executions + hour.executions,
            cpuMs: thousandths / 1_000,
            storageByteHours: sum.storageByteHours + hour.storageByteHours,
          }),
          NOTHING,
        );
        expect(costs).toHaveLength(hours.length);
        expect(totalCost(costs, "EUR")).toEqual(costOf(whole, priced));
        for (const { micros, parts } of costs) {
          expect(micros).toBe(parts.requests + parts.executions + parts.cpuMs + parts.storage);
        }
      }),
    );
  });

  it("is not lost where each hour costs less than a millionth", () => {
    const hour = { ...NOTHING, requests: 1 };
    const costs = costsOf(
      Array.from({ length: 10_000 }, () => hour),
      { currency: "EUR", millionRequestsMicros: 700 },
    );
    expect(totalCost(costs ?? [], "EUR").micros).toBe(7);
  });

  it("stops at what a number can count", () => {
    const most = { ...NOTHING, requests: Number.MAX_SAFE_INTEGER };
    expect(costOf(most, { currency: "EUR", millionRequestsMicros: PRICE_MICROS_MAX })?.micros).toBe(
      Number.MAX_SAFE_INTEGER,
    );
  });
});

describe("prices", () => {
  it.each([
    [{}, true],
    [{ currency: "EUR" }, true],
    [{ currency: "EUR", millionRequestsMicros: 0 }, true],
    [{ millionRequestsMicros: 1 }, false],
    [{ currency: "EUR", millionRequestsMicros: 0.5 }, false],
    [{ currency: "EUR", millionRequestsMicros: -1 }, false],
    [{ currency: "EUR", gigabyteMonthMicros: PRICE_MICROS_MAX + 1 }, false],
    [{ currency: "EUR", cakes: 1 }, false],
    [{ currency: "euro" }, false],
  ])("%j are some: %s", (given, good) => {
    expect(pricesSchema.safeParse(given).success).toBe(good);
  });
});
