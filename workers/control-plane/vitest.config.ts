import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    cloudflareTest({
      miniflare: {
        compatibilityDate: "2026-10-01",
        workerLoaders: { LOADER: {} },
        email: { send_email: [{ name: "EMAIL" }] },
      },
    }),
  ],
  test: { name: "control-plane", include: ["**/*.test.ts"], exclude: ["**/*.node.test.ts", "**/node_modules/**"] },
});
