import { defineConfig } from "vitest/config";

/** The control plane's pages in a real browser. */
export default defineConfig({
  test: {
    name: "pages",
    include: ["**/*.test.ts"],
    pool: "forks",
    globalSetup: "../api/support/global-setup.ts",
    maxWorkers: 1,
    sequence: { groupOrder: 3 },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
