import type { Database, Value } from "../../database.ts";
import { compareBytes, toBuffer } from "./bytes.ts";
import { DOC_COLUMNS, type DocRow } from "./doc.ts";
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
    const query = `SELECT ${DOC_COLUMNS}, entry.key FROM doc_entries AS entry CROSS JOIN docs ON docs.id = entry.doc_id
      WHERE ${condition.sql} ORDER BY entry.key ${order}, entry.doc_id ${order}`;
    for (const row of db.each<DocRow & { key: ArrayBuffer }>(query, ...condition.values)) {
      yield { row, position: { key: new Uint8Array(row.key), id: row.id } };
    }
  }
}

/** Counts what a plan comes by, without reading it; so many at most. */
export function countOf(db: Database, plan: Plan, max: number): number {
  const table = plan.by === "id" ? "docs" : "doc_entries AS entry";
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
  const behind = reverse ? "<" : ">";
  return ranges.map(({ from, to }) => {
    const parts: [string, string | null][] = [
      ["id >= ?", from],
      ["id <= ?", to],
      [`id ${behind} ?`, after?.id ?? null],
    ];
    const asked = parts.filter((part): part is [string, string] => part[1] !== null);
    return { sql: asked.map(([sql]) => sql).join(" AND "), values: asked.map(([, value]) => value) };
  });
}

function entryConditions(plan: Extract<Plan, { by: "index" }>, after: Position | null): Condition[] {
  return plan.ranges.flatMap(({ from, to }) => {
    const isPast = after !== null && (plan.reverse ? compareBytes(from, after.key) > 0 : isBefore(to, after.key));
    if (isPast) return [];
    const condition: Condition = {
      sql: "entry.index_id = ? AND entry.key >= ?",
      values: [plan.index.id, toBuffer(from)],
    };
    if (to !== null) add(condition, "entry.key < ?", toBuffer(to));
    if (after !== null) {
      const behind = plan.reverse ? "<" : ">";
      add(condition, `(entry.key, entry.doc_id) ${behind} (?, ?)`, toBuffer(after.key), after.id);
    }
    return [condition];
  });
}

/** Whether a range ends at or before a key. */
const isBefore = (to: Uint8Array | null, key: Uint8Array): boolean => to !== null && compareBytes(to, key) <= 0;

function add(condition: Condition, sql: string, ...values: Value[]): void {
  condition.sql += ` AND ${sql}`;
  condition.values.push(...values);
}
