import { expect, test } from "vitest";

import { PROVISION_PAUSE_MAX_MS, PROVISION_PAUSE_MIN_MS } from "../../../contracts/limits.ts";
import { pauseBefore } from "./pauses.ts";

test("pauses double up to a bound", () => {
  const pauses = [1, 2, 3, 4, 20].map((tries) => pauseBefore(tries, null, 0));
  const { min } = { min: PROVISION_PAUSE_MIN_MS };
  expect(pauses).toEqual([min, min * 2, min * 4, min * 8, PROVISION_PAUSE_MAX_MS]);
});

test("a pause that the provider asks for is kept, however long", () => {
  expect(pauseBefore(1, 30_000, 0)).toBe(30_000);
  expect(pauseBefore(5, 1, 0)).toBe(PROVISION_PAUSE_MIN_MS * 16);
});

test("invariant 19: chance only makes a pause longer", () => {
  for (const tries of [1, 3, 9]) {
    for (const asked of [null, 700, 30_000]) {
      const least = pauseBefore(tries, asked, 0);
      for (const random of [0.01, 0.5, 0.999]) {
        expect(pauseBefore(tries, asked, random)).toBeGreaterThanOrEqual(least);
        expect(pauseBefore(tries, asked, random)).toBeLessThanOrEqual(Math.ceil(least * 1.25));
      }
    }
  }
});
