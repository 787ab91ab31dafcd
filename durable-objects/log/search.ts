import type { ExecutionRecord } from "../../contracts/execution.ts";
import type { Database } from "../database.ts";
import { linesInclude, recordIncludes } from "./filter.ts";
import { readLines } from "./lines.ts";

/** The records in which a text occurs, or in whose console lines; those lines are read once for all of them. */
export function recordsWith<R extends { record: ExecutionRecord }>(db: Database, entries: R[], text: string): R[] {
  const others = entries.flatMap(({ record }) => (recordIncludes(record, text) ? [] : [record.id]));
  const printing = executionsPrinting(db, others, text);
  const left = new Set(others);
  return entries.filter(({ record }) => !left.has(record.id) || printing.has(record.id));
}

function executionsPrinting(db: Database, ids: readonly string[], text: string): Set<string> {
  const found = new Set<string>();
  if (ids.length === 0) return found;
  const rows = db.each<{ id: string; text: string }>(
    `SELECT execution_id AS id, text FROM lines
     WHERE execution_id IN (SELECT value FROM json_each(?1)) AND (?2 = '' OR instr(lower(text), ?2) > 0)`,
    JSON.stringify(ids),
    storedForm(text),
  );
  // The stored form also holds the names of fields, so each row is read to be sure.
  for (const row of rows) if (!found.has(row.id) && linesInclude(readLines(row.text), text)) found.add(row.id);
  return found;
}

/** A text as it stands within stored lines, in small letters; empty where SQLite does not know the letters' case. */
function storedForm(text: string): string {
  const form = JSON.stringify(text.toLowerCase()).slice(1, -1);
  return /^[\x20-\x7e]*$/.test(form) ? form : "";
}
