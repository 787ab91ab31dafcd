import type { DocIndex } from "../../../contracts/data/docs.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { INDEXED_BYTES_MAX, INDEXED_DOCS_MAX, INDEXES_PER_COLLECTION_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import type { Changes } from "../changes.ts";
import { buildEntries } from "./build.ts";
import { entriesOf, type Index, listIndexes, orderedFields, toDocIndex } from "./indexes.ts";

/**
 * Makes an index and the entries of all documents that are there. The same index again changes nothing.
 *
 * @throws PlatformError `conflict` where another has its name, or where values that have to be unique are not;
 * `over_budget` for too many indexes, or too many documents to go through while everybody waits; `invalid` for what
 * is no field.
 */
export function createIndex(changes: Changes, wanted: DocIndex): DocIndex {
  const { db } = changes;
  const fields = orderedFields(wanted.fields, "fields");
  const indexes = listIndexes(db);
  const same = indexes.find(({ name }) => name === wanted.name);
  if (same !== undefined) return checkSame(same, wanted);
  if (indexes.length >= INDEXES_PER_COLLECTION_MAX) throw tooManyIndexes();
  checkBuildable(db);
  const index: Index = { id: freeId(indexes), name: wanted.name, fields, unique: wanted.unique };
  db.run(
    "INSERT INTO doc_indexes (id, name, fields, is_unique) VALUES (?, ?, ?, ?)",
    index.id,
    index.name,
    JSON.stringify(toDocIndex(index).fields),
    index.unique ? 1 : 0,
  );
  db.run(`CREATE TABLE IF NOT EXISTS ${entriesOf(index)} (key BLOB NOT NULL, doc_id TEXT NOT NULL,
    PRIMARY KEY (key, doc_id)) STRICT, WITHOUT ROWID`);
  changes.grew(0, buildEntries(db, index));
  return toDocIndex(index);
}

/** Removes an index with its entries; false when there was none. */
export function dropIndex(db: Database, name: string): boolean {
  const index = listIndexes(db).find((each) => each.name === name);
  if (index === undefined) return false;
  removeIndex(db, index);
  return true;
}

/** Removes all documents and all indexes; whether there were any indexes. */
export function clearDocs(db: Database): boolean {
  const indexes = listIndexes(db);
  for (const index of indexes) removeIndex(db, index);
  db.run("DELETE FROM docs");
  return indexes.length > 0;
}

function removeIndex(db: Database, index: Index): void {
  // Emptied, and kept for the next index: a table that is being read cannot be dropped.
  db.run(`DELETE FROM ${entriesOf(index)}`);
  db.run("DELETE FROM doc_indexes WHERE id = ?", index.id);
}

/** The least id that none of them has; there is a table for each, so there are no more of them than indexes. */
function freeId(indexes: readonly Index[]): number {
  const taken = new Set(indexes.map(({ id }) => id));
  let id = 1;
  while (taken.has(id)) id += 1;
  return id;
}

function checkSame(index: Index, wanted: DocIndex): DocIndex {
  const found = toDocIndex(index);
  const { name, fields, unique } = wanted;
  const same =
    found.unique === unique &&
    found.fields.length === fields.length &&
    found.fields.every(({ field, descending }, at) => {
      const other = fields[at];
      return other !== undefined && other.field === field && other.descending === descending;
    });
  if (same) return found;
  throw new PlatformError("conflict", `There is another index ${name}. Drop it first, or give this one another name.`, {
    index: found,
  });
}

function checkBuildable(db: Database): void {
  const { count, bytes } = db.find<{ count: number; bytes: number }>(
    "SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM docs",
  ) ?? { count: 0, bytes: 0 };
  if (count <= INDEXED_DOCS_MAX && bytes <= INDEXED_BYTES_MAX) return;
  throw new PlatformError(
    "over_budget",
    `The collection has ${count} documents of ${bytes} bytes, and an index can be made of up to ${INDEXED_DOCS_MAX} ` +
      `documents of ${INDEXED_BYTES_MAX} bytes. Make indexes before there are so many: in a new collection, to which ` +
      "the documents are copied.",
    { count, bytes, countMax: INDEXED_DOCS_MAX, bytesMax: INDEXED_BYTES_MAX },
  );
}

const tooManyIndexes = (): PlatformError =>
  new PlatformError("over_budget", `A collection has at most ${INDEXES_PER_COLLECTION_MAX} indexes. Drop one first.`, {
    limit: INDEXES_PER_COLLECTION_MAX,
  });
