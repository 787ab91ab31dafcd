import type { SqlResult, SqlValue } from "../../contracts/data/tools.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { SQL_RESULT_BYTES_MAX, SQL_ROWS_MAX } from "../../contracts/limits.ts";
import type { PlanRow } from "./plan.ts";
import { invalidSql, tooManyBytes, tooManyRows } from "./refusals.ts";
import { bytesOf, valueOf } from "./values.ts";

/** How SQLite means to go about a statement; nothing of it is run. Throws `invalid` for what SQLite refuses. */
export function planOf(sql: SqlStorage, text: string, bindings: SqlValue[]): PlanRow[] {
  return refusing(() => sql.exec<PlanRow>(`EXPLAIN QUERY PLAN ${text}`, ...bindings).toArray());
}

/**
 * Runs a statement and reads all that it answers, also where that is too much: one that is not read to its end keeps its
 * tables locked. Throws `invalid` for what SQLite refuses, `over_budget` for more rows or bytes than may be answered.
 */
export function execute(sql: SqlStorage, text: string, bindings: SqlValue[]): SqlResult {
  const cursor = refusing(() => sql.exec(text, ...bindings));
  const raw = cursor.raw<SqlStorageValue[]>();
  const rows: SqlValue[][] = [];
  let bytes = 0;
  let count = 0;
  for (let next = refusing(() => raw.next()); next.done !== true; next = refusing(() => raw.next())) {
    count += 1;
    if (count > SQL_ROWS_MAX || bytes > SQL_RESULT_BYTES_MAX) continue;
    const row = next.value.map(valueOf);
    bytes += row.reduce<number>((sum, value) => sum + bytesOf(value), 0);
    rows.push(row);
  }
  if (count > SQL_ROWS_MAX) throw tooManyRows();
  if (bytes > SQL_RESULT_BYTES_MAX) throw tooManyBytes();
  return { columns: cursor.columnNames, rows, rowsWritten: cursor.rowsWritten };
}

/** Does something with SQLite, whose errors are the statement's. */
function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/SQLITE_(?:NOMEM|TOOBIG|FULL)/.test(message)) {
      throw new PlatformError("over_budget", `The statement needs more memory than there is for it: ${message}`);
    }
    throw invalidSql(message.replace(/: SQLITE_[A-Z_]+$/, "").replace(/\.$/, ""));
  }
}
