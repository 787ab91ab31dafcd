import type { DocIndex } from "../../../contracts/data/docs.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { INDEXED_BYTES_MAX, INDEXED_DOCS_MAX, INDEXES_PER_COLLECTION_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import type { Changes } from "../changes.ts";
import type { Content } from "./content.ts";
import { addEntry } from "./entries.ts";
import { type Index, listIndexes, orderedFields, sortKey, toDocIndex } from "./indexes.ts";

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
  db.run(
    "INSERT INTO doc_indexes (name, fields, is_unique) VALUES (?, ?, ?)",
    wanted.name,
    JSON.stringify(fields.map(({ field, descending }) => ({ field, descending }))),
    wanted.unique ? 1 : 0,
  );
  const index = listIndexes(db).find(({ name }) => name === wanted.name);
  if (index === undefined) throw new Error(`The index ${wanted.name} is not there`);
  changes.grew(0, build(db, index));
  return toDocIndex(index);
}

/** Removes an index with its entries; false when there was none. */
export function dropIndex(db: Database, name: string): boolean {
  const index = listIndexes(db).find((each) => each.name === name);
  if (index === undefined) return false;
  db.run("DELETE FROM doc_entries WHERE index_id = ?", index.id);
  db.run("DELETE FROM doc_indexes WHERE id = ?", index.id);
  return true;
}

/** Removes all documents and all indexes. */
export function clearDocs(db: Database): void {
  for (const table of ["docs", "doc_entries", "doc_indexes"]) db.run(`DELETE FROM ${table}`);
}

/** Adds all entries; answers their bytes. */
function build(db: Database, index: Index): number {
  let bytes = 0;
  for (const { id, value } of db.each<{ id: string; value: string }>("SELECT id, value FROM docs")) {
    const content = JSON.parse(value) as Content;
    const code = sortKey(index.fields, content);
    addEntry(db, index, { id, content, code });
    bytes += code.bytes.length + id.length;
  }
  return bytes;
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
