import { randomBytes } from "node:crypto";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { Client } from "pg";

import { migrateDatabase } from "../../../local/database/migrate.ts";
import { openDatabase } from "../../../local/database/open.ts";

const MIGRATIONS = resolve(import.meta.dirname, "../../../migrations/postgres");

/** A database of one test file: the embedded one, or a fresh one in the PostgreSQL of `TEST_DATABASE_URL`. */
export interface TestDatabase {
  client: Client;
  /** What the control plane is bound to. */
  bindings: { DATABASE_URL: string; DATABASE_PROXY: string };
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** A folder for the embedded database instead of a new one. */
  dataDirectory?: string;
  /** A data folder to begin with a copy of. */
  template?: string | null;
  /** Leave the folder where it is in the end. */
  keep?: boolean;
}

/** Opens a database with all migrations and nothing in it. */
export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), "isola-api-")));
  if (options.template) await cp(options.template, dataDirectory, { recursive: true });
  const fresh = await freshDatabase(process.env["TEST_DATABASE_URL"]);
  const database = await openDatabase({ dataDirectory, databaseUrl: fresh?.url, onProgress: () => {} });
  await migrateDatabase({ databaseUrl: database.databaseUrl, folder: MIGRATIONS });
  const client = new Client(database.databaseUrl);
  await client.connect();
  return {
    client,
    bindings: { DATABASE_URL: database.databaseUrl, DATABASE_PROXY: database.databaseProxy },
    close: async () => {
      await client.end();
      await database.close();
      await fresh?.drop();
      if (options.keep !== true) await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

async function freshDatabase(server: string | undefined): Promise<{ url: string; drop(): Promise<void> } | null> {
  if (server === undefined || server === "") return null;
  const name = `isola_test_${randomBytes(6).toString("hex")}`;
  const run = async (sql: string): Promise<void> => {
    const client = new Client(server);
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await run(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`drop database ${name} with (force)`) };
}
