import { defineConfig } from "vitest/config";

/** Journeys through the whole product, each with processes of its own. One at a time: they measure and they kill. */
export default defineConfig({
  test: {
    name: "journeys",
    include: ["*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    sequence: { groupOrder: 2 },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
