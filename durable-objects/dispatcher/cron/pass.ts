import { CRON_MISSED_MAX } from "../../../contracts/limits.ts";
import { type CronSchedule, dueTimes, lastDue } from "./schedule.ts";

/** What a schedule comes to when it is looked at. */
export interface Pass {
  /** The newest of its due times that have come. */
  scheduledAt: number;
  /** Those before it that nobody looked at; no more are counted than the platform's bound. */
  missed: number;
  /** Null where it is due never again. */
  nextAt: number | null;
  /** Due times that were worked out. */
  steps: number;
}

/** Looks at a schedule that has been due since `dueAt`, which is not after now. However long it slept, it is one pass. */
export function passOf(source: CronSchedule, dueAt: number, now: number): Pass {
  let scheduledAt = dueAt;
  let missed = 0;
  let steps = 0;
  for (const due of dueTimes(source, dueAt)) {
    steps += 1;
    if (due > now) return { scheduledAt, missed, nextAt: due, steps };
    if (missed === CRON_MISSED_MAX) return skipAhead(source, { scheduledAt, missed, nextAt: null, steps }, now);
    scheduledAt = due;
    missed += 1;
  }
  return { scheduledAt, missed, nextAt: null, steps };
}

/**
 * When a run that is due starts: chance delays it by at most the jitter, and always so that it starts before the next one
 * is due, which would else be taken for one that was missed.
 *
 * @param chance 0 ≤ chance < 1.
 */
export function startOf(source: CronSchedule & { jitterMs: number }, dueAt: number, chance: number): number {
  if (source.jitterMs === 0) return dueAt;
  const next = dueTimes(source, dueAt).next().value ?? Infinity;
  return dueAt + Math.floor(chance * Math.min(source.jitterMs + 1, next - dueAt));
}

function skipAhead(source: CronSchedule, pass: Pass, now: number): Pass {
  const scheduledAt = lastDue(source, now) ?? pass.scheduledAt;
  const nextAt = dueTimes(source, now).next().value ?? null;
  return { ...pass, scheduledAt, nextAt, steps: pass.steps + 2 };
}
