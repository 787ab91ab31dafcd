import { readFileSync } from "node:fs";

import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const authority = new URL("testing/authority.js", import.meta.url);
const internet = new URL("egress/testing/internet.js", import.meta.url);
const machine = new URL("machines/testing/machine.js", import.meta.url);

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: "./index.ts",
      miniflare: {
        compatibilityDate: "2026-10-01",
        compatibilityFlags: ["enable_request_signal"],
        bindings: {
          DOMAIN: "localhost",
          APP_HOST: "app.localhost",
          PUBLIC_URL: "http://app.localhost",
          TENANT_URL: "http://{slug}.localhost",
          VERSION: "test",
          LOG_DELIVERY: "polled",
          WALL_CLOCK: "timed",
          MACHINE_KEY: "a key that only the platform has",
        },
        kvNamespaces: ["PROJECTIONS"],
        workerLoaders: { LOADER: {} },
        serviceBindings: {
          STATE: "authority",
          DIRECTORY: "authority",
          CONTROL_PLANE: "authority",
          INTERNET: "internet",
          MACHINES: "machine",
        },
        workers: [
          {
            name: "authority",
            compatibilityDate: "2026-10-01",
            modules: [{ type: "ESModule", path: "authority.js", contents: readFileSync(authority, "utf8") }],
          },
          {
            name: "internet",
            compatibilityDate: "2026-10-01",
            modules: [{ type: "ESModule", path: "internet.js", contents: readFileSync(internet, "utf8") }],
          },
          {
            name: "machine",
            compatibilityDate: "2026-10-01",
            modules: [{ type: "ESModule", path: "machine.js", contents: readFileSync(machine, "utf8") }],
          },
        ],
      },
    }),
  ],
  test: { name: "router" },
});
