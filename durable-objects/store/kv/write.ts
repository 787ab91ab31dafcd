import type { IfVersion, KvWrite, KvWritten } from "../../../contracts/data/kv.ts";
import type { Origin } from "../../../contracts/data/origin.ts";
import { utf8Length } from "../../../contracts/data/value.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { KvOperation } from "../../../contracts/events/trigger.ts";
import type { Changes } from "../changes.ts";
import { isExpired } from "./entry.ts";
import { expire, type ExpiringRow } from "./expire.ts";

/** What is stored under a key; without its value where no event needs it. */
type StoredRow = ExpiringRow & { version: number; expires_at: number | null; value?: string };

/**
 * Makes the writes in their order, each with its event.
 *
 * @throws PlatformError `conflict` with `{ key, version }` where an `ifVersion` does not hold; `version` is the one that
 * is there, 0 for none.
 */
export function writeEntries(changes: Changes, writes: readonly KvWrite[]): KvWritten[] {
  return writes.map((write) => (write.operation === "set" ? setEntry(changes, write) : deleteEntry(changes, write)));
}

/** The same where the collection was never written, for writes that leave it so; null where one of them does not. */
export function writeNothing(writes: readonly KvWrite[]): KvWritten[] | null {
  if (writes.some(({ operation }) => operation !== "delete")) return null;
  return writes.map(({ key, ifVersion }) => {
    checkVersion(key, null, ifVersion);
    return { key, version: null, existed: false };
  });
}

function setEntry(changes: Changes, write: Extract<KvWrite, { operation: "set" }>): KvWritten {
  const { key, value, ttlMs } = write;
  const stored = findStored(changes, "set", key);
  const before = stored !== null && isExpired(stored, changes.now) ? null : stored;
  checkVersion(key, before, write.ifVersion);
  if (before !== stored && stored !== null) expire(changes, stored);
  const version = changes.nextVersion();
  const bytes = utf8Length(value);
  const maker: Origin | null = ttlMs === null ? null : changes.origin;
  changes.db.run(
    `INSERT INTO kv (key, version, updated_at, expires_at, depth, execution_id, bytes, value)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at,
       expires_at = excluded.expires_at, depth = excluded.depth, execution_id = excluded.execution_id,
       bytes = excluded.bytes, value = excluded.value`,
    key,
    version,
    changes.now,
    ttlMs === null ? null : changes.now + ttlMs,
    maker?.depth ?? 0,
    maker?.executionId ?? null,
    bytes,
    value,
  );
  if (ttlMs !== null) changes.wake();
  if (before === null) changes.grew(1, bytes + key.length);
  else changes.grew(0, bytes - before.bytes);
  changes.record({ operation: "set", key, prev: before?.value ?? null, next: value, version });
  return { key, version, existed: before !== null };
}

function deleteEntry(changes: Changes, { key, ifVersion }: Extract<KvWrite, { operation: "delete" }>): KvWritten {
  const stored = findStored(changes, "delete", key);
  // An expired one is left to its own removal, which is another event.
  const before = stored !== null && isExpired(stored, changes.now) ? null : stored;
  checkVersion(key, before, ifVersion);
  if (before === null) return { key, version: null, existed: false };
  changes.db.run("DELETE FROM kv WHERE id = ?", before.id);
  changes.grew(-1, -before.bytes - key.length);
  const version = changes.nextVersion();
  changes.record({ operation: "delete", key, prev: before.value ?? null, next: null, version });
  return { key, version: null, existed: true };
}

/** What is stored under a key, expired or not. */
function findStored(changes: Changes, operation: KvOperation, key: string): StoredRow | null {
  const value = changes.mayMatter(operation, key) ? ", value" : "";
  const columns = `id, key, version, expires_at, depth, execution_id, bytes${value}`;
  return changes.db.find<StoredRow>(`SELECT ${columns} FROM kv WHERE key = ?`, key);
}

function checkVersion(key: string, before: { version: number } | null, ifVersion: IfVersion): void {
  const version = before?.version ?? 0;
  if (ifVersion === null || ifVersion === version) return;
  const is = version === 0 ? "not there" : `at version ${version}`;
  throw new PlatformError(
    "conflict",
    `The key ${JSON.stringify(key)} is ${is}, not ${ifVersion === 0 ? "free" : `at version ${ifVersion}`}. ` +
      "Read it again, and write what follows from that.",
    { key, version },
  );
}
