import { resolve } from "node:path";

import { migrateDatabase } from "./database/migrate.ts";
import { StartError } from "./start-error.ts";

const MIGRATIONS = resolve(import.meta.dirname, "../migrations/postgres");

/** `npm run migrate`: brings the PostgreSQL of a deployment to the newest table layout. */
try {
  const databaseUrl = process.env["DATABASE_URL"] ?? "";
  if (databaseUrl === "") throw new StartError("DATABASE_URL is not set", "set it to the database of the deployment");
  const { applied, total } = await migrateDatabase({ databaseUrl, folder: MIGRATIONS });
  console.log(
    applied === 0 ? `nothing to do: all ${total} migrations are there` : `${applied} of ${total} migrations applied`,
  );
} catch (error) {
  console.error(error instanceof StartError ? error.line : error);
  process.exitCode = 1;
}
