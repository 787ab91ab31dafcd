import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { StartError } from "../start-error.ts";
import { migrateDatabase } from "./migrate.ts";
import { type OpenDatabase, openDatabase } from "./open.ts";
import { ask, scratchFolder } from "./testing/scratch.ts";

const realUrl = process.env["TEST_DATABASE_URL"];
const kinds = realUrl === undefined ? (["embedded"] as const) : (["embedded", "postgres"] as const);

const FIRST = {
  when: 1_000,
  sql: "create table first (id int);\n--> statement-breakpoint\ninsert into first values (1);",
};
const SECOND = { when: 2_000, sql: "create table second (id int);" };
const BROKEN = { when: 3_000, sql: "create table third (id int);\n--> statement-breakpoint\nselect nonsense;" };

describe.each(kinds)("migrations of the %s database", (kind) => {
  const scratch = scratchFolder();
  const realName = `migrate_${randomUUID().replaceAll("-", "")}`;
  let database: OpenDatabase;
  let folders = 0;

  beforeAll(async () => {
    let databaseUrl: string | undefined;
    if (kind === "postgres") {
      await ask(realUrl!, `create database ${realName}`);
      databaseUrl = Object.assign(new URL(realUrl!), { pathname: `/${realName}` }).href;
    }
    database = await openDatabase({ dataDirectory: scratch.path, databaseUrl, onProgress: () => undefined });
  });

  afterAll(async () => {
    await database.close();
    if (kind === "postgres") await ask(realUrl!, `drop database ${realName} with (force)`);
    scratch.remove();
  });

  beforeEach(async () => {
    await ask(database.databaseUrl, "drop schema if exists drizzle cascade");
    await ask(database.databaseUrl, "drop schema public cascade");
    await ask(database.databaseUrl, "create schema public");
  });

  /** A folder as drizzle-kit writes it. */
  function folderOf(...migrations: { when: number; sql: string }[]): string {
    const folder = join(scratch.path, `migrations-${folders++}`);
    mkdirSync(join(folder, "meta"), { recursive: true });
    const entries = migrations.map(({ when, sql }, idx) => {
      writeFileSync(join(folder, `${idx}.sql`), sql);
      return { idx, version: "7", when, tag: String(idx), breakpoints: true };
    });
    writeFileSync(
      join(folder, "meta", "_journal.json"),
      JSON.stringify({ version: "7", dialect: "postgresql", entries }),
    );
    return folder;
  }
  const migrate = (folder: string) => migrateDatabase({ databaseUrl: database.databaseUrl, folder });
  const tables = async (): Promise<unknown[]> =>
    (
      await ask(database.databaseUrl, "select tablename as name from pg_tables where schemaname = 'public' order by 1")
    ).map(({ name }) => name);

  test("what is missing is applied, once", async () => {
    expect(await migrate(folderOf(FIRST))).toEqual({ applied: 1, total: 1 });
    expect(await migrate(folderOf(FIRST, SECOND))).toEqual({ applied: 1, total: 2 });
    expect(await migrate(folderOf(FIRST, SECOND))).toEqual({ applied: 0, total: 2 });
    expect(await ask(database.databaseUrl, "select id from first")).toEqual([{ id: 1 }]);
    expect(await tables()).toEqual(["first", "second"]);
  });

  test("of several migrators at once one does the work and the others find it done", async () => {
    const folder = folderOf(FIRST, SECOND);
    const results = await Promise.all([migrate(folder), migrate(folder), migrate(folder)]);
    expect(results.map(({ applied }) => applied).toSorted((a, b) => a - b)).toEqual([0, 0, 2]);
  });

  test("a migration that fails leaves nothing of itself and of those before it", async () => {
    await migrate(folderOf(FIRST));
    await expect(migrate(folderOf(FIRST, SECOND, BROKEN))).rejects.toThrow(/cannot be migrated: column "nonsense"/);
    expect(await tables()).toEqual(["first"]);
    expect(await migrate(folderOf(FIRST, SECOND))).toEqual({ applied: 1, total: 2 });
  });

  test("a database that a newer version wrote is refused and left alone", async () => {
    await migrate(folderOf(FIRST, SECOND));
    await expect(migrate(folderOf(FIRST))).rejects.toThrow(/written by a newer version of Isola/);
    expect(await tables()).toEqual(["first", "second"]);
  });

  test("a migration dated before one that was applied is refused, not passed over", async () => {
    await migrate(folderOf(FIRST, SECOND));
    const late = { when: 1_500, sql: "create table late (id int);" };
    await expect(migrate(folderOf(FIRST, late, SECOND))).rejects.toThrow(
      /dated before one that the database already has/,
    );
    expect(await tables()).toEqual(["first", "second"]);
  });

  test("a folder without migrations is a clear failure", async () => {
    const refusal = migrate(join(scratch.path, "nowhere"));
    await expect(refusal).rejects.toBeInstanceOf(StartError);
    await expect(refusal).rejects.toThrow(/no migrations in /);
  });

  test("the platform's own migrations apply", async () => {
    const folder = join(import.meta.dirname, "../../migrations/postgres");
    const { applied, total } = await migrate(folder);
    expect(applied).toBe(total);
    expect(await tables()).toContain("org");
    const startedAt = performance.now();
    expect(await migrate(folder)).toEqual({ applied: 0, total });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
