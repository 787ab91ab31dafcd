import { defineConfig } from "vitest/config";

/** The suite of `npm run redteam` as tests; it has a platform of its own and looks at processes, so nothing runs beside it. */
export default defineConfig({
  test: {
    name: "redteam",
    environment: "node",
    pool: "forks",
    maxWorkers: 1,
    sequence: { groupOrder: 3 },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
