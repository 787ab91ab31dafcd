import type { AsyncRun } from "../../../contracts/events/delivery.ts";
import { DEFAULT_RETRY, retryPause } from "../../../contracts/events/retry.ts";
import { ASYNC_ATTEMPTS_MAX, ASYNC_RESULT_BYTES_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { attemptOf, errorOf } from "../engine/attempts.ts";
import { type DeliveryRow, postponeDelivery } from "../engine/deliveries.ts";
import type { Ended } from "../engine/part.ts";
import type { Made } from "../engine/pump.ts";

/**
 * Writes down what a run that nobody waits for came to; answers when it is tried again, or null when it has ended.
 * What the script does is its result, good or bad; only what kept it from being run to its end is tried again.
 */
export function settleAsyncRun(deps: { db: Database; chance(): number }, made: Made): number | null {
  const { row, result, endedAt } = made;
  const attempts = row.attempts + 1;
  if (isLost(result) && attempts < ASYNC_ATTEMPTS_MAX) {
    const dueAt = endedAt + retryPause(DEFAULT_RETRY, attempts, deps.chance());
    postponeDelivery(deps.db, row, attemptOf(made), dueAt);
    deps.db.run("UPDATE async_runs SET attempts = ? WHERE execution_id = ?", attempts, row.id);
    return dueAt;
  }
  end(deps.db, row, result, endedAt);
  return null;
}

/** An edge that was lost has no execution to name; all others say what became of the run. */
const isLost = (result: Ended): boolean => result.outcome === "failed" && result.executionId === null;

function end(db: Database, row: DeliveryRow, result: Ended, now: number): void {
  const error = result.outcome === "ok" ? tooLong(result.response) : errorOf(result);
  const answer = result.outcome === "ok" && error === null ? JSON.stringify(result.response) : null;
  db.run(
    `UPDATE async_runs SET state = ?, attempts = ?, ended_at = ?, error = ?, result = ?, length = ?
     WHERE execution_id = ?`,
    error === null ? "done" : "failed",
    row.attempts + 1,
    now,
    error === null ? null : JSON.stringify(error),
    answer,
    answer?.length ?? 0,
    row.id,
  );
  db.run("DELETE FROM deliveries WHERE seq = ?", row.seq);
}

/** Base 64 takes four characters for three bytes. */
const BODY_LENGTH_MAX = Math.ceil(ASYNC_RESULT_BYTES_MAX / 3) * 4;

function tooLong(response: AsyncRun["result"]): { code: string; message: string } | null {
  if (response === null || response.body.length <= BODY_LENGTH_MAX) return null;
  const message = `The answer is longer than ${ASYNC_RESULT_BYTES_MAX} bytes. Store it and answer with where it is.`;
  return { code: "too_large", message };
}
