import { DATA_BATCH_BYTES_MAX, EXPIRE_BATCH_MAX, EXPIRE_STEP_MS } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import type { Changes } from "../changes.ts";

/** A key that has come to its end. */
export type ExpiringRow = {
  id: number;
  key: string;
  /** Who set it: what follows from its end follows from that run. */
  depth: number;
  execution_id: string | null;
  bytes: number;
};

/** When the next key is due to be removed; null where none ever is. In steps, so as not to change with every write. */
export function nextExpiryAt(db: Database): number | null {
  const query = "SELECT min(expires_at) AS at FROM kv WHERE expires_at IS NOT NULL";
  const at = db.find<{ at: number | null }>(query)?.at ?? null;
  return at === null ? null : Math.ceil(at / EXPIRE_STEP_MS) * EXPIRE_STEP_MS;
}

/** Removes keys that have expired, each with its event; so many at most, and only so many bytes. */
export function expireEntries(changes: Changes): void {
  const query = `SELECT id, key, depth, execution_id, bytes FROM kv WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`;
  let bytes = 0;
  for (const row of changes.db.all<ExpiringRow>(query, changes.now, EXPIRE_BATCH_MAX)) {
    expire(changes, row);
    bytes += row.bytes;
    if (bytes > DATA_BATCH_BYTES_MAX) return;
  }
}

/** Removes one of them. */
export function expire(changes: Changes, { id, key, depth, execution_id, bytes }: ExpiringRow): void {
  const matters = changes.mayMatter("expire", key);
  const prev = matters ? changes.db.find<{ value: string }>("SELECT value FROM kv WHERE id = ?", id) : null;
  changes.db.run("DELETE FROM kv WHERE id = ?", id);
  changes.grew(-1, -bytes - key.length);
  const version = changes.nextVersion();
  const change = { operation: "expire", key, prev: prev?.value ?? null, next: null, version } as const;
  changes.record(change, { depth, executionId: execution_id });
}

/** Keys that have expired and are still counted. */
export function countExpired(db: Database, now: number): number {
  return db.find<{ count: number }>("SELECT count(*) AS count FROM kv WHERE expires_at <= ?", now)?.count ?? 0;
}
