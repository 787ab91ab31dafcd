import { NO_USAGE, sumOfUsage, type UsageCounts, type UsageHour } from "../../../contracts/usage.ts";
import { type Step, stepStart } from "./period.ts";

/** What was used from `at` on (epoch milliseconds), for an hour or for longer. */
export interface UsageSum extends UsageCounts {
  at: number;
  /** At the last look; null where nobody looked. */
  storageBytes: number | null;
  /** Bytes stored at the looks of all its hours together. */
  storageByteHours: number;
}

/** The same of one hour. */
export const sumOfHour = ({ hourAt, ...counts }: UsageHour): UsageSum => ({
  at: hourAt,
  ...counts,
  storageByteHours: counts.storageBytes ?? 0,
});

/** Adds up what lies in the same hour, day or month; what is given is in order, and so is what comes out. */
export function sumBySteps(sums: readonly UsageSum[], step: Step): UsageSum[] {
  const steps = new Map<number, UsageSum>();
  for (const sum of sums) {
    const at = stepStart(sum.at, step);
    steps.set(at, { ...sumOf([...(steps.has(at) ? [steps.get(at) as UsageSum] : []), sum]), at });
  }
  return [...steps.values()];
}

/** All of them together. */
export function sumOf(sums: readonly UsageSum[]): Omit<UsageSum, "at"> {
  let counts: UsageCounts = NO_USAGE;
  let storageBytes: number | null = null;
  let storageByteHours = 0;
  for (const sum of sums) {
    counts = sumOfUsage(counts, sum);
    storageBytes = sum.storageBytes ?? storageBytes;
    storageByteHours += sum.storageByteHours;
  }
  return { ...counts, storageBytes, storageByteHours };
}
