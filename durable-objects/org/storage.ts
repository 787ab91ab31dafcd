import type { CollectionKind } from "../../contracts/data/collections.ts";
import type { Database } from "../database.ts";
import { enqueue, wakeAll } from "../outbox/rows.ts";
import { storeKey } from "./reconfigure.ts";
import { getOrg, storedSettings } from "./settings.ts";

/** Bytes of all collections, as far as they have told of themselves. */
export function storedBytes(db: Database): number {
  return db.find<{ bytes: number }>("SELECT coalesce(sum(bytes), 0) AS bytes FROM collections")?.bytes ?? 0;
}

/** Notes the sizes of collections, in bytes, and stops or lets go on all of them where that changes whether they may grow. */
export function noteSizes(
  db: Database,
  sizes: readonly { kind: CollectionKind; name: string; bytes: number }[],
  now: number,
): void {
  for (const { kind, name, bytes } of sizes) {
    db.run("UPDATE collections SET bytes = ? WHERE kind = ? AND name = ? AND dropped = 0", bytes, kind, name);
  }
  checkStorage(db, now);
}

/** What collections are told that may not grow; null while they may. */
export function storageOverQuota(db: Database): { limit: number; used: number } | null {
  const limit = storedSettings(getOrg(db)).quotas.storageBytes;
  const isFull = db.find("SELECT 1 AS found FROM org WHERE storage_full = 1") !== null;
  return isFull && limit !== undefined ? { limit, used: storedBytes(db) } : null;
}

/** Ends every change of the quota or of what is stored, in its transaction: tells the collections where it matters. */
export function checkStorage(db: Database, now: number): void {
  const limit = storedSettings(getOrg(db)).quotas.storageBytes;
  const isFull = limit !== undefined && storedBytes(db) >= limit;
  const wasFull = db.find("SELECT 1 AS found FROM org WHERE storage_full = 1") !== null;
  if (isFull === wasFull) return;
  db.run("UPDATE org SET storage_full = ?, events_revision = events_revision + 1", isFull ? 1 : 0);
  const collections = "SELECT kind, name FROM collections WHERE dropped = 0";
  for (const { kind, name } of db.all<{ kind: CollectionKind; name: string }>(collections)) {
    enqueue(db, { key: storeKey(kind, name), operation: "configure_store" }, now);
  }
  wakeAll(db, now);
}
