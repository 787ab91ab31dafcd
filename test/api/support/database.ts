// temporary
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
export interface TestDatabase {
  client: pg.Client;
  bindings: Record<string, string>;
  close(): Promise<void>;
}
export async function openTestDatabase(): Promise<TestDatabase> {
  const admin = new pg.Client("postgres://isola:secret@127.0.0.1:55439/postgres");
  await admin.connect();
  const name = "t" + Date.now() + Math.floor(Math.random() * 1e6);
  await admin.query(`create database ${name}`);
  const url = `postgres://isola:secret@127.0.0.1:55439/${name}`;
  const client = new pg.Client(url);
  await client.connect();
  await migrate(drizzle(client), { migrationsFolder: "migrations/postgres" });
  return {
    client,
    bindings: { DATABASE_URL: url, DATABASE_PROXY: "127.0.0.1:55440/x", DATABASE_AUTH: "cleartext" },
    close: async () => {
      await client.end();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
