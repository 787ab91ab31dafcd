import { PROVISION_PAUSE_MAX_MS, PROVISION_PAUSE_MIN_MS } from "../../../contracts/limits.ts";

/**
 * Pause before something is tried again, in milliseconds: twice as long each time, and never shorter than what the
 * provider asked for. Chance only ever makes it longer, so that those who failed together do not come back together.
 *
 * @param tries how often it was tried already
 * @param random between 0 and 1
 */
export function pauseBefore(tries: number, retryAfterMs: number | null, random: number): number {
  const doubled = PROVISION_PAUSE_MIN_MS * 2 ** Math.max(0, tries - 1);
  const least = Math.max(Math.min(doubled, PROVISION_PAUSE_MAX_MS), retryAfterMs ?? 0);
  return Math.ceil(least * (1 + random / 4));
}
