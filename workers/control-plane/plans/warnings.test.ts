import { expect, test } from "vitest";

import { reachedOf } from "./warnings.ts";

const of = (limit: number | null, used: number | null) => [{ name: "requestsPerMonth" as const, limit, used }];

test("a quota calls for a warning from 80 hundredths on, and for another when all of it is used", () => {
  expect(reachedOf(of(1_000, 799))).toEqual([]);
  expect(reachedOf(of(1_000, 800))).toMatchObject([{ name: "requestsPerMonth", percent: 80 }]);
  expect(reachedOf(of(1_000, 999))).toMatchObject([{ percent: 80 }]);
  expect(reachedOf(of(1_000, 1_000))).toMatchObject([{ percent: 100 }]);
  expect(reachedOf(of(1_000, 5_000))).toMatchObject([{ percent: 100, used: 5_000 }]);
});

test("nothing is said of what is not bounded, not counted, or not to be had at all", () => {
  for (const standing of [of(null, 5), of(5, null), of(0, 0)]) expect(reachedOf(standing)).toEqual([]);
  expect(reachedOf([{ name: "members", limit: 1, used: 1 }])).toEqual([]);
});
