import { defineConfig } from "vitest/config";

/** What the project's own scripts judge. */
export default defineConfig({ test: { name: "scripts", include: ["**/*.test.ts"] } });
