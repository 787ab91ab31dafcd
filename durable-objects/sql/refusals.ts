import { PlatformError } from "../../contracts/errors.ts";
import { SQL_RESULT_BYTES_MAX, SQL_ROWS_MAX } from "../../contracts/limits.ts";

/** The refusal of a statement that is not run, with what is wrong about it. */
export function invalidSql(reason: string): PlatformError {
  return new PlatformError("invalid", `The SQL is not valid: ${reason}.`, {
    issues: [{ field: "text", reason }],
  });
}

/** The refusal of a statement that would take too long or bring too much, with what to do instead. */
export function tooMuchSql(message: string, details: { limit: number; usage: number }): PlatformError {
  return new PlatformError("over_budget", message, details);
}

/** The refusal of a statement that answers too many rows. */
export function tooManyRows(): PlatformError {
  const how = "Take them page by page: ORDER BY a key, and WHERE it is greater than the last one.";
  const details = { limit: SQL_ROWS_MAX, usage: SQL_ROWS_MAX + 1 };
  return tooMuchSql(`A statement answers at most ${SQL_ROWS_MAX} rows. ${how}`, details);
}

/** The refusal of a statement whose rows are too big together. */
export function tooManyBytes(): PlatformError {
  const most = SQL_RESULT_BYTES_MAX.toLocaleString("en");
  const message = `A statement answers at most ${most} bytes. Take fewer columns, or the rows page by page.`;
  return tooMuchSql(message, { limit: SQL_RESULT_BYTES_MAX, usage: SQL_RESULT_BYTES_MAX + 1 });
}
