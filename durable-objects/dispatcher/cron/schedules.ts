import { platformErrorOf } from "../../../contracts/errors.ts";
import type { SourceOf, Trigger } from "../../../contracts/events/trigger.ts";
import type { Database } from "../../database.ts";
import { startOf } from "./pass.ts";
import { nextDue } from "./schedule.ts";

/** A schedule and when it is due. `source` is JSON text. */
export type ScheduleRow = { trigger_id: string; source: string; due_at: number; starts_at: number };

/**
 * Brings what is stored in line with the triggers there are, within the caller's transaction: a schedule that is new
 * or changed is due as from now, one that is gone is forgotten, and the others keep their time.
 */
export function reconcile(
  db: Database,
  triggers: ReadonlyMap<string, Trigger>,
  chance: () => number,
  now: number,
): void {
  const known = new Map(
    db
      .all<{ trigger_id: string; source: string }>("SELECT trigger_id, source FROM schedules")
      .map((row) => [row.trigger_id, row.source]),
  );
  for (const { id, source } of triggers.values()) {
    if (source.kind !== "cron") continue;
    const text = JSON.stringify(source);
    if (known.get(id) !== text) setDue(db, { id, source, text }, firstDue(id, source, now), chance());
    known.delete(id);
  }
  for (const id of known.keys()) db.run("DELETE FROM schedules WHERE trigger_id = ?", id);
}

/** Writes down when a schedule is due next; null for never again. */
export function setDue(
  db: Database,
  schedule: { id: string; source: SourceOf<"cron">; text: string },
  dueAt: number | null,
  chance: number,
): void {
  db.run(
    "INSERT OR REPLACE INTO schedules (trigger_id, source, due_at, starts_at) VALUES (?, ?, ?, ?)",
    schedule.id,
    schedule.text,
    dueAt,
    dueAt === null ? null : startOf(schedule.source, dueAt, chance),
  );
}

/** Those whose time has come, the longest due first. */
export function dueSchedules(db: Database, now: number): ScheduleRow[] {
  return db.all<ScheduleRow>(
    "SELECT trigger_id, source, due_at, starts_at FROM schedules WHERE starts_at <= ? ORDER BY starts_at",
    now,
  );
}

/** When the first of them starts; null for none. */
export function nextStartAt(db: Database): number | null {
  const query = "SELECT min(starts_at) AS at FROM schedules WHERE starts_at IS NOT NULL";
  return db.find<{ at: number | null }>(query)?.at ?? null;
}

/** When each of them starts, by trigger. */
export function startTimes(db: Database): { trigger_id: string; starts_at: number }[] {
  return db.all("SELECT trigger_id, starts_at FROM schedules WHERE starts_at IS NOT NULL");
}

/** The org's object has checked it; what this one cannot read all the same, such as a zone that is known there only, rests. */
function firstDue(id: string, source: SourceOf<"cron">, now: number): number | null {
  try {
    return nextDue(source, now);
  } catch (error) {
    if (platformErrorOf(error) === null) throw error;
    console.error(`cron: the schedule of ${id} cannot be read here`, error);
    return null;
  }
}
