import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { openDatabase } from "./database/open.ts";
import { migrateDatabase } from "./database/migrate.ts";
import type { LaunchParts } from "./ground.ts";
import type { Settings } from "./settings.ts";

const ROOT = resolve(import.meta.dirname, "..");
const MIGRATIONS = resolve(ROOT, "migrations/postgres");

/** Source file of each Worker, from the root of the project. */
export const WORKER_ENTRIES: LaunchParts["entries"] = {
  controlPlane: "workers/control-plane/index.ts",
  durableObjects: "durable-objects/index.ts",
  keeper: "local/core/keeper.ts",
  router: "workers/router/index.ts",
};

/** The platform itself: its Workers and its database. */
export function platformParts({ databaseUrl }: Pick<Settings, "databaseUrl">): LaunchParts {
  const { version } = JSON.parse(readFileSync(resolve(ROOT, "package.json"), "utf8")) as { version: string };
  return {
    version,
    entries: WORKER_ENTRIES,
    openDatabase: async (dataDirectory, onProgress) => {
      const database = await openDatabase({ dataDirectory, databaseUrl, onProgress });
      try {
        const { applied } = await migrateDatabase({ databaseUrl: database.databaseUrl, folder: MIGRATIONS });
        if (applied > 0) onProgress(`${applied} migrations applied`);
      } catch (error) {
        await database.close();
        throw error;
      }
      return {
        variables: { DATABASE_URL: database.databaseUrl, DATABASE_PROXY: database.databaseProxy },
        close: () => database.close(),
      };
    },
  };
}
