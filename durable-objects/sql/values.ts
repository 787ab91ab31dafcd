import type { SqlStatement, SqlValue } from "../../contracts/data/tools.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { SQL_VALUE_BYTES_MAX } from "../../contracts/limits.ts";
import { invalidSql } from "./refusals.ts";

const encoder = new TextEncoder();

/** Parameters as SQLite takes them; throws `too_large` for a text beyond its bound. */
export function bindingsOf(parameters: SqlStatement["parameters"]): SqlValue[] {
  return parameters.map((value) => {
    if (typeof value === "boolean") return value ? 1 : 0;
    if (bytesOf(value) <= SQL_VALUE_BYTES_MAX) return value;
    const message = `A value of SQL has at most ${SQL_VALUE_BYTES_MAX.toLocaleString("en")} bytes. Keep longer ones in kv or docs.`;
    throw new PlatformError("too_large", message, { limitBytes: SQL_VALUE_BYTES_MAX, actualBytes: bytesOf(value) });
  });
}

/** Bytes of a value, or as many as one that is no text takes. */
export function bytesOf(value: SqlValue): number {
  return typeof value === "string" ? encoder.encode(value).byteLength : 8;
}

/** A value that SQLite answers; throws `invalid` for bytes. */
export function valueOf(value: SqlStorageValue): SqlValue {
  if (!(value instanceof ArrayBuffer)) return value;
  throw invalidSql("it answers bytes; only texts, numbers and null can be answered");
}
