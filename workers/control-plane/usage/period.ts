import { PlatformError } from "../../../contracts/errors.ts";
import { USAGE_BY_DAY_MS_MAX, USAGE_BY_HOUR_MS_MAX } from "../../../contracts/limits.ts";
import { hourStart, monthStart, USAGE_HOUR_MS } from "../../../contracts/usage.ts";

export type Step = "hour" | "day" | "month";

/** A stretch of whole hours, from its first until before its last; epoch milliseconds. */
export interface Period {
  from: number;
  to: number;
}

/**
 * The hours that are asked about: those that the given times lie in, or the month that is running.
 *
 * @throws PlatformError `invalid` where it ends before it begins, or is too long
 */
export function periodOf(
  asked: { from?: number | undefined; to?: number | undefined },
  step: Step,
  now: number,
): Period {
  const to = asked.to ?? now + 1;
  const from = asked.from ?? monthStart(Math.min(to - 1, now));
  if (from >= to) throw invalid("from", "must be before to");
  const longestMs = step === "hour" ? USAGE_BY_HOUR_MS_MAX : USAGE_BY_DAY_MS_MAX;
  if (to - from > longestMs) {
    const days = Math.floor(longestMs / USAGE_HOUR_MS / 24);
    throw invalid("from", `must be within ${days} days before to, where usage is asked for by ${step}`);
  }
  return { from: hourStart(from), to: Math.ceil(to / USAGE_HOUR_MS) * USAGE_HOUR_MS };
}

/** Start of the hour, day or month (UTC) in which a time lies. */
export function stepStart(at: number, step: Step): number {
  if (step === "hour") return hourStart(at);
  return step === "month" ? monthStart(at) : Math.floor(at / (24 * USAGE_HOUR_MS)) * 24 * USAGE_HOUR_MS;
}

const invalid = (field: string, reason: string): PlatformError =>
  new PlatformError("invalid", `The period is not valid: ${field} ${reason}.`, { issues: [{ field, reason }] });
