import { expect, it } from "vitest";

import { fuzzRoutes } from "../../redteam/fuzz/routes.ts";
import { testSeed } from "../../redteam/fuzz/test-seed.ts";

it("100,000 generated requests are answered as the rules say, whatever the routes", { timeout: 60_000 }, () => {
  const seed = testSeed();
  const { requests, routes } = fuzzRoutes(seed, 100_000);
  expect(requests).toBeGreaterThanOrEqual(100_000);
  expect(routes).toBeGreaterThan(25_000);
});
