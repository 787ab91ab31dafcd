import { type RetryPolicy, retryPause } from "../../../contracts/events/retry.ts";
import type { Ended } from "./part.ts";

/** What becomes of a delivery after an attempt. */
export type Verdict =
  | { next: "done" }
  | { next: "retry"; dueAt: number }
  /** `letter` says whether it is kept as a dead letter. */
  | { next: "dead"; letter: boolean };

/**
 * Judges an attempt by a retry policy: the rules for every delivery whose kind has none of its own.
 *
 * @param delivery `attempts` before this one; `since` is when its age began, in epoch milliseconds.
 */
export function verdictOf(
  delivery: { attempts: number; since: number },
  policy: RetryPolicy,
  result: Ended,
  now: number,
  chance: number,
): Verdict {
  if (result.outcome === "ok") return { next: "done" };
  // A chain of events that grew too long is no failure of its last link: nobody is to send it again.
  if (result.outcome === "refused") return { next: "dead", letter: result.code !== "over_budget" };
  const attempts = delivery.attempts + 1;
  if (attempts >= policy.maxAttempts) return { next: "dead", letter: true };
  const dueAt = now + retryPause(policy, attempts, chance);
  return dueAt - delivery.since > policy.maxAgeMs ? { next: "dead", letter: true } : { next: "retry", dueAt };
}
