import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client } from "pg";

/** A folder for one test file. */
export function scratchFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "isola-database-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Uses a plain client and ends it. */
export async function withClient<T>(databaseUrl: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Runs one statement on a connection of its own and returns its rows. */
export async function ask(
  databaseUrl: string,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  return withClient(databaseUrl, async (client) => (await client.query(sql, values)).rows as Record<string, unknown>[]);
}
