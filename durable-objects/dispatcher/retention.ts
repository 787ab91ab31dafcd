import {
  ASYNC_RESULT_KEPT_MS,
  ASYNC_RESULTS_LENGTH_MAX,
  ASYNC_RUNS_KEPT_MAX,
  DEAD_LETTERS_KEPT_MS,
  DEAD_LETTERS_LENGTH_MAX,
  DEAD_LETTERS_MAX,
  DELIVERIES_KEPT_MAX,
  DELIVERIES_KEPT_MS,
  DELIVERIES_TRIM_STEP,
  DISPATCHER_RETENTION_STEP_MS,
} from "../../contracts/limits.ts";
import type { WakeUp } from "../alarms.ts";
import type { Database } from "../database.ts";

/** Rows of one kind that are kept for a while, as a subquery that has their `key`, `at` and `length`, and its bounds. */
interface Kept {
  table: string;
  key: string;
  at: string;
  length: string;
  where: string;
  max: number;
  lengthMax: number;
  ageMsMax: number;
}

const KEPT: readonly Kept[] = [
  {
    table: "deliveries",
    key: "seq",
    at: "ended_at",
    length: "0",
    where: "ended_at IS NOT NULL",
    max: DELIVERIES_KEPT_MAX,
    lengthMax: 0,
    ageMsMax: DELIVERIES_KEPT_MS,
  },
  {
    table: "dead_letters",
    key: "seq",
    at: "died_at",
    length: "length",
    where: "died_at IS NOT NULL",
    max: DEAD_LETTERS_MAX,
    lengthMax: DEAD_LETTERS_LENGTH_MAX,
    ageMsMax: DEAD_LETTERS_KEPT_MS,
  },
  {
    table: "async_runs",
    key: "execution_id",
    at: "ended_at",
    length: "length",
    where: "ended_at IS NOT NULL",
    max: ASYNC_RUNS_KEPT_MAX,
    lengthMax: ASYNC_RESULTS_LENGTH_MAX,
    ageMsMax: ASYNC_RESULT_KEPT_MS,
  },
];

/** Removes what has ended and is too old or too much, now and then. */
export class Retention {
  readonly #db: Database;
  #sinceTrim = 0;
  /** When something gets too old; never later than it does. */
  #dueAt: number | null = null;

  constructor(db: Database) {
    this.#db = db;
  }

  get wakeUp(): WakeUp {
    return {
      dueAt: () => (this.#db.exists ? this.#dueAt : null),
      run: async (now) => this.#trim(now),
    };
  }

  /** Finds out when something gets too old. */
  load(): void {
    this.#dueAt = this.#db.exists ? nextDueAt(this.#db) : null;
  }

  /** So much more has ended. */
  ended(count: number, now: number): void {
    this.#sinceTrim += count;
    if (this.#sinceTrim >= DELIVERIES_TRIM_STEP) this.#trim(now);
    else if (count > 0 && this.#dueAt === null) this.load();
  }

  #trim(now: number): void {
    this.#sinceTrim = 0;
    if (!this.#db.exists) return;
    this.#db.transaction(() => {
      for (const kept of KEPT) trim(this.#db, kept, now);
    });
    this.load();
  }
}

/** Removes the oldest of a kind until the rest is within its bounds. */
function trim(db: Database, { table, key, at, length, where, max, lengthMax, ageMsMax }: Kept, now: number): void {
  db.run(`DELETE FROM ${table} WHERE ${where} AND ${at} <= ?`, now - ageMsMax);
  const total = db.find<{ count: number; length: number }>(
    `SELECT count(*) AS count, total(${length}) AS length FROM ${table} WHERE ${where}`,
  );
  if (total === null || (total.count <= max && total.length <= lengthMax)) return;
  // The rows in order of age, each with what it and all that are younger come to.
  db.run(
    `DELETE FROM ${table} WHERE ${key} IN (
       SELECT key FROM (
         SELECT ${key} AS key, row_number() OVER newest AS count, sum(${length}) OVER newest AS length
         FROM ${table} WHERE ${where} WINDOW newest AS (ORDER BY ${at} DESC, ${key} DESC)
       ) WHERE count > ? OR length > ?
     )`,
    max,
    lengthMax,
  );
}

function nextDueAt(db: Database): number | null {
  const times = KEPT.flatMap(({ table, at, where, ageMsMax }) => {
    const oldest = db.find<{ at: number | null }>(`SELECT min(${at}) AS at FROM ${table} WHERE ${where}`)?.at ?? null;
    return oldest === null ? [] : [oldest + ageMsMax];
  });
  if (times.length === 0) return null;
  return Math.ceil(Math.min(...times) / DISPATCHER_RETENTION_STEP_MS) * DISPATCHER_RETENTION_STEP_MS;
}
