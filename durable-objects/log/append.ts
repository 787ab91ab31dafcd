import type { LogBatch, LogSegment } from "../../contracts/execution.ts";
import { LOG_SEGMENTS_PRUNED_PER_APPEND } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";
import { insertLines } from "./lines.ts";
import { prune } from "./retention.ts";

/**
 * Stores what an edge saw, and removes about as much of the oldest where the log is full. A record
 * that is there already takes space again but is read once.
 */
export function append(db: Database, batch: LogBatch, now: number): void {
  const lineIdBefore = lastLineId(db);
  const lineBytes = insertLines(db, batch.lines);
  const segments = batch.segments.length === 0 && lineBytes > 0 ? [emptySegment(now)] : batch.segments;
  let bytes = 0;
  for (const [index, segment] of segments.entries()) {
    // Lines grow old with the last segment of their batch.
    const last = index === segments.length - 1;
    const lines = last ? { lineBytes, lastLineId: lastLineId(db) } : { lineBytes: 0, lastLineId: lineIdBefore };
    bytes += insertSegment(db, segment, { now, ...lines });
  }
  db.run("UPDATE usage SET bytes = bytes + ?, dropped = dropped + ?", bytes, batch.dropped);
  prune(db, now, LOG_SEGMENTS_PRUNED_PER_APPEND);
}

function insertSegment(
  db: Database,
  segment: LogSegment,
  context: { now: number; lineBytes: number; lastLineId: number },
): number {
  const row = db.find<{ bytes: number }>(
    `INSERT INTO segments
       (received_at, first_at, last_at, bytes, last_line_id, scripts, results, execution_ids, records)
     VALUES (?1, ?2, ?3, ?4 + octet_length(?8) + octet_length(?9), ?5, ?6, ?7, ?8, ?9) RETURNING bytes`,
    context.now,
    segment.firstAt,
    segment.lastAt,
    context.lineBytes,
    context.lastLineId,
    segment.scripts,
    segment.results,
    segment.executionIds,
    segment.records,
  );
  return row?.bytes ?? 0;
}

/** Lines without a record of their own still need a segment to grow old with. */
function emptySegment(now: number): LogSegment {
  return { firstAt: now, lastAt: now, count: 0, scripts: " ", results: " ", executionIds: " ", records: "[]" };
}

function lastLineId(db: Database): number {
  return db.find<{ id: number }>("SELECT coalesce(max(id), 0) AS id FROM lines")?.id ?? 0;
}
