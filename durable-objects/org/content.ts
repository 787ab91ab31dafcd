import { ROW_CONTENT_BYTES_MAX } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";

/** The texts that make up a version. */
export type Part = "files" | "code" | "source_map";

/** Stores a text of a version in rows of bounded size. */
export function writePart(db: Database, versionId: string, part: Part, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0, sequence = 0; start < bytes.length; start += ROW_CONTENT_BYTES_MAX, sequence += 1) {
    const chunk = bytes.slice(start, start + ROW_CONTENT_BYTES_MAX).buffer;
    db.run(
      "INSERT INTO contents (version_id, part, sequence, bytes) VALUES (?, ?, ?, ?)",
      versionId,
      part,
      sequence,
      chunk,
    );
  }
}

/** A text of a version; null when there is none. */
export function findPart(db: Database, versionId: string, part: Part): string | null {
  const query = "SELECT bytes FROM contents WHERE version_id = ? AND part = ? ORDER BY sequence";
  const chunks = db.all<{ bytes: ArrayBuffer }>(query, versionId, part);
  if (chunks.length === 0) return null;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return chunks.map(({ bytes }) => decoder.decode(bytes, { stream: true })).join("") + decoder.decode();
}
