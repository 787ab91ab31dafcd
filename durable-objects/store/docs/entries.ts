import { PlatformError } from "../../../contracts/errors.ts";
import { SORTED_FIELD_BYTES_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { compareBytes, toBuffer } from "./bytes.ts";
import type { Content } from "./content.ts";
import { entriesOf, type Index, sortKey } from "./indexes.ts";
import type { Code } from "./key.ts";

/** A document that changes: what it said and what it says; null for nothing. */
export interface EntryChange {
  id: string;
  before: Content | null;
  content: Content | null;
}

/** An entry of an index: a document, and where it stands. */
export interface Entry {
  id: string;
  code: Code;
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
      db.run(`DELETE FROM ${entriesOf(index)} WHERE key = ? AND doc_id = ?`, toBuffer(old), id);
      grown -= old.length + id.length;
    }
    if (next === null) continue;
    checkUnique(db, index, { id, code: next });
    db.run(`INSERT INTO ${entriesOf(index)} (key, doc_id) VALUES (?, ?)`, toBuffer(next.bytes), id);
    grown += next.bytes.length + id.length;
  }
  return grown;
}

/**
 * Lets documents be that lack a field, or whose values no other one has.
 *
 * @throws PlatformError `conflict` where unique values are taken, `invalid` where they are too long to be unique.
 */
export function checkUnique(db: Database, index: Index, { id, code }: Entry): void {
  if (!index.unique || code.missing) return;
  const fields = index.fields.map(({ field }) => field);
  const named = `${fields.map((field) => `\`${field}\``).join(", ")} (index ${index.name})`;
  if (code.cut) {
    const reason = `must be at most ${SORTED_FIELD_BYTES_MAX} bytes, for it has to be unique`;
    throw new PlatformError("invalid", `The document ${JSON.stringify(id)} cannot be indexed: ${named} ${reason}.`, {
      issues: [{ field: fields.join(", "), reason }],
    });
  }
  const other = db.find<{ id: string; version: number }>(
    `SELECT docs.id, docs.version FROM ${entriesOf(index)} CROSS JOIN docs ON docs.id = doc_id WHERE key = ? LIMIT 1`,
    toBuffer(code.bytes),
  );
  if (other === null) return;
  throw new PlatformError(
    "conflict",
    `The document ${JSON.stringify(other.id)} has the same ${named} as ${JSON.stringify(id)}, and it must be unique.`,
    { id: other.id, version: other.version, index: index.name, fields },
  );
}
