import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: "./testing/worker.ts",
      miniflare: {
        compatibilityDate: "2026-10-01",
        modulesRules: [{ type: "Text", include: ["**/*.sql"] }],
        durableObjects: {
          ORG: { className: "Org", useSQLite: true },
          LOG: { className: "Log", useSQLite: true },
          STORE: { className: "Store", useSQLite: true },
          DISPATCHER: { className: "Dispatcher", useSQLite: true },
          TOOLS: { className: "Tools", useSQLite: true },
          SQL: { className: "Sql", useSQLite: true },
          DETACHED_STORE: { className: "DetachedStore", useSQLite: true },
          DETACHED_DISPATCHER: { className: "DetachedDispatcher", useSQLite: true },
          DETACHED_ORG: { className: "DetachedOrg", useSQLite: true },
        },
        kvNamespaces: ["PROJECTIONS"],
        bindings: { SECRETS_KEYS: "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" },
        workerLoaders: { LOADER: {} },
      },
    }),
  ],
  test: { name: "durable-objects" },
});
