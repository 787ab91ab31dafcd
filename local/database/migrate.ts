import { drizzle } from "drizzle-orm/node-postgres";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import { Client } from "pg";

import { DATABASE_CONNECT_MS, DATABASE_MIGRATE_WAIT_MS } from "../../contracts/limits.ts";
import { StartError } from "../start-error.ts";

/** The one number that every migrator locks; it spells "isola". */
const LOCK = 0x69736f6c61;

/** What a migration did. */
export interface Migrated {
  /** Migrations that were applied now. */
  applied: number;
  /** Migrations that the database has in all. */
  total: number;
}

/**
 * Brings a database to the newest table layout: everything that is missing, in one transaction, one migrator at
 * a time.
 *
 * @param folder what drizzle-kit generated, with its journal.
 * @throws StartError when the folder is not there, the database is ahead of this code, or a migration fails;
 * the database is then as it was.
 */
export async function migrateDatabase({
  databaseUrl,
  folder,
}: {
  databaseUrl: string;
  folder: string;
}): Promise<Migrated> {
  const known = readKnown(folder);
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: DATABASE_CONNECT_MS });
  client.on("error", () => undefined);
  try {
    await client.connect();
    // The lock ends with the transaction, and with it the embedded database's turn: a lock of the session would
    // be shared by all clients there. The migrator's own BEGIN falls into this transaction and its COMMIT ends it.
    await client.query("begin");
    await client.query("select set_config('lock_timeout', $1, true)", [`${DATABASE_MIGRATE_WAIT_MS}ms`]);
    await client.query("select pg_advisory_xact_lock($1)", [LOCK]);
    const applied = await readApplied(client);
    refuseNewer(applied, known);
    refuseSkipped(applied, known);
    await migrate(drizzle({ client }), { migrationsFolder: folder });
    return { applied: known.size - applied.size, total: known.size };
  } catch (error) {
    throw error instanceof StartError ? error : explain(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Dates of the migrations in a folder, by which drizzle tells what was applied. */
function readKnown(folder: string): Set<number> {
  try {
    return new Set(readMigrationFiles({ migrationsFolder: folder }).map(({ folderMillis }) => folderMillis));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `no migrations in ${folder}: ${reason}`,
      "this copy of Isola is not complete; fetch it again",
      {
        cause: error,
      },
    );
  }
}

async function readApplied(client: Client): Promise<Set<number>> {
  const { rows: found } = await client.query<{ exists: boolean }>(
    "select to_regclass('drizzle.__drizzle_migrations') is not null as exists",
  );
  if (!found[0]!.exists) return new Set();
  const { rows } = await client.query<{ at: string }>("select created_at as at from drizzle.__drizzle_migrations");
  return new Set(rows.map(({ at }) => Number(at)));
}

/** An older version of the code would write rows that the newer tables do not take, or lose what they hold. */
function refuseNewer(applied: Set<number>, known: Set<number>): void {
  const unknown = [...applied].filter((at) => !known.has(at));
  if (unknown.length === 0) return;
  throw new StartError(
    `the database was written by a newer version of Isola (migrations unknown here: ${unknown.length})`,
    "start that version, or use another database",
  );
}

/** drizzle would pass without a word over a migration that is dated before the newest one that was applied. */
function refuseSkipped(applied: Set<number>, known: Set<number>): void {
  const newest = Math.max(...applied);
  const skipped = [...known].filter((at) => at < newest && !applied.has(at));
  if (skipped.length === 0) return;
  throw new StartError(
    `a migration is dated before one that the database already has (${skipped.length} in all)`,
    "generate them anew so that they come last",
  );
}

function explain(error: unknown): StartError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "55P03") {
    return new StartError("another start is migrating the database", "wait for it, then start again", { cause: error });
  }
  if (code === "42501") {
    const hint = "grant the user CREATE on the database and on its schema public";
    return new StartError(`the database cannot be migrated: ${message}`, hint, { cause: error });
  }
  return new StartError(`the database cannot be migrated: ${message}`, "it is as it was; report this as a fault", {
    cause: error,
  });
}
