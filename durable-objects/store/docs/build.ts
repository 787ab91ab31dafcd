import { INDEX_BUILD_STEP_DOCS } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { compareBytes, toBuffer } from "./bytes.ts";
import { checkUnique, type Entry } from "./entries.ts";
import { entriesOf, type Index, sortKey } from "./indexes.ts";

/** Entries of one statement, which takes so many parameters at most. */
const ENTRIES_PER_STATEMENT = 50;

/**
 * Makes the entries of all documents that are there; answers their bytes. They are put in by the thousand in their
 * order, and many by one statement, which takes a fraction of the time.
 *
 * @throws PlatformError as {@link checkUnique} does.
 */
export function buildEntries(db: Database, index: Index): number {
  let bytes = 0;
  let after: string | null = "";
  while (after !== null) {
    const entries: Entry[] = readEntries(db, index, after);
    after = entries.length < INDEX_BUILD_STEP_DOCS ? null : (entries.at(-1)?.id ?? null);
    entries.sort((a, b) => compareBytes(a.code.bytes, b.code.bytes));
    // One of a pair has to be there for the other one to be refused.
    const step = index.unique ? 1 : ENTRIES_PER_STATEMENT;
    for (let at = 0; at < entries.length; at += step) addAll(db, index, entries.slice(at, at + step));
    for (const { id, code } of entries) bytes += id.length + code.bytes.length;
  }
  return bytes;
}

/** The next entries, in the order of their documents' ids. */
function readEntries(db: Database, index: Index, after: string): Entry[] {
  const query = "SELECT id, value FROM docs WHERE id > ? ORDER BY id LIMIT ?";
  const entries: Entry[] = [];
  for (const { id, value } of db.each<{ id: string; value: string }>(query, after, INDEX_BUILD_STEP_DOCS)) {
    entries.push({ id, code: sortKey(index.fields, JSON.parse(value)) });
  }
  return entries;
}

function addAll(db: Database, index: Index, entries: readonly Entry[]): void {
  for (const entry of entries) checkUnique(db, index, entry);
  const rows = entries.map(() => "(?, ?)").join(", ");
  const values = entries.flatMap(({ id, code }) => [toBuffer(code.bytes), id]);
  db.run(`INSERT INTO ${entriesOf(index)} (key, doc_id) VALUES ${rows}`, ...values);
}
