import type { Client } from "pg";

import { addressOf, type Look, Names } from "./address.ts";
import { mutates, type Operation } from "./document.ts";

/** Everything there is at one time, a line for each row and each answer. */
type State = ReadonlySet<string>;

/** What the platform writes by itself, without anybody changing anything. */
const KEPT_BY_THE_PLATFORM = ["rate_limit", "idempotency_key", "usage_hour", "signing_key", "mail", "quota_warning"];
const NOTED_BY_THE_PLATFORM = ["last_used_at", "last_seen_at", "usage_until", "quotas_looked_at", "updated_at"];

/** What an answer tells of use and of what was measured. */
const MEASURED: ReadonlySet<string> = new Set(["lastUsedAt", "lastSeenAt", "used"]);

type Row = Record<string, unknown>;

/** What its time has made worthless is removed by the clock. */
const isOver = ({ expires_at: at }: Row): boolean => typeof at === "string" && Date.parse(at) <= Date.now();

/** Every row of the database, without what is noted of use. */
async function rowsOf(sql: Client): Promise<string[]> {
  const { rows: tables } = await sql.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  );
  const lines: string[] = [];
  for (const { name } of tables) {
    if (KEPT_BY_THE_PLATFORM.includes(name)) continue;
    const { rows } = await sql.query<{ row: Row }>(`select to_jsonb(t) - $1::text[] as row from "${name}" t`, [
      NOTED_BY_THE_PLATFORM,
    ]);
    lines.push(...rows.filter(({ row }) => !isOver(row)).map(({ row }) => `${name} ${JSON.stringify(row)}`));
  }
  return lines;
}

/** What every operation answers that looks at the org and needs nothing said but its path. */
async function answersOf(operations: readonly Operation[], slug: string, look: Look): Promise<string[]> {
  const looks = operations.filter(
    (operation) =>
      operation.scope === "org" &&
      !mutates(operation) &&
      !operation.streams &&
      !operation.queryParameters.some(({ required }) => required),
  );
  const names = new Names(look);
  const lines: string[] = [];
  for (const operation of looks) {
    const path = await addressOf(operation, slug, names);
    lines.push(`${operation.id} ${JSON.stringify(await look(path), unlessMeasured)}`);
  }
  return lines;
}

const unlessMeasured = (name: string, value: unknown): unknown => (MEASURED.has(name) ? undefined : value);

/** Looks at the whole database, and at an org through the API. */
export async function stateOf(sql: Client, operations: readonly Operation[], slug: string, look: Look): Promise<State> {
  return new Set([...(await answersOf(operations, slug, look)), ...(await rowsOf(sql))]);
}

/** Which lines are there now and were not before, or the other way round, each with its sign. */
export function changesOf(before: State, after: State): string[] {
  return [
    ...[...before].filter((line) => !after.has(line)).map((line) => `- ${line}`),
    ...[...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`),
  ];
}
