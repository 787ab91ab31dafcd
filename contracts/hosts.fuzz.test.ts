import { expect, it } from "vitest";

import { fuzzHosts } from "../redteam/fuzz/hosts.ts";
import { fuzzIds } from "../redteam/fuzz/ids.ts";
import { testSeed } from "../redteam/fuzz/test-seed.ts";

const seed = testSeed();

it("100,000 generated hosts and slugs are read as the rules say", { timeout: 60_000 }, () => {
  expect(fuzzHosts(seed, 100_000)).toEqual({ hosts: 100_000, slugs: 100_000 });
});

it("20,000 ids and what can be made of them are told apart", { timeout: 60_000 }, () => {
  expect(fuzzIds(seed, 20_000)).toEqual({ ids: 20_000 });
});
