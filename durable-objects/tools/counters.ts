import { PlatformError } from "../../contracts/errors.ts";
import { TOOLS_PER_ORG_MAX } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";

/** What a counter stands at; 0 where there is none. */
export function readCounter(db: Database, name: string): number {
  return db.find<{ value: number }>("SELECT value FROM counters WHERE name = ?", name)?.value ?? 0;
}

/**
 * Adds to a counter and answers what it stands at then. One that stands at 0 is as good as none, and takes no room.
 *
 * @throws PlatformError `invalid` for what is no whole number, before or after; `over_budget` for one counter too many.
 */
export function addToCounter(db: Database, name: string, by: number): number {
  const before = readCounter(db, name);
  const value = before + by;
  if (!Number.isSafeInteger(by) || !Number.isSafeInteger(value)) throw notWhole(name, before);
  if (value === 0) {
    db.run("DELETE FROM counters WHERE name = ?", name);
    return 0;
  }
  if (before === 0) checkCount(db);
  db.run(
    "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    name,
    value,
  );
  return value;
}

function checkCount(db: Database): void {
  const count = db.find<{ count: number }>("SELECT count(*) AS count FROM counters")?.count ?? 0;
  if (count < TOOLS_PER_ORG_MAX) return;
  throw new PlatformError(
    "over_budget",
    `An org may have ${TOOLS_PER_ORG_MAX} counters. Bring one that is not needed back to 0, and it is gone.`,
    { limit: TOOLS_PER_ORG_MAX, usage: TOOLS_PER_ORG_MAX },
  );
}

const notWhole = (name: string, value: number): PlatformError =>
  new PlatformError(
    "invalid",
    `The counter ${name} stands at ${value}; it takes whole numbers up to ${Number.MAX_SAFE_INTEGER}, either way.`,
    { issues: [{ field: "by", reason: `leads beyond ${Number.MAX_SAFE_INTEGER}, or is no whole number` }], value },
  );
