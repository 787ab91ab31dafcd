import { MISSING, valueAt } from "../../../contracts/data/filter-path.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { SORTED_FIELD_BYTES_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { compareBytes, toBuffer } from "./bytes.ts";
import type { Content } from "./content.ts";
import { type Index, sortKey } from "./indexes.ts";
import type { Code } from "./key.ts";

/** A document that changes: what it said and what it says; null for nothing. */
export interface EntryChange {
  id: string;
  before: Content | null;
  content: Content | null;
}

/**
 * Brings the entries of a document up to date; answers by how many bytes they have grown.
 *
 * @throws PlatformError `conflict` where a unique value is taken, `invalid` where it is too long to be unique.
 */
export function replaceEntries(db: Database, indexes: readonly Index[], { id, before, content }: EntryChange): number {
  let grown = 0;
  for (const index of indexes) {
    const old = before === null ? null : sortKey(index.fields, before).bytes;
    const next = content === null ? null : sortKey(index.fields, content);
    if (old !== null && next !== null && compareBytes(old, next.bytes) === 0) continue;
    if (old !== null) {
      db.run("DELETE FROM doc_entries WHERE index_id = ? AND key = ? AND doc_id = ?", index.id, toBuffer(old), id);
      grown -= old.length + id.length;
    }
    if (content === null || next === null) continue;
    addEntry(db, index, { id, content, code: next });
    grown += next.bytes.length + id.length;
  }
  return grown;
}

/** Adds the entry of one document to one index; throws as {@link replaceEntries} does. */
export function addEntry(
  db: Database,
  index: Index,
  { id, content, code }: { id: string; content: Content; code: Code },
): void {
  const key = toBuffer(code.bytes);
  const matters = index.unique && index.fields.every(({ steps }) => valueAt(content, steps) !== MISSING);
  if (matters) checkUnique(db, index, { key, cut: code.cut, id });
  db.run("INSERT INTO doc_entries (index_id, key, doc_id) VALUES (?, ?, ?)", index.id, key, id);
}

function checkUnique(
  db: Database,
  index: Index,
  { key, cut, id }: { key: ArrayBuffer; cut: boolean; id: string },
): void {
  const fields = index.fields.map(({ field }) => field);
  const named = `${fields.map((field) => `\`${field}\``).join(", ")} (index ${index.name})`;
  if (cut) {
    const reason = `must be at most ${SORTED_FIELD_BYTES_MAX} bytes, for it has to be unique`;
    throw new PlatformError("invalid", `The document ${JSON.stringify(id)} cannot be indexed: ${named} ${reason}.`, {
      issues: [{ field: fields.join(", "), reason }],
    });
  }
  const other = db.find<{ id: string; version: number }>(
    `SELECT docs.id, docs.version FROM doc_entries JOIN docs ON docs.id = doc_entries.doc_id
     WHERE index_id = ? AND key = ? LIMIT 1`,
    index.id,
    key,
  );
  if (other === null) return;
  throw new PlatformError(
    "conflict",
    `The document ${JSON.stringify(other.id)} has the same ${named} as ${JSON.stringify(id)}, and it must be unique.`,
    { id: other.id, version: other.version, index: index.name, fields },
  );
}
