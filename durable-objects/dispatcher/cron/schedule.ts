import { Cron } from "croner";

import { PlatformError } from "../../../contracts/errors.ts";
import type { SourceOf } from "../../../contracts/events/trigger.ts";
import { CRON_HORIZON_YEARS, CRON_PREVIEW_MAX } from "../../../contracts/limits.ts";

/**
 * When schedules are due. Five fields, or six with seconds before them, or one of the nicknames `@yearly`,
 * `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight` and `@hourly`; read on the clock of an IANA time zone.
 *
 * Where clocks change, two rules hold. A schedule whose second, minute and hour have neither `*` nor `/` names
 * times of day, and each is kept once a day: one that the day does not have is due at the first moment after the
 * gap, and of one that comes twice the first counts. Any other is an interval: what the day does not have is left
 * out, and what comes twice is due twice.
 */

export type CronSchedule = Pick<SourceOf<"cron">, "schedule" | "timeZone">;

const HORIZON_MS = CRON_HORIZON_YEARS * 366 * 24 * 60 * 60 * 1000;
/** Last moment for which a whole horizon is left in what a Date can hold, in epoch milliseconds. */
const AFTER_MAX = 8.64e15 - HORIZON_MS;

/** Throws `invalid` for a schedule or time zone that cannot be read, and for what is never due within the horizon. */
export function checkSchedule(source: CronSchedule, now: number = Date.now()): void {
  if (nextDue(source, now) === null) throw neverDue();
}

/**
 * When it is due next after a time, both in epoch milliseconds; always later than that. Null where that is beyond
 * the horizon. Throws `invalid` for what cannot be read.
 */
export function nextDue(source: CronSchedule, after: number): number | null {
  return dueWithinHorizon(cronOf(source), after);
}

/** The next due times, as many as asked for and no more than are shown at once. Throws `invalid` where there is none. */
export function previewSchedule(source: CronSchedule, after: number, count: number): number[] {
  const wanted = Math.min(Math.max(1, Math.trunc(count) || 1), CRON_PREVIEW_MAX);
  const times: number[] = [];
  for (const due of dueTimes(source, after)) {
    times.push(due);
    if (times.length === wanted) break;
  }
  if (times.length === 0) throw neverDue();
  return times;
}

/** All due times after a time, one after the other, until one is beyond the horizon of the one before. */
export function* dueTimes(source: CronSchedule, after: number): Generator<number, undefined> {
  const cron = cronOf(source);
  for (let due = dueWithinHorizon(cron, after); due !== null; due = dueWithinHorizon(cron, due)) yield due;
}

/** The last due time that is not after a time; null for none. */
export function lastDue(source: CronSchedule, now: number): number | null {
  return (
    cronOf(source)
      .previousRuns(1, new Date(now + 1))[0]
      ?.getTime() ?? null
  );
}

function dueWithinHorizon(cron: Cron, after: number): number | null {
  if (!(after >= 0 && after <= AFTER_MAX)) {
    throw refusal("after", "is not a time that schedules are worked out for; give epoch milliseconds");
  }
  const due = nextRun(cron, after);
  return due === null || due > after + HORIZON_MS ? null : due;
}

function nextRun(cron: Cron, after: number): number | null {
  try {
    return cron.nextRun(new Date(after))?.getTime() ?? null;
  } catch {
    // The fields were read by then, and the time is one that a Date can hold: only the zone is left to fail.
    throw unknownZone();
  }
}

function cronOf({ schedule, timeZone }: CronSchedule): Cron {
  // An offset such as `+05:30` would be taken as well; it knows nothing of summer time, and is no name of a zone.
  if (!/^[A-Za-z]/.test(timeZone)) throw unknownZone();
  const fields = schedule.trim().split(/\s+/);
  const isNickname = fields.length === 1 && schedule.trim().startsWith("@");
  // The library would also take a single date, a seventh field of years, and blanks of all sorts.
  if (!isNickname && fields.length !== 5 && fields.length !== 6) {
    throw refusal("schedule", "must have five fields, or six with seconds before them, such as `0 9 * * MON-FRI`");
  }
  try {
    return new Cron(fields.join(" "), { timezone: timeZone, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    throw refusal("schedule", `cannot be read: ${reason}`);
  }
}

const unknownZone = () =>
  refusal("timeZone", "is not a time zone that is known here; give an IANA name such as `Europe/Berlin`");

const neverDue = () =>
  refusal("schedule", `is not due once within ${CRON_HORIZON_YEARS} years; check its day and month`);

function refusal(field: string, reason: string): PlatformError {
  return new PlatformError("invalid", `The schedule is not valid: ${field} ${reason}.`, {
    issues: [{ field, reason }],
  });
}
