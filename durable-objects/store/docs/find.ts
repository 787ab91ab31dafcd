import type { DocPage, DocQuery } from "../../../contracts/data/docs.ts";
import { type Filter, matcherOf, parseFilter } from "../../../contracts/data/filter.ts";
import {
  DATA_PAGE_MAX,
  DOCS_EXAMINED_BYTES_MAX,
  DOCS_EXAMINED_MAX,
  INDEX_ESTIMATE_MAX,
} from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { demandsOf } from "./bounds.ts";
import { hitsInOrder, hitsSorted } from "./collect.ts";
import { cursorOf, foreignCursor, placeOf } from "./cursor.ts";
import { docOf } from "./doc.ts";
import { type Index, listIndexes, type OrderedField, orderedFields } from "./indexes.ts";
import { bestPlan, type Plan, planById, planByIndex } from "./plan.ts";
import { countOf, scan } from "./scan.ts";

/**
 * A page of the documents that fit a filter. Pages neither repeat nor skip what stays as it is, whatever is written
 * meanwhile. The work is bounded: a page may be short, or empty, and still have a cursor.
 *
 * @throws PlatformError `invalid` for a filter, sort or cursor that is not good, and for an order that no index has
 * where too much would have to be sorted.
 */
export function findDocs(db: Database, collection: string, query: DocQuery): DocPage {
  const list = { collection, filter: query.filter, sort: query.sort };
  const filter = parseFilter(query.filter);
  const sort = orderedFields(query.sort, "sort");
  const indexes = listIndexes(db);
  const place = placeOf(list, indexes, query.cursor);
  // A later page goes the way of the first one.
  const plan = planOf(db, place === null ? indexes : place.index, filter, sort);
  const limit = Math.min(Math.max(1, Math.trunc(query.limit)), DATA_PAGE_MAX);
  const search = { plan, fits: fitsOf(plan, filter), sort, after: place?.position ?? null, limit };
  const { found, next, examined } = plan.sorted ? hitsInOrder(db, search) : hitsSorted(db, search);
  const index = plan.by === "index" ? plan.index : null;
  const cursor = next === null ? null : cursorOf(list, { index, position: next });
  return { items: found.map(docOf), cursor, examined, index: index?.name ?? null };
}

/** The same where the collection was never written; refuses what {@link findDocs} would. */
export function findNothing({ filter, sort, cursor }: DocQuery): DocPage {
  parseFilter(filter);
  orderedFields(sort, "sort");
  if (cursor !== null) throw foreignCursor();
  return { items: [], cursor: null, examined: 0, index: null };
}

/** Counts the documents that fit a filter, to at most so many; not exact where there are or may be more. */
export function countDocs(db: Database, filterText: string, max: number): { count: number; exact: boolean } {
  const filter = parseFilter(filterText);
  const most = Math.min(Math.max(1, Math.trunc(max)), DOCS_EXAMINED_MAX);
  const plan = planOf(db, listIndexes(db), filter, []);
  if (plan.exact) {
    const count = countOf(db, plan, most + 1);
    return { count: Math.min(count, most), exact: count <= most };
  }
  const fits = fitsOf(plan, filter);
  let count = 0;
  let examined = 0;
  let bytes = 0;
  for (const { row } of scan(db, plan, null)) {
    if (examined === DOCS_EXAMINED_MAX || bytes > DOCS_EXAMINED_BYTES_MAX) return { count, exact: false };
    examined += 1;
    bytes += row.bytes;
    if (!fits(row.value)) continue;
    if (count === most) return { count, exact: false };
    count += 1;
  }
  return { count, exact: true };
}

/** The same where the collection was never written. */
export function countNothing(filterText: string): { count: number; exact: boolean } {
  parseFilter(filterText);
  return { count: 0, exact: true };
}

/** Chooses among several indexes, or takes the given one; null for none. */
function planOf(
  db: Database,
  by: readonly Index[] | Index | null,
  filter: Filter,
  sort: readonly OrderedField[],
): Plan {
  const demands = demandsOf(filter);
  if (by === null) return planById(demands, sort);
  if (!isList(by)) return planByIndex(by, demands, sort);
  const byIndex = by.map((index) => planByIndex(index, demands, sort));
  return bestPlan(planById(demands, sort), byIndex, (plan) => countOf(db, plan, INDEX_ESTIMATE_MAX));
}

const isList = (by: readonly Index[] | Index): by is readonly Index[] => Array.isArray(by);

/** Whether the JSON text of a document fits; it is only read where the plan alone does not say so. */
function fitsOf(plan: Plan, filter: Filter): (value: string) => boolean {
  if (plan.exact) return () => true;
  const matches = matcherOf(filter);
  return (value) => matches(JSON.parse(value));
}
