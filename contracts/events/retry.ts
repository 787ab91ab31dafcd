import * as z from "zod";

import { DELIVERY_AGE_MS_MAX, DELIVERY_ATTEMPTS_MAX, RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN } from "../limits.ts";

/** How failed deliveries are tried again. */
export const retryPolicySchema = z.strictObject({
  /** How the pause grows: not at all, by its first length each time, or twofold each time. */
  policy: z.enum(["constant", "linear", "exponential"]).default("exponential"),
  /** First pause, in milliseconds. */
  delayMs: z.number().int().min(RETRY_DELAY_MS_MIN).max(RETRY_DELAY_MS_MAX).default(1_000),
  /** Longest pause, in milliseconds. */
  maxDelayMs: z.number().int().min(RETRY_DELAY_MS_MIN).max(RETRY_DELAY_MS_MAX).default(300_000),
  /** Part of the pause that chance may add to it; it never takes away. */
  jitter: z.number().min(0).max(1).default(0.2),
  /** Attempts in all, the first one too. */
  maxAttempts: z.number().int().min(1).max(DELIVERY_ATTEMPTS_MAX).default(8),
  /** Age of an event beyond which it is not tried again, in milliseconds. */
  maxAgeMs: z
    .number()
    .int()
    .min(1_000)
    .max(DELIVERY_AGE_MS_MAX)
    .default(24 * 60 * 60 * 1000),
});
export type RetryPolicy = z.infer<typeof retryPolicySchema>;

export const DEFAULT_RETRY: RetryPolicy = retryPolicySchema.parse({});

/**
 * Pause before the next attempt, in milliseconds, after so many have failed.
 *
 * @param chance 0 ≤ chance < 1; the whole of the jitter is reached as it nears 1.
 */
export function retryPause(policy: RetryPolicy, attempts: number, chance: number): number {
  const factor = { constant: 1, linear: attempts, exponential: 2 ** Math.min(attempts - 1, 30) }[policy.policy];
  const pause = Math.min(policy.delayMs * factor, policy.maxDelayMs);
  return Math.ceil(pause * (1 + policy.jitter * chance));
}
