import type { Database } from "../database.ts";

/**
 * What an outbox row asks for, in the order in which it must happen. There are two lanes, which do not wait for each
 * other: what is published for the edges, and what the org's other objects are told.
 *
 * Published is code before the projection that names it, then what leads to the projection by another name, code last. The
 * Dispatcher knows a trigger before a Store makes anything for it, and goes after those that could.
 */
const RANKS = {
  put_code: 0,
  put_linked_code: 0,
  put_projection: 1,
  // Until it is there, edges ask the object, so that a change waits for no more than what was changed itself.
  put_dependant_code: 2,
  put_redirect: 2,
  put_host: 2,
  delete_projection: 2,
  delete_host: 2,
  delete_code: 3,
  erase_log: 4,
  configure_log: 10,
  configure_dispatcher: 10,
  configure_store: 11,
  erase_store: 12,
  erase_dispatcher: 13,
  erase_tools: 13,
  erase_sql: 13,
} as const;

/** First and last rank of each lane. */
const LANE_RANKS = { publication: { from: 0, to: 9 }, objects: { from: 10, to: 19 } } as const;

export type Lane = keyof typeof LANE_RANKS;
export const LANES = Object.keys(LANE_RANKS) as Lane[];

export type Operation = keyof typeof RANKS;

/** One thing to deliver. */
export type OutboxRow = {
  id: number;
  /** What it writes; there is one row per key, the newest. */
  key: string;
  operation: Operation;
  version_id: string | null;
  attempts: number;
};

/**
 * Adds a row, inside the transaction of the change it belongs to. A row with the same key gives way,
 * so that only the newest is delivered.
 */
export function enqueue(
  db: Database,
  row: { key: string; operation: Operation; versionId?: string },
  dueAt: number,
): void {
  db.run(
    "INSERT OR REPLACE INTO outbox (key, operation, rank, version_id, due_at) VALUES (?, ?, ?, ?, ?)",
    row.key,
    row.operation,
    RANKS[row.operation],
    row.versionId ?? null,
    dueAt,
  );
}

/** Makes every failed or parked row due, with all its attempts before it; one that is not due yet for the first time waits. */
export function wakeAll(db: Database, now: number): void {
  db.run("UPDATE outbox SET attempts = 0, due_at = ?1 WHERE due_at IS NULL OR (due_at > ?1 AND attempts > 0)", now);
}

/** The rows of a lane to deliver now: those of its lowest rank only, for what follows must wait for them. */
export function dueRows(db: Database, lane: Lane, now: number, limit: number): OutboxRow[] {
  return db.all<OutboxRow>(
    `SELECT id, key, operation, version_id, attempts FROM outbox
     WHERE rank = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?`,
    lowestRank(db, lane),
    now,
    limit,
  );
}

/** When the next row of a lane is due; null when there is none that is not parked. */
export function nextDueAt(db: Database, lane: Lane): number | null {
  const query = "SELECT min(due_at) AS due_at FROM outbox WHERE rank = ?";
  return db.find<{ due_at: number | null }>(query, lowestRank(db, lane))?.due_at ?? null;
}

/** Takes a delivered row out. A row that replaced it meanwhile has another id and stays. */
export function settle(db: Database, row: OutboxRow): void {
  db.run("DELETE FROM outbox WHERE id = ?", row.id);
}

/** Notes a failed attempt; `retryAt` null parks the row until the next change. */
export function postpone(db: Database, row: OutboxRow, retryAt: number | null): void {
  db.run("UPDATE outbox SET attempts = attempts + 1, due_at = ? WHERE id = ?", retryAt, row.id);
}

/** Whether all that is left to publish, or all but what comes later, is code of scripts that were linked anew. */
export function isOnlyDependants(db: Database): boolean {
  const first = "SELECT operation FROM outbox WHERE rank = ? ORDER BY operation LIMIT 1";
  const operation = db.find<{ operation: Operation }>(first, lowestRank(db, "publication"))?.operation;
  return operation === "put_dependant_code";
}

/** Whether nothing is left to deliver. */
export function isEmpty(db: Database): boolean {
  return db.find("SELECT id FROM outbox LIMIT 1") === null;
}

function lowestRank(db: Database, lane: Lane): number | null {
  const { from, to } = LANE_RANKS[lane];
  const query = "SELECT min(rank) AS rank FROM outbox WHERE rank BETWEEN ? AND ?";
  return db.find<{ rank: number | null }>(query, from, to)?.rank ?? null;
}
