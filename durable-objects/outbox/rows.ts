import type { Database } from "../database.ts";

/**
 * What an outbox row asks for, in the order in which it must happen: code before the projection
 * that names it, the new projection before the old one goes, code last.
 */
const RANKS = {
  put_code: 0,
  put_linked_code: 0,
  put_projection: 1,
  // Until it is there, edges ask the object, so that a change waits for no more than what was changed itself.
  put_dependant_code: 2,
  delete_projection: 2,
  delete_code: 3,
  erase_log: 4,
} as const;

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

/** The rows to deliver now: those of the lowest rank only, for what follows must wait for them. */
export function dueRows(db: Database, now: number, limit: number): OutboxRow[] {
  return db.all<OutboxRow>(
    `SELECT id, key, operation, version_id, attempts FROM outbox
     WHERE rank = (SELECT min(rank) FROM outbox) AND due_at <= ? ORDER BY due_at, id LIMIT ?`,
    now,
    limit,
  );
}

/** When the next row is due; null when there is none that is not parked. */
export function nextDueAt(db: Database): number | null {
  const query = "SELECT min(due_at) AS due_at FROM outbox WHERE rank = (SELECT min(rank) FROM outbox)";
  return db.find<{ due_at: number | null }>(query)?.due_at ?? null;
}

/** Takes a delivered row out. A row that replaced it meanwhile has another id and stays. */
export function settle(db: Database, row: OutboxRow): void {
  db.run("DELETE FROM outbox WHERE id = ?", row.id);
}

/** Notes a failed attempt; `retryAt` null parks the row until the next change. */
export function postpone(db: Database, row: OutboxRow, retryAt: number | null): void {
  db.run("UPDATE outbox SET attempts = attempts + 1, due_at = ? WHERE id = ?", retryAt, row.id);
}

/** Whether all that is left, or all but what comes later, is code of scripts that were linked anew. */
export function isOnlyDependants(db: Database): boolean {
  const first = "SELECT operation FROM outbox WHERE rank = (SELECT min(rank) FROM outbox) ORDER BY operation LIMIT 1";
  return db.find<{ operation: Operation }>(first)?.operation === "put_dependant_code";
}

/** Whether nothing is left to deliver. */
export function isEmpty(db: Database): boolean {
  return db.find("SELECT id FROM outbox LIMIT 1") === null;
}
