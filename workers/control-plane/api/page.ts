import { gt, type SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";

import type { PageRequest } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { PAGE_SIZE_DEFAULT } from "../../../contracts/limits.ts";

interface PageQuery {
  cursor?: string | undefined;
  limit?: number | undefined;
}

/** A page request for a door, which owns its cursors. */
export const pageRequest = ({ cursor, limit }: PageQuery): PageRequest => ({
  cursor: cursor ?? null,
  limit: limit ?? PAGE_SIZE_DEFAULT,
});

/** What a list by a key of its own reads: the rows behind the page before, and one more than fits. */
export interface KeyPage {
  limit: number;
  /** Holds for the rows that come after the page before; undefined for the first page. */
  after: SQL | undefined;
}

/** Reads a page request for a list that is in the order of a column, whose values are ASCII. */
export function keyPage({ cursor, limit }: PageQuery, column: PgColumn): KeyPage {
  const last = keyOfCursor(cursor);
  return { limit: limit ?? PAGE_SIZE_DEFAULT, after: last === null ? undefined : gt(column, last) };
}

/** The last key of the page before, out of a cursor that {@link pageOfRows} made; null for the first page. */
export function keyOfCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  try {
    return atob(cursor);
  } catch {
    throw new PlatformError("invalid", "This cursor is not one that a list gave. Start again without it.", {
      issues: [{ field: "cursor", reason: "is not one that a list gave" }],
    });
  }
}

/** Cuts rows, of which one more than `limit` was asked for, to a page with a cursor to go on from. Keys are ASCII. */
export function pageOfRows<R>(
  rows: R[],
  limit: number,
  keyOf: (row: R) => string,
): { rows: R[]; cursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { rows: page, cursor: null };
  return { rows: page, cursor: btoa(keyOf(last)) };
}
