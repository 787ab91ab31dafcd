import { compareText } from "../../../contracts/data/filter-value.ts";
import type { Database, Value } from "../../database.ts";
import { compareBytes, toBuffer } from "./bytes.ts";
import { DOC_COLUMNS, type DocRow } from "./doc.ts";
import { entriesOf } from "./indexes.ts";
import type { Plan } from "./plan.ts";

/** Where a document stands in its plan: the key of its entry, and its id. */
export interface Position {
  /** Empty where documents are gone through by their ids. */
  key: Uint8Array;
  id: string;
}

/** A document that a plan came by. */
export interface Found {
  row: DocRow;
  position: Position;
}

type Condition = { sql: string; values: Value[] };

const NO_KEY = new Uint8Array();

/** Goes through the documents of a plan, behind a position where there is one; no further than they are asked for. */
export function* scan(db: Database, plan: Plan, after: Position | null): Generator<Found> {
  const order = plan.reverse ? "DESC" : "ASC";
  for (const condition of conditionsOf(plan, after)) {
    if (plan.by === "id") {
      const query = `SELECT ${DOC_COLUMNS} FROM docs WHERE ${condition.sql} ORDER BY id ${order}`;
      for (const row of db.each<DocRow>(query, ...condition.values))
        yield { row, position: { key: NO_KEY, id: row.id } };
      continue;
    }
    // The order of a cross join is kept: entries first.
    const query = `SELECT ${DOC_COLUMNS}, key FROM ${entriesOf(plan.index)} CROSS JOIN docs ON docs.id = doc_id
      WHERE ${condition.sql} ORDER BY key ${order}, doc_id ${order}`;
    for (const row of db.each<DocRow & { key: ArrayBuffer }>(query, ...condition.values)) {
      yield { row, position: { key: new Uint8Array(row.key), id: row.id } };
    }
  }
}

/** Counts what a plan comes by, without reading it; so many at most. */
export function countOf(db: Database, plan: Plan, max: number): number {
  const table = plan.by === "id" ? "docs" : entriesOf(plan.index);
  let count = 0;
  for (const { sql, values } of conditionsOf(plan, null)) {
    const query = `SELECT count(*) AS count FROM (SELECT 1 FROM ${table} WHERE ${sql} LIMIT ?)`;
    count += db.find<{ count: number }>(query, ...values, max - count)?.count ?? 0;
    if (count >= max) return count;
  }
  return count;
}

/** What to ask for, one after the other. */
function conditionsOf(plan: Plan, after: Position | null): Condition[] {
  const conditions = plan.by === "id" ? idConditions(plan, after) : entryConditions(plan, after);
  return plan.reverse ? conditions.reverse() : conditions;
}

function idConditions({ ranges, reverse }: Extract<Plan, { by: "id" }>, after: Position | null): Condition[] {
  return ranges.map(({ from, to }) => {
    const low = after === null || reverse || compareText(after.id, from) < 0 ? idIs(">=", from) : idIs(">", after.id);
    if (after === null || !reverse) return conditionOf(low, to === null ? null : idIs("<=", to));
    const isInside = to === null || compareText(after.id, to) <= 0;
    return conditionOf(low, isInside ? idIs("<", after.id) : idIs("<=", to));
  });
}

const idIs = (operator: string, id: string): Condition => ({ sql: `id ${operator} ?`, values: [id] });

function entryConditions({ ranges, reverse }: Extract<Plan, { by: "index" }>, after: Position | null): Condition[] {
  return ranges.flatMap(({ from, to }) => {
    // One condition for each end: of two, SQLite would seek by the first and read through to the second.
    const isBegun = after !== null && (reverse ? isBefore(after.key, to) : compareBytes(from, after.key) <= 0);
    if (after === null || !isBegun) return [conditionOf(atLeast(from), below(to))];
    const isOver = reverse ? compareBytes(after.key, from) < 0 : !isBefore(after.key, to);
    if (isOver) return [];
    const behind = { sql: `(key, doc_id) ${reverse ? "<" : ">"} (?, ?)`, values: [toBuffer(after.key), after.id] };
    return [conditionOf(behind, reverse ? atLeast(from) : below(to))];
  });
}

const atLeast = (key: Uint8Array): Condition => ({ sql: "key >= ?", values: [toBuffer(key)] });
const below = (key: Uint8Array | null): Condition | null =>
  key === null ? null : { sql: "key < ?", values: [toBuffer(key)] };

/** Whether a key is before the end of a range; null for no end. */
const isBefore = (key: Uint8Array, to: Uint8Array | null): boolean => to === null || compareBytes(key, to) < 0;

function conditionOf(one: Condition, other: Condition | null): Condition {
  if (other === null) return one;
  return { sql: `${one.sql} AND ${other.sql}`, values: [...one.values, ...other.values] };
}
