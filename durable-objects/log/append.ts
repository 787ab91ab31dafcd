import type { LogBatch } from "../../contracts/execution.ts";
import { LOG_SEGMENTS_PRUNED_PER_APPEND } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";
import { insertLines } from "./lines.ts";
import { prune } from "./retention.ts";
import { type Segment, segmentsOf } from "./segment.ts";

/**
 * Stores what an edge saw, and removes about as much of the oldest where the log is full. A record
 * that is there already takes space again but is read once.
 */
export function append(db: Database, batch: LogBatch, now: number): void {
  const segments = segmentsOf(batch.records);
  const lineIdBefore = lastLineId(db);
  const lineBytes = insertLines(db, batch.lines);
  const last = segments.pop() ?? (lineBytes > 0 ? emptySegment(now) : null);
  let bytes = 0;
  for (const segment of segments) bytes += insertSegment(db, segment, { now, lineBytes: 0, lastLineId: lineIdBefore });
  if (last !== null) bytes += insertSegment(db, last, { now, lineBytes, lastLineId: lastLineId(db) });
  db.run("UPDATE usage SET bytes = bytes + ?, dropped = dropped + ?", bytes, batch.dropped);
  prune(db, now, LOG_SEGMENTS_PRUNED_PER_APPEND);
}

function insertSegment(
  db: Database,
  segment: Segment,
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
function emptySegment(now: number): Segment {
  return { firstAt: now, lastAt: now, scripts: " ", results: " ", executionIds: " ", records: "[]" };
}

function lastLineId(db: Database): number {
  return db.find<{ id: number }>("SELECT coalesce(max(id), 0) AS id FROM lines")?.id ?? 0;
}
