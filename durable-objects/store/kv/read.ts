import * as z from "zod";

import type { KvEntry, KvRange } from "../../../contracts/data/kv.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { DATA_BATCH_BYTES_MAX, DATA_PAGE_MAX, EXPIRE_BATCH_MAX } from "../../../contracts/limits.ts";
import type { Page } from "../../../contracts/page.ts";
import type { Database } from "../../database.ts";
import { decodeCursor, encodeCursor } from "../../pages.ts";
import { entryColumns, entryOf, type EntryRow, isExpired } from "./entry.ts";

/**
 * Keys in the order asked for, null for what is not there.
 *
 * @throws PlatformError `too_large` when the values are more than one call carries.
 */
export function getEntries(
  db: Database,
  { keys, values }: { keys: string[]; values: boolean },
  now: number,
): (KvEntry | null)[] {
  const query = `SELECT ${entryColumns(values)} FROM kv WHERE key = ?`;
  let bytes = 0;
  return keys.map((key) => {
    const row = db.find<EntryRow>(query, key);
    if (row === null || isExpired(row, now)) return null;
    bytes += row.bytes;
    if (values && bytes > DATA_BATCH_BYTES_MAX) throw tooMuch();
    return entryOf(row);
  });
}

/** Where a page ended: the collection and the last key, written as in a URL. */
const cursorSchema = z.tuple([z.string(), z.string()]);

/** Expired keys that one page passes over. */
const PASSED_OVER_MAX = EXPIRE_BATCH_MAX;

/**
 * A page of keys that begin so, in the order of their UTF-8 bytes. It is short where the values are big or many
 * keys have expired; it is the last one only when it has no cursor.
 *
 * @throws PlatformError `invalid` for a cursor that no list of this collection and prefix gave.
 */
export function listEntries(db: Database, collection: string, range: KvRange, now: number): Page<KvEntry> {
  const { prefix, values } = range;
  const limit = Math.min(Math.max(1, Math.trunc(range.limit)), DATA_PAGE_MAX);
  const after = keyOfCursor(range.cursor, collection, prefix);
  const query = `SELECT ${entryColumns(values)} FROM kv WHERE key ${after === null ? ">=" : ">"} ? ORDER BY key LIMIT ?`;
  const items: KvEntry[] = [];
  let last: string | null = null;
  let bytes = 0;
  let read = 0;
  for (const row of db.each<EntryRow>(query, after ?? prefix, limit + PASSED_OVER_MAX + 1)) {
    if (!row.key.startsWith(prefix)) return { items, cursor: null };
    const fits = !values || items.length === 0 || bytes + row.bytes <= DATA_BATCH_BYTES_MAX;
    if (items.length === limit || read === limit + PASSED_OVER_MAX || !fits) {
      return { items, cursor: last === null ? null : cursorOf(collection, last) };
    }
    read += 1;
    last = row.key;
    if (isExpired(row, now)) continue;
    bytes += row.bytes;
    items.push(entryOf(row));
  }
  return { items, cursor: null };
}

const cursorOf = (collection: string, key: string): string => encodeCursor([collection, encodeURIComponent(key)]);

function keyOfCursor(cursor: string | null, collection: string, prefix: string): string | null {
  const position = decodeCursor(cursor, cursorSchema);
  if (position === null) return null;
  const key = keyOfUrl(position[1]);
  if (position[0] === collection && key?.startsWith(prefix) === true) return key;
  throw new PlatformError("invalid", "The cursor is one of another list. Begin again without a cursor.", {
    issues: [{ field: "cursor", reason: "is one of another list" }],
  });
}

function keyOfUrl(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

const tooMuch = (): PlatformError =>
  new PlatformError(
    "too_large",
    `The values asked for are over ${DATA_BATCH_BYTES_MAX} bytes together. Ask for fewer keys at a time.`,
    { limitBytes: DATA_BATCH_BYTES_MAX },
  );
