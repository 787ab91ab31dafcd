import type { SqlResult, SqlStatement, SqlValue } from "../../contracts/data/tools.ts";
import {
  SQL_BYTES_MAX,
  SQL_OBJECTS_MAX,
  SQL_STATEMENTS_MAX,
  SQL_TABLE_ROWS_MAX,
  SQL_TABLE_VALUES_MAX,
} from "../../contracts/limits.ts";
import { Budget } from "./budget.ts";
import { type Cost, costOfDefinition, costOfQuery } from "./cost.ts";
import { execute, planOf } from "./execute.ts";
import { limitedText } from "./limit.ts";
import { invalidSql, tooMuchSql } from "./refusals.ts";
import { readSchema, type Schema } from "./schema.ts";
import { readStatement, type Statement } from "./statement.ts";
import { Statistics } from "./statistics.ts";
import { bindingsOf } from "./values.ts";

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
        return this.#runOne(statement, bindingsOf(parameters), budget);
      });
      refuseSize(sizeBefore, this.#sql.databaseSize);
      return results;
    } catch (error) {
      // What was counted may be rolled back.
      if (isWritten) this.#known = null;
      throw error;
    }
  }

  #runOne(statement: Statement, bindings: SqlValue[], budget: Budget): SqlResult {
    const { verb, target } = statement;
    const text = limitedText(statement, bindings);
    const isDefinition = verb === "create" || verb === "alter" || verb === "drop";
    const cost = isDefinition
      ? costOfDefinition(statement, this.#knowledge().statistics)
      : this.#costOf(statement, { text, bindings }, budget);
    budget.take(cost);
    const before = target === null ? 0 : this.#knowledge().statistics.sizeOf(target).rows;
    const result = execute(this.#sql, text, bindings);
    if (target === null) return result;
    if (isDefinition) this.#known = null;
    else {
      const isNew = verb === "insert" || verb === "replace";
      const { valueBytes } = cost;
      this.#knowledge().statistics.grow(target, { rows: result.rowsWritten, valueBytes, isNew });
    }
    if (verb !== "delete" && verb !== "drop") this.#refuseGrowth(statement, before + result.rowsWritten);
    return result;
  }

  /** The cost by what is known, or, where that is too much, by what is measured anew. */
  #costOf(statement: Statement, { text, bindings }: { text: string; bindings: SqlValue[] }, budget: Budget): Cost {
    const plan = planOf(this.#sql, text, bindings);
    const cost = (): Cost => {
      const { schema, statistics } = this.#knowledge();
      return costOfQuery(statement, plan, { schema, sizes: statistics, parameters: bindings });
    };
    const known = cost();
    return budget.allows(known) || !this.#knowledge().statistics.refresh() ? known : cost();
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

function refuseSize(before: number, after: number): void {
  if (after <= SQL_BYTES_MAX || after <= before) return;
  const message = `An org's SQLite may have ${SQL_BYTES_MAX.toLocaleString("en")} bytes. Delete what is not needed any more.`;
  throw tooMuchSql(message, { limit: SQL_BYTES_MAX, usage: after });
}
