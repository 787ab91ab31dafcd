import { expect, it } from "vitest";

import { testSeed } from "../../../redteam/fuzz/test-seed.ts";
import { fuzzHurtSources, fuzzMeaning } from "../../../redteam/fuzz/source.ts";
import { compileUpload } from "./index.ts";

const seed = testSeed();

it("sources hurt at random are compiled or refused, and soon", { timeout: 60_000 }, async () => {
  const { compiled, refused } = await fuzzHurtSources(compileUpload, seed, 1_000);
  expect(compiled).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
});

it("programs that are right are compiled and keep their lines", { timeout: 60_000 }, async () => {
  expect(await fuzzMeaning(compileUpload, null, seed, 300)).toEqual({ programs: 300 });
});
