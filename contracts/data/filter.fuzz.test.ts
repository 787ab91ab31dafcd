import { expect, it } from "vitest";

import { fuzzFilters } from "../../redteam/fuzz/filters.ts";
import { testSeed } from "../../redteam/fuzz/test-seed.ts";

it("20,000 generated, hurt and extreme filters are read as the rules say", { timeout: 60_000 }, () => {
  const tried = fuzzFilters(testSeed(), 20_000);
  expect(tried["filters"]).toBe(20_000);
  expect(tried["refused"]).toBeGreaterThan(2_000);
  expect(tried["fitting"]).toBeGreaterThan(5_000);
});
