import { defineConfig } from "vitest/config";

export default defineConfig({
  // Processes, signals and native threads: each file in a process of its own.
  test: { name: "local", environment: "node", pool: "forks", hookTimeout: 60_000, testTimeout: 30_000 },
});
