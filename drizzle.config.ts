import { defineConfig } from "drizzle-kit";

/** `npx drizzle-kit generate --name <what-changes>` writes the next migration; nothing that is there is ever edited. */
export default defineConfig({
  dialect: "postgresql",
  casing: "snake_case",
  schema: "./workers/control-plane/database/schema.ts",
  out: "./migrations/postgres",
});
