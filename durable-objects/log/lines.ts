import type { LogLine } from "../../contracts/execution.ts";
import { LOG_LINES_PER_EXECUTION_MAX } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";

/** Stores console lines by execution, as {@link LogBatch} lays them out; returns how many bytes they take. */
export function insertLines(db: Database, texts: readonly string[]): number {
  let bytes = 0;
  for (const json of texts) {
    db.run(
      "INSERT INTO lines (execution_id, text) SELECT value ->> '$[0]', value -> '$[1]' FROM json_each(?) ORDER BY key",
      json,
    );
    bytes += db.find<{ bytes: number }>("SELECT octet_length(?) AS bytes", json)?.bytes ?? 0;
  }
  return bytes;
}

/**
 * The console lines of one execution in the order in which they came. A batch that was delivered
 * twice left equal rows; they count once.
 */
export function findLines(db: Database, executionId: string): LogLine[] {
  const query = "SELECT text FROM lines WHERE execution_id = ? ORDER BY id";
  const texts = new Set(db.all<{ text: string }>(query, executionId).map(({ text }) => text));
  // One more than the bound, for the line that says that there were more.
  return [...texts].flatMap(readLines).slice(0, LOG_LINES_PER_EXECUTION_MAX + 1);
}

/** The console lines in one stored row. */
export const readLines = (text: string): LogLine[] => JSON.parse(text) as LogLine[];
