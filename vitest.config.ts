import { defineConfig } from "vitest/config";

/** Each folder says how its tests run; the Workers' own run inside workerd. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      "contracts",
      "durable-objects",
      "workers/*",
      "local",
      "cli",
      "sdk",
      "scripts",
      "test",
      "test/api",
      "test/drivers",
      "test/pages",
      "redteam",
      "crash",
    ],
  },
});
