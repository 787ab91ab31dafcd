import type { Doc } from "../../../contracts/data/docs.ts";
import type { Database } from "../../database.ts";

/** A document as it is stored. */
export type DocRow = {
  id: string;
  version: number;
  created_at: number;
  updated_at: number;
  bytes: number;
  value: string;
};

/** The columns of a {@link DocRow}; the value stands last, so that it is not read where it is not asked for. */
export const DOC_COLUMNS = "docs.id, docs.version, docs.created_at, docs.updated_at, docs.bytes, docs.value";

export const docOf = (row: DocRow): Doc => ({
  id: row.id,
  value: row.value,
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

/** The same where its value is not asked for. */
export type DocHead = Omit<DocRow, "value">;

/** What is known of the document of an id without its value; null where there is none. */
export function findHead(db: Database, id: string): DocHead | null {
  return db.find<DocHead>("SELECT id, version, created_at, updated_at, bytes FROM docs WHERE id = ?", id);
}

/** The document of an id, or null. */
export function findDoc(db: Database, id: string): DocRow | null {
  return db.find<DocRow>(`SELECT ${DOC_COLUMNS} FROM docs WHERE id = ?`, id);
}

/** Writes a document, there or not. */
export function storeDoc(db: Database, row: DocRow): void {
  db.run(
    `INSERT INTO docs (id, version, created_at, updated_at, bytes, value) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at,
       bytes = excluded.bytes, value = excluded.value`,
    row.id,
    row.version,
    row.created_at,
    row.updated_at,
    row.bytes,
    row.value,
  );
}

export function removeDoc(db: Database, id: string): void {
  db.run("DELETE FROM docs WHERE id = ?", id);
}
