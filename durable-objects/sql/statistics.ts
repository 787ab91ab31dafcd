import { SQL_TABLE_VALUES_MAX } from "../../contracts/limits.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { Schema } from "./schema.ts";

/** How much is in a table at most. */
export interface TableSize {
  rows: number;
  bytes: number;
  /** Of its longest value. */
  valueBytes: number;
}

/** What plans are judged by: never less than what is stored. */
export interface Sizes {
  sizeOf(table: string): TableSize;
  /** Most rows that have the same values in the first so many columns of an index. */
  fanOut(index: string, columns: number): number;
}

const NOTHING: TableSize = { rows: 0, bytes: 0, valueBytes: 0 };

/** How many values may be measured in one call before it is asked to come again. */
const MEASURED_VALUES_MAX = SQL_TABLE_VALUES_MAX;

/** Values measured in one call. */
export interface Meter {
  values: number;
}

/**
 * Sizes of tables, measured when somebody first asks. Each write adds what it may have made, so that they stay upper
 * bounds; {@link refresh} has what was written to measured again.
 */
export class Statistics implements Sizes {
  readonly #sql: SqlStorage;
  readonly #schema: Schema;
  readonly #sizes = new Map<string, TableSize>();
  readonly #fanOuts = new Map<string, number>();
  readonly #written = new Set<string>();
  readonly #meter: Meter;

  constructor(sql: SqlStorage, schema: Schema, meter: Meter) {
    this.#sql = sql;
    this.#schema = schema;
    this.#meter = meter;
  }

  sizeOf(table: string): TableSize {
    const known = this.#sizes.get(table);
    if (known !== undefined) return known;
    const size = this.#measure(table);
    this.#sizes.set(table, size);
    return size;
  }

  /** Rows of a table as they are now. */
  rowsNow(table: string): number {
    const query = `SELECT count(*) AS rows FROM ${quoted(table)}`;
    return this.#sql.exec<{ rows: number }>(query).toArray()[0]?.rows ?? 0;
  }

  fanOut(index: string, columns: number): number {
    const key = `${index}/${columns}`;
    const known = this.#fanOuts.get(key);
    if (known !== undefined) return known;
    this.#account();
    const { table, columns: all } = this.#schema.indexes.get(index) ?? { table: "", columns: [] };
    const list = all.slice(0, columns).map(quoted).join(", ");
    const query = `SELECT max(n) AS most FROM (SELECT count(*) AS n FROM ${quoted(table)} GROUP BY ${list})`;
    const most = this.#sql.exec<{ most: number | null }>(query).toArray()[0]?.most ?? 0;
    this.#fanOuts.set(key, most);
    this.#meter.values += this.sizeOf(table).rows;
    return most;
  }

  /** Notes that so many rows of a table were written, with values of so many bytes each at most. */
  grow(table: string, written: { rows: number; valueBytes: number; isNew: boolean }): void {
    const { rows, valueBytes, isNew } = written;
    const columns = this.#schema.tables.get(table)?.columns.length ?? 0;
    const size = this.#sizes.get(table);
    this.#written.add(table);
    if (size !== undefined) {
      this.#sizes.set(table, {
        rows: size.rows + (isNew ? rows : 0),
        bytes: size.bytes + rows * columns * valueBytes,
        valueBytes: Math.max(size.valueBytes, valueBytes),
      });
    }
    for (const key of this.#fanOutsOf(table)) this.#fanOuts.set(key, (this.#fanOuts.get(key) ?? 0) + rows);
  }

  /** Forgets what may be too much by now; false when there is nothing. */
  refresh(): boolean {
    const isAny = this.#written.size > 0;
    for (const table of this.#written) {
      this.#sizes.delete(table);
      for (const key of this.#fanOutsOf(table)) this.#fanOuts.delete(key);
    }
    this.#written.clear();
    return isAny;
  }

  #fanOutsOf(table: string): string[] {
    return [...this.#fanOuts.keys()].filter((key) => {
      const index = key.slice(0, key.lastIndexOf("/"));
      return this.#schema.indexes.get(index)?.table === table;
    });
  }

  #account(): void {
    if (this.#meter.values <= MEASURED_VALUES_MAX) return;
    const message =
      "Its tables are big, and not all of them could be measured yet. Ask again, and it goes on from here.";
    throw new PlatformError("unavailable", message, { retryAfterSeconds: 1 });
  }

  #measure(table: string): TableSize {
    const columns = this.#schema.tables.get(table)?.columns;
    if (columns === undefined) return NOTHING;
    this.#account();
    const lengths = columns.map((column) => `coalesce(octet_length(${quoted(column)}), 0)`);
    const query = `SELECT count(*) AS rows, total(${lengths.join(" + ")}) AS bytes,
       coalesce(max(max(0, ${lengths.join(", ")})), 0) AS valueBytes FROM ${quoted(table)}`;
    const size = this.#sql.exec<{ rows: number; bytes: number; valueBytes: number }>(query).toArray()[0] ?? NOTHING;
    this.#meter.values += size.rows * columns.length;
    return size;
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
