import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "local",
    environment: "node",
    // Processes, signals and native threads: each file in a process of its own, and none beside it, for they measure.
    pool: "forks",
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
    hookTimeout: 60_000,
    testTimeout: 30_000,
  },
});
