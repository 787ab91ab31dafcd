import { PlatformError } from "../../contracts/errors.ts";
import { LOCK_TTL_MS_MAX, LOCK_TTL_MS_MIN, LOCKS_CLEARED_MS, TOOLS_PER_ORG_MAX } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";

type LockRow = { token: string; fence: number; expires_at: number };

/** A lock as its holder knows it. */
export interface HeldLock {
  token: string;
  fence: number;
  /** Epoch milliseconds; from then on it is anybody's. */
  expiresAt: number;
}

/**
 * Takes a lock that nobody holds, with a fence higher than any before it.
 *
 * @param token what shows its holder, as nobody else knows it.
 * @returns null when somebody holds it.
 * @throws PlatformError `over_budget` for one lock too many.
 */
export function takeLock(db: Database, name: string, { ttlMs, token }: { ttlMs: number; token: string }, now: number) {
  if (findHeld(db, name, now) !== null) return null;
  checkCount(db, name, now);
  db.run("UPDATE fences SET last = last + 1");
  const fence = db.find<{ last: number }>("SELECT last FROM fences")?.last ?? 1;
  const lock: HeldLock = { token, fence, expiresAt: now + ttlMs };
  db.run(
    "INSERT OR REPLACE INTO locks (name, token, fence, expires_at) VALUES (?, ?, ?, ?)",
    name,
    token,
    fence,
    lock.expiresAt,
  );
  return lock;
}

/** Prolongs a lock for who holds it, from now on; null when that is not who has this token, or not any more. */
export function prolongLock(
  db: Database,
  name: string,
  { ttlMs, token }: { ttlMs: number; token: string },
  now: number,
): HeldLock | null {
  const held = findHeld(db, name, now);
  if (held === null || held.token !== token) return null;
  db.run("UPDATE locks SET expires_at = ? WHERE name = ?", now + ttlMs, name);
  return { token, fence: held.fence, expiresAt: now + ttlMs };
}

/** Throws `invalid` for a time that no lock may be held. */
export function checkLockTtl(ttlMs: number): void {
  if (Number.isInteger(ttlMs) && ttlMs >= LOCK_TTL_MS_MIN && ttlMs <= LOCK_TTL_MS_MAX) return;
  const reason = `must be a whole number of milliseconds from ${LOCK_TTL_MS_MIN} to ${LOCK_TTL_MS_MAX}`;
  throw new PlatformError("invalid", `The time that a lock is held ${reason}.`, {
    issues: [{ field: "ttlMs", reason }],
  });
}

/** Gives a lock back; false when the token does not hold it. */
export function releaseLock(db: Database, name: string, token: string, now: number): boolean {
  if (findHeld(db, name, now)?.token !== token) return false;
  db.run("DELETE FROM locks WHERE name = ?", name);
  return true;
}

/** Removes locks that nobody holds any more. */
export function clearLocks(db: Database, now: number): void {
  db.run("DELETE FROM locks WHERE expires_at <= ?", now);
}

/** When there will be locks to clear; null where there is none. In steps, so as not to change with every lock. */
export function nextClearingAt(db: Database): number | null {
  const at = db.find<{ at: number | null }>("SELECT min(expires_at) AS at FROM locks")?.at ?? null;
  return at === null ? null : Math.ceil(at / LOCKS_CLEARED_MS) * LOCKS_CLEARED_MS;
}

function findHeld(db: Database, name: string, now: number): LockRow | null {
  return db.find<LockRow>("SELECT token, fence, expires_at FROM locks WHERE name = ? AND expires_at > ?", name, now);
}

function checkCount(db: Database, name: string, now: number): void {
  const query = "SELECT count(*) AS count FROM locks WHERE name <> ?";
  const count = (): number => db.find<{ count: number }>(query, name)?.count ?? 0;
  if (count() < TOOLS_PER_ORG_MAX) return;
  clearLocks(db, now);
  if (count() < TOOLS_PER_ORG_MAX) return;
  throw new PlatformError(
    "over_budget",
    `An org may hold ${TOOLS_PER_ORG_MAX} locks at once. Release some, or take them for a shorter time.`,
    { limit: TOOLS_PER_ORG_MAX, usage: TOOLS_PER_ORG_MAX },
  );
}
