import { defineConfig } from "vitest/config";

/** What brings machines up, against providers that are made for the tests. */
export default defineConfig({
  test: { name: "drivers", include: ["**/*.test.ts"], pool: "forks", testTimeout: 30_000, hookTimeout: 60_000 },
});
