import type { QueueAcks } from "../../../contracts/events/dispatch.ts";
import { type RetryPolicy, retryPause } from "../../../contracts/events/retry.ts";
import { QUEUE_DELAY_MS_MAX } from "../../../contracts/limits.ts";
import { errorOf } from "../engine/attempts.ts";
import type { Ended } from "../engine/part.ts";

/** What becomes of one message after its batch was run. */
export type Fate =
  | { fate: "acked" }
  | { fate: "back"; visibleAt: number; error: MessageError }
  | { fate: "dead"; error: MessageError }
  /** Its chain of events is too long: it is written down by the edge, and nobody is to send it again. */
  | { fate: "dropped" };

export interface MessageError {
  code: string;
  message: string;
}

const ASKED_FOR: MessageError = { code: "script_error", message: "The handler asked for the message again." };

/**
 * Judges one message: by what the handler said of it, else by how the run ended.
 *
 * @param message `attempts` before this one; `since` is when its age began, in epoch milliseconds.
 * @param chance 0 ≤ chance < 1.
 */
export function fateOf(
  message: { id: string; attempts: number; since: number },
  { result, acks }: { result: Ended; acks: AcksById },
  policy: RetryPolicy,
  now: number,
  chance: number,
): Fate {
  if (result.outcome === "refused") {
    return result.code === "over_budget" ? { fate: "dropped" } : { fate: "dead", error: errorOf(result) };
  }
  const said = acks.get(message.id);
  if (said === "acked" || (said === undefined && result.outcome === "ok")) return { fate: "acked" };
  const error = result.outcome === "ok" ? ASKED_FOR : errorOf(result);
  const attempts = message.attempts + 1;
  if (attempts >= policy.maxAttempts) return { fate: "dead", error };
  const asked = said?.delayMs ?? null;
  const pause =
    asked === null ? retryPause(policy, attempts, chance) : Math.min(Math.max(0, asked), QUEUE_DELAY_MS_MAX);
  const visibleAt = now + pause;
  return visibleAt - message.since > policy.maxAgeMs ? { fate: "dead", error } : { fate: "back", visibleAt, error };
}

/** What a handler said, by the id of the message. */
export type AcksById = ReadonlyMap<string, "acked" | { delayMs: number | null }>;

/** What a handler said last of a message counts; of one that is both acked and asked for again, that it is done. */
export function acksById(acks: QueueAcks | null): AcksById {
  const said = new Map<string, "acked" | { delayMs: number | null }>();
  for (const { id, delayMs } of acks?.retried ?? []) said.set(id, { delayMs });
  for (const id of acks?.acked ?? []) said.set(id, "acked");
  return said;
}
