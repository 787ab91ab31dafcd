import { compareText } from "../../../contracts/data/filter-value.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import {
  DATA_BATCH_BYTES_MAX,
  DOCS_EXAMINED_BYTES_MAX,
  DOCS_EXAMINED_MAX,
  DOCS_SORTED_MAX,
} from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { compareBytes } from "./bytes.ts";
import type { DocRow } from "./doc.ts";
import { type OrderedField, sortKey } from "./indexes.ts";
import type { Plan } from "./plan.ts";
import { type Found, type Position, scan } from "./scan.ts";

/** What is looked for. */
export interface Search {
  plan: Plan;
  /** Whether the JSON text of a document fits. */
  fits: (value: string) => boolean;
  sort: readonly OrderedField[];
  /** Behind which document to begin; null for the first page. */
  after: Position | null;
  limit: number;
}

/** One page of what was found. */
export interface Hits {
  found: DocRow[];
  /** Where the next page begins; null behind the last one. */
  next: Position | null;
  /** Documents that were looked at. */
  examined: number;
}

/** Takes what fits as the plan comes by it, until the page is full or so much was looked at. */
export function hitsInOrder(db: Database, { plan, fits, after, limit }: Search): Hits {
  const page = new PageOf(limit);
  let last: Position | null = null;
  let examined = 0;
  let bytes = 0;
  for (const { row, position } of scan(db, plan, after)) {
    const tired = examined === DOCS_EXAMINED_MAX || bytes > DOCS_EXAMINED_BYTES_MAX;
    if (tired || !page.hasRoomFor(row)) return { found: page.rows, next: last, examined };
    examined += 1;
    bytes += row.bytes;
    last = position;
    if (fits(row.value)) page.add(row);
  }
  return { found: page.rows, next: null, examined };
}

/**
 * Looks at all that the plan comes by, and sorts what fits.
 *
 * @throws PlatformError `invalid` when that is too much.
 */
export function hitsSorted(db: Database, { plan, fits, sort, after, limit }: Search): Hits {
  const all: Found[] = [];
  let examined = 0;
  let bytes = 0;
  for (const { row } of scan(db, plan, null)) {
    examined += 1;
    bytes += row.bytes;
    if (examined > DOCS_SORTED_MAX || bytes > DOCS_EXAMINED_BYTES_MAX) throw tooMuchToSort(sort);
    if (!fits(row.value)) continue;
    const position = { key: sortKey(sort, JSON.parse(row.value)).bytes, id: row.id };
    if (after === null || comparePositions(position, after) > 0) all.push({ row, position });
  }
  all.sort((a, b) => comparePositions(a.position, b.position));
  const page = new PageOf(limit);
  let last: Position | null = null;
  for (const { row, position } of all) {
    if (!page.hasRoomFor(row)) return { found: page.rows, next: last, examined };
    page.add(row);
    last = position;
  }
  return { found: page.rows, next: null, examined };
}

/** The documents of one page, in number and in bytes; one has room always. */
class PageOf {
  readonly rows: DocRow[] = [];
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  hasRoomFor(row: DocRow): boolean {
    const small = this.rows.length === 0 || this.#bytes + row.bytes <= DATA_BATCH_BYTES_MAX;
    return this.rows.length < this.#limit && small;
  }

  add(row: DocRow): void {
    this.rows.push(row);
    this.#bytes += row.bytes;
  }
}

const comparePositions = (a: Position, b: Position): number => compareBytes(a.key, b.key) || compareText(a.id, b.id);

function tooMuchToSort(sort: readonly OrderedField[]): PlatformError {
  const fields = sort.map(({ field, descending }) => `${field}${descending ? " (descending)" : ""}`).join(", ");
  const reason = `would sort more than ${DOCS_SORTED_MAX} documents or ${DOCS_EXAMINED_BYTES_MAX} bytes`;
  return new PlatformError(
    "invalid",
    `This ${reason}, and no index has their order. Make an index of ${fields}, after the fields that the filter ` +
      "has one value for, or filter more by a field that has an index.",
    { issues: [{ field: "sort", reason }] },
  );
}
