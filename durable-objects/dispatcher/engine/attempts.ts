import type { Attempt } from "../../../contracts/events/delivery.ts";
import { DELIVERY_ERROR_LENGTH_MAX, DELIVERY_HISTORY_MAX } from "../../../contracts/limits.ts";
import { type AttemptMade, readHistory } from "./deliveries.ts";
import type { Made } from "./pump.ts";

/** What an attempt leaves in its delivery: the last one as it was, and those that failed. */
export function attemptOf({ row, startedAt, result }: Made): AttemptMade {
  const executionId = result.executionId;
  const durationMs = result.outcome === "refused" ? null : result.durationMs;
  if (result.outcome === "ok") return { startedAt, executionId, durationMs, error: null, history: row.history };
  const error = errorOf(result);
  const attempt: Attempt = { at: startedAt, executionId, durationMs, error };
  const history = [...readHistory(row.history), attempt].slice(-DELIVERY_HISTORY_MAX);
  return { startedAt, executionId, durationMs, error: JSON.stringify(error), history: JSON.stringify(history) };
}

/** Code and message of a failure, of bounded length. */
export function errorOf(result: { code: string; message: string }): { code: string; message: string } {
  return { code: result.code, message: result.message.slice(0, DELIVERY_ERROR_LENGTH_MAX) };
}
