import type { Metered } from "../../../contracts/prices.ts";
import {
  type CountedHour,
  hourStart,
  monthStart,
  NO_USAGE,
  nextMonthStart,
  USAGE_HOUR_MS,
  type UsageBatch,
  type UsageCounts,
  type UsageStanding,
} from "../../../contracts/usage.ts";

/**
 * What one org used as far as this process counted it, and what it is known to have used this month.
 * Each number is in one of three places: told by the state, on its way there, or counted since.
 */
export class Tally {
  /** On its way, or sent and not known to have arrived. Never changed, so that one sent twice is the same. */
  sent: UsageBatch | null = null;
  /** When anything was counted last, in epoch milliseconds. */
  usedAt: number;
  readonly #beganAt: number;
  #counts: UsageCounts = { ...NO_USAGE };
  #hourAt: number;
  /** Hours that ended since the last batch. */
  #ended: CountedHour[] = [];
  #told: Pick<UsageStanding, "monthAt" | "month" | "storageByteHours"> = {
    monthAt: 0,
    month: NO_USAGE,
    storageByteHours: 0,
  };
  #monthBeganAt = 0;
  #monthEndsAt = 0;
  #cpuMs = 0;

  constructor(now: number) {
    this.#beganAt = now;
    this.usedAt = now;
    this.#hourAt = hourStart(now);
  }

  /** What is counted now; to be added to in place. */
  counts(now: number): UsageCounts {
    this.usedAt = now;
    // A clock that goes back leaves the count in the later hour.
    if (now >= this.#hourAt + USAGE_HOUR_MS) this.#turn(now);
    return this.#counts;
  }

  /** Adds processor time that an isolate says it used: together never more than there was time. */
  spend(cpuMs: number, now: number): void {
    const accepted = Math.min(cpuMs, Math.max(0, now - this.#beganAt - this.#cpuMs));
    this.#cpuMs += accepted;
    this.counts(now).cpuMs += accepted;
  }

  /** What was counted since the last batch, by hour; begins anew. */
  close(): CountedHour[] {
    const hours = this.#ended;
    if (!isNothing(this.#counts)) hours.push({ hourAt: this.#hourAt, counts: this.#counts });
    this.#ended = [];
    this.#counts = { ...NO_USAGE };
    return hours;
  }

  /** Takes over what the state says of all edges together. */
  learn({ monthAt, month, storageByteHours }: UsageStanding): void {
    this.#told = { monthAt, month, storageByteHours };
  }

  /** One number of the month that is running, as far as it is known here. */
  usedThisMonth(name: keyof UsageCounts, now: number): number {
    const from = this.#monthBegan(now);
    const { monthAt, month } = this.#told;
    let used = (monthAt >= from ? month[name] : 0) + (this.#hourAt >= from ? this.#counts[name] : 0);
    for (const hour of this.#ended) if (hour.hourAt >= from) used += hour.counts[name];
    if (this.sent !== null) for (const hour of this.sent.hours) if (hour.hourAt >= from) used += hour.counts[name];
    return used;
  }

  /** All that costs something, likewise. */
  meteredThisMonth(now: number): Metered {
    const { monthAt, storageByteHours } = this.#told;
    return {
      requests: this.usedThisMonth("requests", now),
      executions: this.usedThisMonth("executions", now),
      cpuMs: this.usedThisMonth("cpuMs", now),
      storageByteHours: monthAt >= this.#monthBegan(now) ? storageByteHours : 0,
    };
  }

  #monthBegan(now: number): number {
    if (now >= this.#monthEndsAt) {
      this.#monthBeganAt = monthStart(now);
      this.#monthEndsAt = nextMonthStart(now);
    }
    return this.#monthBeganAt;
  }

  #turn(now: number): void {
    if (!isNothing(this.#counts)) this.#ended.push({ hourAt: this.#hourAt, counts: this.#counts });
    this.#counts = { ...NO_USAGE };
    this.#hourAt = hourStart(now);
  }
}

const isNothing = (counts: UsageCounts): boolean => {
  const { requests, executions, failures, cpuMs, refused } = counts;
  return requests + executions + failures + cpuMs + refused === 0;
};
