import type { LogLine, RunLines } from "../../contracts/execution.ts";
import { LOG_LINES_PER_EXECUTION_MAX, LOG_ROW_LENGTH_MAX } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";

/** Stores console lines by execution; returns how many bytes they take. Rows of one run keep their order. */
export function insertLines(db: Database, runs: readonly RunLines[]): number {
  let bytes = 0;
  for (const rows of boundedGroups(runs.flatMap(rowsOf))) {
    const json = `[${rows.join(",")}]`;
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
  return [...texts].flatMap((text) => JSON.parse(text) as LogLine[]).slice(0, LOG_LINES_PER_EXECUTION_MAX);
}

/** The rows of one run, each a JSON pair of execution id and lines. */
function rowsOf({ executionId, lines }: RunLines): string[] {
  if (lines.length === 0) return [];
  const texts = lines.slice(0, LOG_LINES_PER_EXECUTION_MAX).map((line) => JSON.stringify(line));
  return boundedGroups(texts).map((group) => `[${JSON.stringify(executionId)},[${group.join(",")}]]`);
}

/** Splits texts into groups whose sum fits a row; a text that is too long alone is left out. */
function boundedGroups(texts: readonly string[]): string[][] {
  const groups: string[][] = [];
  let group: string[] = [];
  let length = 0;
  for (const text of texts) {
    if (text.length > LOG_ROW_LENGTH_MAX) continue;
    if (length + text.length > LOG_ROW_LENGTH_MAX) {
      groups.push(group);
      group = [];
      length = 0;
    }
    group.push(text);
    length += text.length;
  }
  return group.length === 0 ? groups : [...groups, group];
}
