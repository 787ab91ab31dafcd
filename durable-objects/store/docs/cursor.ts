import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import * as z from "zod";

import type { DocQuery } from "../../../contracts/data/docs.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { decodeCursor, encodeCursor } from "../../pages.ts";
import type { Index } from "./indexes.ts";
import type { SortField } from "./order.ts";
import type { Position } from "./scan.ts";

/** Where a list goes on: by which index (null for none), and behind which document. */
export interface Place {
  index: Index | null;
  position: Position;
}

/** The list that a cursor is of. */
export type ListName = Pick<DocQuery, "filter" | "sort"> & { collection: string };

const hexSchema = z.string().regex(/^(?:[0-9a-f]{2})*$/);
/** Name of an index or null, key and id in hexadecimal, and the sum that ties them to their list. */
const cursorSchema = z.tuple([z.string().nullable(), hexSchema, hexSchema, z.string()]);
const SUM_LENGTH = 16;

/** Writes down where the next page begins. */
export function cursorOf(list: ListName, { index, position }: Place): string {
  const name = index?.name ?? null;
  const [key, id] = [bytesToHex(position.key), bytesToHex(utf8ToBytes(position.id))];
  return encodeCursor([name, key, id, sumOf(list, index, [key, id])]);
}

/**
 * Reads what {@link cursorOf} wrote; null for a first page.
 *
 * @throws PlatformError `invalid` for anything made up, for a cursor of another list, and where its index is gone.
 */
export function placeOf(list: ListName, indexes: readonly Index[], cursor: string | null): Place | null {
  const read = decodeCursor(cursor, cursorSchema);
  if (read === null) return null;
  const [name, key, id, sum] = read;
  const index = name === null ? null : indexes.find((each) => each.name === name);
  if (index === undefined || sum !== sumOf(list, index, [key, id])) throw foreignCursor();
  return { index, position: { key: hexToBytes(key), id: new TextDecoder().decode(hexToBytes(id)) } };
}

/** Says that a cursor is none of this list, or not any more. */
export function foreignCursor(): PlatformError {
  const reason = "is one of another list, or the index that it went by is gone";
  return new PlatformError("invalid", `The cursor ${reason}. Begin again without a cursor.`, {
    issues: [{ field: "cursor", reason }],
  });
}

function sumOf({ collection, filter, sort }: ListName, index: Index | null, position: [string, string]): string {
  const fields = (of: readonly SortField[]) => of.map(({ field, descending }) => [field, descending]);
  const by = index === null ? null : [index.name, fields(index.fields)];
  const text = JSON.stringify([collection, filter, fields(sort), by, position]);
  return bytesToHex(sha256(utf8ToBytes(text))).slice(0, SUM_LENGTH);
}
