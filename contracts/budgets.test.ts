import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  type Budget,
  budgetMicros,
  budgetSchema,
  edgeBudget,
  isReached,
  spentMicros,
  spentPercent,
  tidyBudget,
  warningsDue,
} from "./budgets.ts";

const budget = (more: Partial<Budget> = {}): Budget => ({
  kind: "money",
  currency: "EUR",
  amountMinor: 5_000,
  warnPercents: [50, 80, 100],
  onReached: "warn",
  ...more,
});
const used = { requests: 1_000_000, executions: 0, cpuMs: 0, storageByteHours: 0 };

describe("a budget", () => {
  it("warns at three stages and stops nothing unless it says so", () => {
    expect(budgetSchema.parse({ kind: "money", currency: "EUR", amountMinor: 5_000 })).toEqual(budget());
  });

  it.each([
    { amountMinor: 0 },
    { amountMinor: -1 },
    { amountMinor: 10.5 },
    { amountMinor: Number.MAX_SAFE_INTEGER },
    { currency: "JPY", amountMinor: 9_000_000_001 },
    { currency: "QQQ" },
    { kind: "cakes" },
    { warnPercents: [0] },
    { warnPercents: [1_001] },
    { warnPercents: Array.from({ length: 11 }, (_, index) => index + 1) },
    { onReached: "explode" },
    { more: 1 },
  ])("cannot be %j", (more) => {
    expect(budgetSchema.safeParse({ ...budget(), ...more }).success).toBe(false);
  });

  it("is counted in the coins of its currency", () => {
    expect(budgetMicros(budget())).toBe(50_000_000);
    expect(budgetMicros(budget({ currency: "JPY" }))).toBe(5_000_000_000);
    expect(budgetMicros(budget({ currency: "KWD" }))).toBe(5_000_000);
  });

  it("has its warnings in order and once, and the last where it stops the org", () => {
    expect(tidyBudget(budget({ warnPercents: [90, 10, 90] })).warnPercents).toEqual([10, 90]);
    expect(tidyBudget(budget({ warnPercents: [], onReached: "stop" })).warnPercents).toEqual([100]);
    expect(tidyBudget(budget({ warnPercents: [150], onReached: "stop" })).warnPercents).toEqual([100, 150]);
  });

  it("calls for each warning from its own hundredth part on", () => {
    expect(warningsDue(budget(), 24_999_999)).toEqual([]);
    expect(warningsDue(budget(), 25_000_000)).toEqual([50]);
    expect(warningsDue(budget(), 49_999_999)).toEqual([50, 80]);
    expect(warningsDue(budget(), 50_000_000)).toEqual([50, 80, 100]);
  });

  it("is reached exactly when so many whole hundredths of it are spent, however large it is", () => {
    const amount = fc.integer({ min: 1, max: 9_000_000_000_000_000 });
    const spent = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(amount, spent, fc.integer({ min: 1, max: 1_000 }), (amountMicros, spentSoFar, percent) => {
        expect(isReached(spentSoFar, amountMicros, percent)).toBe(spentPercent(spentSoFar, amountMicros) >= percent);
      }),
    );
  });

  it("counts what was spent in its own currency alone", () => {
    expect(spentMicros(used, { currency: "EUR", millionRequestsMicros: 7 }, "EUR")).toBe(7);
    expect(spentMicros(used, { currency: "USD", millionRequestsMicros: 7 }, "EUR")).toBe(0);
    expect(spentMicros(used, {}, "EUR")).toBe(0);
  });
});

describe("the edges", () => {
  const prices = { currency: "EUR", millionRequestsMicros: 7 };

  it("are told of a budget that stops the org", () => {
    const stop = budget({ onReached: "stop" });
    expect(edgeBudget(stop, prices)).toEqual({ kind: "money", amountMicros: 50_000_000, prices });
  });

  it.each([
    ["there is none", null, prices],
    ["it only warns", budget(), prices],
    ["nothing has a price", budget({ onReached: "stop" }), {}],
    ["everything is free", budget({ onReached: "stop" }), { currency: "EUR", millionRequestsMicros: 0 }],
    ["it is in other money", budget({ onReached: "stop", currency: "USD" }), prices],
  ])("need not know where %s", (_, given, priced) => {
    expect(edgeBudget(given, priced)).toBeNull();
  });
});
