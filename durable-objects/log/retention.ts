import { LOG_RETENTION_BYTES, LOG_RETENTION_MS, LOG_RETENTION_STEP_MS } from "../../contracts/limits.ts";
import type { WakeUp } from "../alarms.ts";
import type { Database } from "../database.ts";

type Row = { id: number; received_at: number; bytes: number; last_line_id: number };

/**
 * Removes the oldest segments that are too old or too many for the log's bounds, with their lines;
 * at most so many. Returns how many went.
 */
export function prune(db: Database, now: number, segmentsMax: number): number {
  const { bytes: stored, retentionMs } = limitsOf(db);
  let bytes = stored;
  let last: Row | null = null;
  let count = 0;
  const query = "SELECT id, received_at, bytes, last_line_id FROM segments ORDER BY id LIMIT ?";
  for (const row of db.each<Row>(query, segmentsMax)) {
    if (bytes <= LOG_RETENTION_BYTES && row.received_at > now - retentionMs) break;
    bytes -= row.bytes;
    last = row;
    count += 1;
  }
  if (last === null) return 0;
  db.run("DELETE FROM segments WHERE id <= ?", last.id);
  db.run("DELETE FROM lines WHERE id <= ?", last.last_line_id);
  db.run("UPDATE usage SET bytes = ?", bytes);
  return count;
}

const SEGMENTS_PER_STEP = 1_000;

/** Wakes the log when its oldest segment is due to go, so that an idle org's log ends too. */
export function retentionWakeUp(db: Database): WakeUp {
  return {
    dueAt: () => {
      if (!db.exists) return null;
      const oldest = db.find<{ received_at: number }>("SELECT received_at FROM segments ORDER BY id LIMIT 1");
      if (oldest === null) return null;
      // In steps, so that a full log does not set its alarm anew with each append.
      return Math.ceil((oldest.received_at + limitsOf(db).retentionMs) / LOG_RETENTION_STEP_MS) * LOG_RETENTION_STEP_MS;
    },
    run: async (now) => {
      while (db.transaction(() => prune(db, now, SEGMENTS_PER_STEP)) > 0);
    },
  };
}

/** Bytes stored, and how long they are kept: as long as the platform keeps them, or less where the org's plan says so. */
function limitsOf(db: Database): { bytes: number; retentionMs: number } {
  const row = db.find<{ bytes: number; retention_ms: number | null }>("SELECT bytes, retention_ms FROM usage");
  return {
    bytes: row?.bytes ?? 0,
    retentionMs: Math.min(row?.retention_ms ?? LOG_RETENTION_MS, LOG_RETENTION_MS),
  };
}
