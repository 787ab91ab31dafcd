import { defineConfig } from "vitest/config";

/** The control plane over HTTP, with its database and the real state behind it. */
export default defineConfig({
  test: {
    name: "api",
    include: ["**/*.test.ts"],
    pool: "forks",
    globalSetup: "./support/global-setup.ts",
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
