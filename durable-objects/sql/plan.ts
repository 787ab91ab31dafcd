import type { Schema } from "./schema.ts";
import type { Statement } from "./statement.ts";
import type { Sizes } from "./statistics.ts";
import { isSymbol, isWord, type Token } from "./tokens.ts";

/** One row of `EXPLAIN QUERY PLAN`. */
export type PlanRow = { id: number; parent: number; detail: string };

/** What a plan comes to at most. */
export interface PlanCost {
  /** Rows that are looked at, and seeks that find none. */
  examined: number;
  /** Rows that are kept aside: to be sorted, told apart, or read again. */
  kept: number;
  /** Rows that come out. */
  output: number;
  /** Names of what is looked through in whole inside another loop, to tell where an index is missing. */
  unindexed: string[];
}

interface PlanContext {
  statement: Statement;
  schema: Schema;
  sizes: Sizes;
  /** Rows of the biggest JSON table. */
  jsonRows: number;
}

const LOOP = /^(?:SCAN|SEARCH) (\S+)/;
/** A search by several indexes, each a part under it. */
const EITHER = "MULTI-INDEX OR";
const CONSTANT = /^SCAN (?:CONSTANT ROW|\d+ CONSTANT ROWS|\d+-ROW VALUES CLAUSE)$/;
const BY_ROW_ID = /^SEARCH \S+(?: EXISTS)? USING INTEGER PRIMARY KEY \(rowid=\?\)(?: LEFT-JOIN)?$/;
const BY_PRIMARY_KEY = /^SEARCH (\S+)(?: EXISTS)? USING PRIMARY KEY \(([^()]*)\)(?: LEFT-JOIN)?$/;
const BY_INDEX = /^SEARCH \S+(?: EXISTS)? USING (?:COVERING )?INDEX (\S+) \(([^()]*)\)(?: LEFT-JOIN)?$/;
const SCAN_INDEX = /^SCAN \S+(?: EXISTS)? USING (?:COVERING )?INDEX (\S+)(?: LEFT-JOIN)?$/;
/** Parts that run once for each run of what they belong to; all others count once for each of its rows. */
const ONCE =
  /^(?:MATERIALIZE|CO-ROUTINE|COMPOUND QUERY|LEFT-MOST SUBQUERY|UNION|INTERSECT|EXCEPT|MERGE|LEFT$|RIGHT$|LIST SUBQUERY|SCALAR SUBQUERY)/;
const ADDED = /^(?:COMPOUND QUERY|LEFT-MOST SUBQUERY|UNION|INTERSECT|EXCEPT|MERGE|LEFT$|RIGHT$)/;

/** Whether all that a plan goes through is one JSON table. */
export function isJsonOnly(rows: readonly PlanRow[]): boolean {
  const loops = rows.filter(({ detail }) => LOOP.test(detail) && !CONSTANT.test(detail));
  return loops.length === 1 && (loops[0]?.detail.includes("VIRTUAL TABLE") ?? false);
}

/**
 * Works out what a plan costs at most. Scans and searches of one level are loops inside one another; everything else is
 * a part with loops of its own. What a plan calls by a name that could be more than one thing counts as the biggest.
 */
export function costOfPlan(rows: readonly PlanRow[], context: PlanContext): PlanCost {
  const plan = new Plan(rows, context);
  const output = plan.run(0, 1);
  return { ...plan.cost, output };
}

class Plan {
  readonly cost = { examined: 0, kept: 0, unindexed: [] as string[] };
  readonly #rows: readonly PlanRow[];
  readonly #context: PlanContext;
  readonly #names: Names;
  readonly #alternatives: number;
  /** Rows of the biggest part so far. */
  #biggestPart = 1;

  constructor(rows: readonly PlanRow[], context: PlanContext) {
    this.#rows = rows;
    this.#context = context;
    this.#names = new Names(context.statement, context.schema);
    this.#alternatives = alternativesOf(context.statement.tokens);
  }

  /** Adds what the parts under a row cost when they run so often, and answers how many rows come out of one run. */
  run(parent: number, times: number): number {
    const rows = this.#rows.filter((row) => row.parent === parent);
    const once = rows.filter(({ detail }) => ONCE.test(detail));
    const perRow = rows.filter(({ detail }) => !ONCE.test(detail) && !LOOP.test(detail) && detail !== EITHER);
    let added = 0;
    for (const row of once) {
      const output = this.#part(row, times);
      if (ADDED.test(row.detail)) added += output;
    }
    // A search may be for what a part gives that runs for each row outside of it.
    for (const row of perRow) this.#part(row, 0);
    let loops = 1;
    for (const { id, detail } of rows) {
      if (!LOOP.test(detail) && detail !== EITHER) continue;
      const trips = detail === EITHER ? this.#tripsOfAlternatives(id) : this.#trips(detail, loops > 1);
      loops *= Math.max(1, trips);
      this.cost.examined += times * loops;
    }
    for (const row of perRow) this.#part(row, times * loops);
    const output = Math.max(1, added) * loops;
    if (rows.some(({ detail }) => detail.includes("B-TREE"))) this.cost.kept += times * output;
    return output;
  }

  #part(row: PlanRow, times: number): number {
    if (row.detail.includes("BLOOM FILTER")) this.cost.examined += times * this.#biggest();
    const output = this.run(row.id, times);
    this.#biggestPart = Math.max(this.#biggestPart, output);
    this.cost.kept += times * output;
    return output;
  }

  #tripsOfAlternatives(id: number): number {
    const isUnder = (other: PlanRow): boolean =>
      other.parent === id || this.#rows.some((row) => row.id === other.parent && row.parent === id);
    const loops = this.#rows.filter((other) => isUnder(other) && LOOP.test(other.detail));
    return loops.reduce((sum, { detail }) => sum + this.#trips(detail, false), 0);
  }

  #trips(detail: string, isInner: boolean): number {
    if (CONSTANT.test(detail)) return Number(/\d+/.exec(detail)?.[0] ?? 1);
    if (BY_ROW_ID.test(detail)) return this.#searches(1, 1, Number.MAX_SAFE_INTEGER);
    const [, , keyTerms] = BY_PRIMARY_KEY.exec(detail) ?? [];
    const [, name = ""] = LOOP.exec(detail) ?? [];
    if (keyTerms !== undefined) return this.#byPrimaryKey(name, equalTerms(keyTerms));
    const [, index, terms] = BY_INDEX.exec(detail) ?? [];
    if (index !== undefined && terms !== undefined) return this.#byIndex(index.toLowerCase(), equalTerms(terms));
    if (detail.includes("VIRTUAL TABLE")) return this.#context.jsonRows;
    if (isInner) this.cost.unindexed.push(name);
    const [, scanned] = SCAN_INDEX.exec(detail) ?? [];
    const table = scanned === undefined ? undefined : this.#context.schema.indexes.get(scanned.toLowerCase())?.table;
    return table === undefined ? this.#rowsOf(name.toLowerCase()) : this.#context.sizes.sizeOf(table).rows;
  }

  #byIndex(index: string, equal: number): number {
    const { schema, sizes } = this.#context;
    const known = schema.indexes.get(index);
    if (known === undefined) return this.#biggest();
    const { rows } = sizes.sizeOf(known.table);
    const fanOut = equal === 0 || equal > known.columns.length ? rows : sizes.fanOut(index, equal);
    return this.#searches(fanOut, equal, rows);
  }

  #byPrimaryKey(name: string, equal: number): number {
    const tables = this.#names.tablesOf(name.toLowerCase());
    const isWhole = tables.every((table) => this.#context.schema.tables.get(table)?.primaryKey.length === equal);
    const rows = this.#rowsOf(name.toLowerCase());
    return isWhole && tables.length > 0 ? this.#searches(1, equal, rows) : rows;
  }

  /** Rows and fruitless seeks of one search whose terms may each have several values, by `IN` or `OR`. */
  #searches(fanOut: number, equal: number, rows: number): number {
    const seeks = this.#alternativesNow() ** Math.max(0, equal);
    return Math.max(Math.min(rows, fanOut * seeks), seeks);
  }

  #alternativesNow(): number {
    return Number.isFinite(this.#alternatives) ? this.#alternatives : this.#biggest();
  }

  #rowsOf(name: string): number {
    const tables = this.#names.tablesOf(name);
    const rows = Math.max(0, ...tables.map((table) => this.#context.sizes.sizeOf(table).rows));
    return tables.length === 0 || this.#names.isPart(name) ? this.#biggest() : rows;
  }

  #biggest(): number {
    const tables = this.#names.mentioned.map((table) => this.#context.sizes.sizeOf(table).rows);
    return Math.max(this.#biggestPart, ...tables);
  }
}

/** What the names in a plan may stand for: it has aliases where the statement has them. */
class Names {
  readonly mentioned: readonly string[];
  readonly #tables = new Map<string, Set<string>>();
  readonly #parts: Set<string>;

  constructor({ tokens, commonTables }: Statement, { tables }: Schema) {
    this.#parts = new Set(commonTables);
    const mentioned = new Set<string>();
    for (const [index, token] of tokens.entries()) {
      const name = token.value.toLowerCase();
      const next = tokens[isWord(tokens[index + 1], "as") ? index + 2 : index + 1];
      const alias = next === undefined || next.kind === "symbol" ? null : next.value.toLowerCase();
      if (isSymbol(token, ")") && alias !== null) this.#parts.add(alias);
      if (commonTables.has(name) && alias !== null) this.#parts.add(alias);
      if (!tables.has(name) || token.kind === "symbol") continue;
      mentioned.add(name);
      this.#add(name, name);
      if (alias !== null) this.#add(alias, name);
    }
    this.mentioned = [...mentioned];
  }

  tablesOf(name: string): string[] {
    return [...(this.#tables.get(name) ?? [])];
  }

  /** Whether it may be a part of the plan that is read again. */
  isPart(name: string): boolean {
    return this.#parts.has(name);
  }

  #add(name: string, table: string): void {
    const tables = this.#tables.get(name) ?? new Set();
    this.#tables.set(name, tables.add(table));
  }
}

const equalTerms = (terms: string): number =>
  terms.split(" AND ").filter((term) => term.endsWith("=?") && !/[<>]/.test(term)).length;

/** Values that one term of a search may have through `IN` and `OR`; infinite where a query gives them. */
function alternativesOf(tokens: readonly Token[]): number {
  let alternatives = 1;
  for (const [index, token] of tokens.entries()) {
    if (isWord(token, "or")) alternatives += 1;
    if (!isWord(token, "in")) continue;
    if (!isSymbol(tokens[index + 1], "(") || isWord(tokens[index + 2], "select", "values")) return Infinity;
    let depth = 0;
    for (const inner of tokens.slice(index + 1)) {
      if (isSymbol(inner, "(")) depth += 1;
      if (isSymbol(inner, ")") && (depth -= 1) === 0) break;
      if (depth === 1 && isSymbol(inner, ",")) alternatives += 1;
    }
    alternatives += 1;
  }
  return alternatives;
}
