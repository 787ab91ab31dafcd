import type { Attempt, NewDelivery } from "../../../contracts/events/delivery.ts";
import { DELIVERY_KEPT_LENGTH_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";

/** A delivery that has not ended, as far as its attempts need it. `trigger_id` is {@link ASYNC_SOURCE} for a run. */
export type DeliveryRow = {
  seq: number;
  id: string;
  trigger_id: string;
  order_key: string | null;
  at: number;
  /** From when its age counts. */
  since: number;
  depth: number;
  caused_by: string | null;
  attempts: number;
  due_at: number | null;
  length: number;
  history: string | null;
  data: string;
};

/** What runs that nobody waits for have in the place of a trigger. */
export const ASYNC_SOURCE = "async";

const COLUMNS = `seq, id, trigger_id, order_key, at, since, depth, caused_by, attempts, due_at, length, history, data`;

/**
 * Adds a delivery, inside the transaction of what causes it. Null where its id was here before. With an order key
 * it is due (`due_at`) only when those of the same key before it have ended.
 */
export function addDelivery(db: Database, delivery: NewDelivery, dueAt: number, since: number): DeliveryRow | null {
  const { id, triggerId, orderKey, at, depth, causedBy, data } = delivery;
  const added = db.find<{ seq: number; due_at: number | null }>(
    `INSERT INTO deliveries (id, trigger_id, order_key, at, since, depth, caused_by, length, data, due_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, CASE WHEN ?3 IS NOT NULL AND EXISTS (
       SELECT 1 FROM deliveries WHERE trigger_id = ?2 AND order_key = ?3 AND ended_at IS NULL
     ) THEN NULL ELSE ?10 END)
     ON CONFLICT (id) DO NOTHING RETURNING seq, due_at`,
    id,
    triggerId,
    orderKey,
    at,
    since,
    depth,
    causedBy,
    data.length,
    data,
    dueAt,
  );
  if (added === null) return null;
  return {
    ...added,
    id,
    trigger_id: triggerId,
    order_key: orderKey,
    at,
    since,
    depth,
    caused_by: causedBy,
    attempts: 0,
    length: data.length,
    history: null,
    data,
  };
}

/** The deliveries of a trigger that are due, in order; lazily, for they may be big. */
export function dueRows(db: Database, triggerId: string, now: number, limit: number): Iterable<DeliveryRow> {
  return db.each<DeliveryRow>(
    `SELECT ${COLUMNS} FROM deliveries WHERE trigger_id = ? AND due_at <= ? ORDER BY due_at, seq LIMIT ?`,
    triggerId,
    now,
    limit,
  );
}

/** When the next one of a trigger is due after a time; null for none. */
export function nextDueAt(db: Database, triggerId: string, after: number): number | null {
  const query = "SELECT min(due_at) AS due_at FROM deliveries WHERE trigger_id = ? AND due_at > ?";
  return db.find<{ due_at: number | null }>(query, triggerId, after)?.due_at ?? null;
}

/** Whether a delivery is there and has not ended. */
export function isOpen(db: Database, seq: number): boolean {
  return db.find("SELECT seq FROM deliveries WHERE seq = ? AND ended_at IS NULL", seq) !== null;
}

/** What an attempt left. */
export interface AttemptMade {
  startedAt: number;
  executionId: string | null;
  durationMs: number | null;
  /** JSON text of a code and a message; null for success. */
  error: string | null;
  /** JSON text of the failed attempts; null for none. */
  history: string | null;
}

/** Writes down that a delivery has ended, and lets go of an event that is too long to keep. */
export function endDelivery(
  db: Database,
  row: DeliveryRow,
  end: AttemptMade & { state: "done" | "dead" },
  now: number,
): void {
  db.run(
    `UPDATE deliveries SET state = ?, attempts = ?, due_at = NULL, started_at = ?, ended_at = ?, execution_id = ?,
     duration_ms = ?, error = ?, history = ? WHERE seq = ?`,
    end.state,
    row.attempts + 1,
    end.startedAt,
    now,
    end.executionId,
    end.durationMs,
    end.error,
    end.history,
    row.seq,
  );
  if (row.length > DELIVERY_KEPT_LENGTH_MAX) db.run("UPDATE deliveries SET data = 'null' WHERE seq = ?", row.seq);
}

/** Writes down that a delivery failed and is tried again. */
export function postponeDelivery(db: Database, row: DeliveryRow, made: AttemptMade, dueAt: number): void {
  db.run(
    `UPDATE deliveries SET attempts = ?, due_at = ?, started_at = ?, execution_id = ?, duration_ms = ?, error = ?,
     history = ? WHERE seq = ?`,
    row.attempts + 1,
    dueAt,
    made.startedAt,
    made.executionId,
    made.durationMs,
    made.error,
    made.history,
    row.seq,
  );
}

/** Has the next one of an order key take its turn; null for none. */
export function promoteNext(db: Database, triggerId: string, orderKey: string, now: number): DeliveryRow | null {
  return db.find<DeliveryRow>(
    `UPDATE deliveries SET due_at = ?3 WHERE due_at IS NULL AND seq = (
       SELECT seq FROM deliveries WHERE trigger_id = ?1 AND order_key = ?2 AND ended_at IS NULL ORDER BY seq LIMIT 1
     ) RETURNING ${COLUMNS}`,
    triggerId,
    orderKey,
    now,
  );
}

/** Throws away what of a trigger has not ended, but for what is under way (`except`); answers how many. */
export function discardOpen(db: Database, triggerId: string, except: readonly number[]): number {
  const open = "trigger_id = ? AND state = 'waiting' AND seq NOT IN (SELECT value FROM json_each(?))";
  const kept = JSON.stringify(except);
  const query = `SELECT count(*) AS count FROM deliveries WHERE ${open}`;
  const count = db.find<{ count: number }>(query, triggerId, kept)?.count ?? 0;
  if (count > 0) db.run(`DELETE FROM deliveries WHERE ${open}`, triggerId, kept);
  return count;
}

/** The failed attempts that a delivery remembers. */
export function readHistory(history: string | null): Attempt[] {
  return history === null ? [] : (JSON.parse(history) as Attempt[]);
}
