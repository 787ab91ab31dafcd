import { USAGE_HOURS_KEPT_MS, USAGE_SOURCES_KEPT_MS, USAGE_SOURCES_MAX } from "../../contracts/limits.ts";
import {
  hourStart,
  monthStart,
  NO_USAGE,
  type UsageBatch,
  type UsageCounts,
  type UsageHour,
  type UsageStanding,
} from "../../contracts/usage.ts";
import type { Database } from "../database.ts";

type CountsRow = { requests: number; executions: number; failures: number; cpu_ms: number; refused: number };
type MonthRow = CountsRow & { storage_byte_hours: number };
type HourRow = CountsRow & { hour_at: number; storage_bytes: number | null };

/**
 * Counts a batch, unless it or a later one of its source was counted before; says whether it was. Stands in one
 * transaction with the note that it was.
 */
export function countUsage(db: Database, { source, sequence, hours }: UsageBatch, now: number): boolean {
  const last = db.find<{ sequence: number }>("SELECT sequence FROM usage_sources WHERE source = ?", source);
  if (last !== null && last.sequence >= sequence) return false;
  if (last === null) forgetOld(db, now);
  db.run(
    `INSERT INTO usage_sources (source, sequence, seen_at) VALUES (?, ?, ?)
     ON CONFLICT (source) DO UPDATE SET sequence = excluded.sequence, seen_at = excluded.seen_at`,
    source,
    sequence,
    now,
  );
  for (const { hourAt, counts } of hours) {
    addTo(db, { table: "usage_hours", key: "hour_at", at: hourAt }, counts);
    addTo(db, { table: "usage_months", key: "month_at", at: monthStart(hourAt) }, counts);
    db.run("UPDATE usage_hours SET changed_at = ? WHERE hour_at = ?", now, hourAt);
  }
  return true;
}

/** What the org used in the month that is running. */
export function monthUsage(db: Database, now: number): Pick<UsageStanding, "monthAt" | "month" | "storageByteHours"> {
  const monthAt = monthStart(now);
  const row = db.exists ? db.find<MonthRow>("SELECT * FROM usage_months WHERE month_at = ?", monthAt) : null;
  if (row === null) return { monthAt, month: NO_USAGE, storageByteHours: 0 };
  return { monthAt, month: countsOf(row), storageByteHours: row.storage_byte_hours };
}

/** The hours from `since` until before `until`, oldest first. */
export function usageHours(db: Database, since: number, until: number): UsageHour[] {
  const query = "SELECT * FROM usage_hours WHERE hour_at >= ? AND hour_at < ? ORDER BY hour_at";
  return db.all<HourRow>(query, hourStart(since), until).map(hourOf);
}

/** The hours before `until` in which something was counted at `since` or later, oldest first. */
export function usageChanged(db: Database, since: number, until: number): UsageHour[] {
  const query = "SELECT * FROM usage_hours WHERE changed_at >= ? AND hour_at < ? ORDER BY hour_at";
  return db.all<HourRow>(query, since, until).map(hourOf);
}

/** Notes how much the org stores, in bytes, in the hour that is running; of several looks in an hour the last counts. */
export function noteStorage(db: Database, bytes: number, now: number): void {
  const query = "SELECT storage_bytes FROM usage_hours WHERE hour_at = ?";
  const before = db.find<{ storage_bytes: number | null }>(query, hourStart(now))?.storage_bytes ?? 0;
  db.run(
    `INSERT INTO usage_months (month_at, storage_byte_hours) VALUES (?, ?)
     ON CONFLICT (month_at) DO UPDATE SET storage_byte_hours = storage_byte_hours + excluded.storage_byte_hours`,
    monthStart(now),
    bytes - before,
  );
  db.run(
    `INSERT INTO usage_hours (hour_at, storage_bytes, changed_at) VALUES (?, ?, ?)
     ON CONFLICT (hour_at) DO UPDATE SET storage_bytes = excluded.storage_bytes, changed_at = excluded.changed_at`,
    hourStart(now),
    bytes,
    now,
  );
}

function addTo(
  db: Database,
  { table, key, at }: { table: "usage_hours" | "usage_months"; key: "hour_at" | "month_at"; at: number },
  { requests, executions, failures, cpuMs, refused }: UsageCounts,
): void {
  const [extra, value] = table === "usage_hours" ? [", changed_at", ", 0"] : ["", ""];
  db.run(
    `INSERT INTO ${table} (${key}, requests, executions, failures, cpu_ms, refused${extra})
     VALUES (?, ?, ?, ?, ?, ?${value})
     ON CONFLICT (${key}) DO UPDATE SET requests = requests + excluded.requests,
       executions = executions + excluded.executions, failures = failures + excluded.failures,
       cpu_ms = cpu_ms + excluded.cpu_ms, refused = refused + excluded.refused`,
    at,
    requests,
    executions,
    failures,
    cpuMs,
    refused,
  );
}

/** With each new source, of which there are few: the hours that the database has, and sources that are long gone. */
function forgetOld(db: Database, now: number): void {
  db.run("DELETE FROM usage_hours WHERE hour_at < ?", now - USAGE_HOURS_KEPT_MS);
  db.run("DELETE FROM usage_months WHERE month_at < ?", monthStart(now - USAGE_HOURS_KEPT_MS));
  db.run("DELETE FROM usage_sources WHERE seen_at < ?", now - USAGE_SOURCES_KEPT_MS);
  db.run(
    `DELETE FROM usage_sources WHERE source IN
       (SELECT source FROM usage_sources ORDER BY seen_at DESC LIMIT -1 OFFSET ?)`,
    USAGE_SOURCES_MAX - 1,
  );
}

const countsOf = ({ requests, executions, failures, cpu_ms: cpuMs, refused }: CountsRow): UsageCounts => ({
  requests,
  executions,
  failures,
  cpuMs,
  refused,
});

const hourOf = (row: HourRow): UsageHour => ({
  hourAt: row.hour_at,
  ...countsOf(row),
  storageBytes: row.storage_bytes,
});
