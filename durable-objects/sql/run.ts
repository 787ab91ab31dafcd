import type { SqlResult, SqlStatement, SqlValue } from "../../contracts/data/tools.ts";
import { PlatformError } from "../../contracts/errors.ts";
import {
  SQL_BYTES_MAX,
  SQL_OBJECTS_MAX,
  SQL_RESULT_BYTES_MAX,
  SQL_ROWS_MAX,
  SQL_STATEMENTS_MAX,
  SQL_TABLE_ROWS_MAX,
  SQL_TABLE_VALUES_MAX,
  SQL_VALUE_BYTES_MAX,
} from "../../contracts/limits.ts";
import { Budget } from "./budget.ts";
import { type Cost, costOfDefinition, costOfQuery } from "./cost.ts";
import type { PlanRow } from "./plan.ts";
import { invalidSql, tooMuchSql } from "./refusals.ts";
import { readSchema, type Schema } from "./schema.ts";
import { readStatement, type Statement } from "./statement.ts";
import { Statistics } from "./statistics.ts";

/** What is known of an org's own SQLite between two calls. */
interface Known {
  schema: Schema;
  statistics: Statistics;
}

/**
 * Runs statements of an org's scripts. Nothing interrupts SQLite, so a statement is read, its plan is judged by what its
 * tables hold, and only then does it run.
 */
export class Runner {
  readonly #sql: SqlStorage;
  readonly #meter = { values: 0 };
  #known: Known | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Runs them in their order and answers the rows of each. To be called in a transaction that a throw rolls back; the
   * refusals are `invalid` for what is no SQL that runs here, `over_budget` for what is too much.
   */
  run(statements: readonly SqlStatement[]): SqlResult[] {
    if (statements.length > SQL_STATEMENTS_MAX)
      throw invalidSql(`there are more than ${SQL_STATEMENTS_MAX} statements`);
    const budget = new Budget();
    const sizeBefore = this.#sql.databaseSize;
    this.#meter.values = 0;
    let isWritten = false;
    try {
      const results = statements.map(({ text, parameters }) => {
        const statement = readStatement(text);
        isWritten ||= statement.target !== null;
        return this.#runOne(statement, text, bindingsOf(parameters), budget);
      });
      refuseSize(sizeBefore, this.#sql.databaseSize);
      return results;
    } catch (error) {
      // What was counted may be rolled back.
      if (isWritten) this.#known = null;
      throw error;
    }
  }

  #runOne(statement: Statement, text: string, bindings: SqlValue[], budget: Budget): SqlResult {
    const { verb, target } = statement;
    const isDefinition = verb === "create" || verb === "alter" || verb === "drop";
    const cost = isDefinition
      ? costOfDefinition(statement, this.#knowledge().statistics)
      : this.#costOf(statement, { text, bindings }, budget);
    budget.take(cost);
    const before = target === null ? 0 : this.#knowledge().statistics.sizeOf(target).rows;
    const result = this.#execute(text, bindings);
    if (target === null) return result;
    if (isDefinition) this.#known = null;
    else {
      const isNew = verb === "insert" || verb === "replace";
      const { rowBytes } = cost;
      this.#knowledge().statistics.grow(target, { rows: result.rowsWritten, rowBytes, isNew });
    }
    if (verb !== "delete" && verb !== "drop") this.#refuseGrowth(statement, before + result.rowsWritten);
    return result;
  }

  /** The cost by what is known, or, where that is too much, by what is measured anew. */
  #costOf(statement: Statement, { text, bindings }: { text: string; bindings: SqlValue[] }, budget: Budget): Cost {
    const plan = this.#plan(text, bindings);
    const cost = (): Cost => {
      const { schema, statistics } = this.#knowledge();
      return costOfQuery(statement, plan, { schema, sizes: statistics, parameters: bindings });
    };
    const known = cost();
    return budget.allows(known) || !this.#knowledge().statistics.refresh() ? known : cost();
  }

  #plan(text: string, bindings: SqlValue[]): PlanRow[] {
    return refusing(() =>
      this.#sql
        .exec<{ id: number; parent: number; detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...bindings)
        .toArray(),
    );
  }

  #execute(text: string, bindings: SqlValue[]): SqlResult {
    const cursor = refusing(() => this.#sql.exec(text, ...bindings));
    const rows: SqlValue[][] = [];
    let bytes = 0;
    const raw = cursor.raw<SqlStorageValue[]>();
    for (let next = refusing(() => raw.next()); next.done !== true; next = refusing(() => raw.next())) {
      if (rows.length === SQL_ROWS_MAX) throw tooManyRows();
      const row = next.value.map(valueOf);
      bytes += row.reduce<number>((sum, value) => sum + bytesOf(value), 0);
      if (bytes > SQL_RESULT_BYTES_MAX) throw tooManyBytes();
      rows.push(row);
    }
    return { columns: cursor.columnNames, rows, rowsWritten: cursor.rowsWritten };
  }

  #knowledge(): Known {
    if (this.#known === null) {
      const schema = readSchema(this.#sql);
      this.#known = { schema, statistics: new Statistics(this.#sql, schema, this.#meter) };
    }
    return this.#known;
  }

  #refuseGrowth({ target }: Statement, rowsAtMost: number): void {
    const { schema, statistics } = this.#knowledge();
    const objects = schema.tables.size + schema.indexes.size;
    if (objects > SQL_OBJECTS_MAX) {
      const message = `An org's SQLite has at most ${SQL_OBJECTS_MAX} tables and indexes. Drop some first.`;
      throw tooMuchSql(message, { limit: SQL_OBJECTS_MAX, usage: objects });
    }
    const columns = schema.tables.get(target ?? "")?.columns.length ?? 0;
    const limit = Math.min(SQL_TABLE_ROWS_MAX, Math.floor(SQL_TABLE_VALUES_MAX / Math.max(1, columns)));
    if (target === null || columns === 0 || rowsAtMost <= limit) return;
    const usage = statistics.rowsNow(target);
    if (usage <= limit) return;
    const message = `The table ${target} may have ${limit.toLocaleString("en")} rows of ${columns} columns. Delete some, or use docs, which are made for more.`;
    throw tooMuchSql(message, { limit, usage });
  }
}

function bindingsOf(parameters: SqlStatement["parameters"]): SqlValue[] {
  return parameters.map((value) => {
    if (typeof value === "boolean") return value ? 1 : 0;
    if (bytesOf(value) <= SQL_VALUE_BYTES_MAX) return value;
    const message = `A value of SQL has at most ${SQL_VALUE_BYTES_MAX.toLocaleString("en")} bytes. Keep longer ones in kv or docs.`;
    throw new PlatformError("too_large", message, { limitBytes: SQL_VALUE_BYTES_MAX, actualBytes: bytesOf(value) });
  });
}

function bytesOf(value: SqlValue): number {
  return typeof value === "string" ? encoder.encode(value).byteLength : 8;
}

const encoder = new TextEncoder();

function valueOf(value: SqlStorageValue): SqlValue {
  if (!(value instanceof ArrayBuffer)) return value;
  throw invalidSql("it answers bytes; only texts, numbers and null can be answered");
}

function refuseSize(before: number, after: number): void {
  if (after <= SQL_BYTES_MAX || after <= before) return;
  const message = `An org's SQLite may have ${SQL_BYTES_MAX.toLocaleString("en")} bytes. Delete what is not needed any more.`;
  throw tooMuchSql(message, { limit: SQL_BYTES_MAX, usage: after });
}

const tooManyRows = (): Error =>
  tooMuchSql(
    `A statement answers at most ${SQL_ROWS_MAX} rows. Take them page by page: ORDER BY a key, and WHERE it is greater than the last one.`,
    { limit: SQL_ROWS_MAX, usage: SQL_ROWS_MAX + 1 },
  );

const tooManyBytes = (): Error =>
  tooMuchSql(
    `A statement answers at most ${SQL_RESULT_BYTES_MAX.toLocaleString("en")} bytes. Take fewer columns, or the rows page by page.`,
    { limit: SQL_RESULT_BYTES_MAX, usage: SQL_RESULT_BYTES_MAX + 1 },
  );

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
