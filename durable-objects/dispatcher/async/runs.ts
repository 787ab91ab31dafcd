import type { AsyncRun, NewAsyncRun, NewDelivery } from "../../../contracts/events/delivery.ts";
import { ASYNC_RESULT_KEPT_MS } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { ASYNC_SOURCE } from "../engine/deliveries.ts";

type AsyncRunRow = {
  execution_id: string;
  script_id: string;
  created_at: number;
  ended_at: number | null;
  attempts: number;
  state: "waiting" | "done" | "failed";
  error: string | null;
  result: string | null;
  seq: number | null;
};

/** Accepts a run for later, within the caller's transaction; the same execution id is accepted once. */
export function startAsyncRun(
  deps: { db: Database; add(delivery: NewDelivery, dueAt: number): boolean },
  run: NewAsyncRun,
  now: number,
): void {
  const { executionId, scriptId, depth, causedBy } = run;
  const inserted = deps.db.find(
    `INSERT INTO async_runs (execution_id, script_id, created_at) VALUES (?, ?, ?)
     ON CONFLICT (execution_id) DO NOTHING RETURNING execution_id`,
    executionId,
    scriptId,
    now,
  );
  if (inserted === null) return;
  const data = JSON.stringify(run);
  deps.add({ id: executionId, triggerId: ASYNC_SOURCE, orderKey: null, at: now, depth, causedBy, data }, now);
}

/** What has become of a run; null where there is none, or not any more. `taken` are the numbers of what is under way. */
export function findAsyncRun(
  db: Database,
  executionId: string,
  taken: readonly number[],
  now: number,
): AsyncRun | null {
  const row = db.find<AsyncRunRow>(
    `SELECT r.execution_id, r.script_id, r.created_at, r.ended_at, r.attempts, r.state, r.error, r.result, d.seq
     FROM async_runs r LEFT JOIN deliveries d ON d.id = r.execution_id WHERE r.execution_id = ?`,
    executionId,
  );
  if (row === null || (row.ended_at !== null && row.ended_at <= now - ASYNC_RESULT_KEPT_MS)) return null;
  return {
    executionId: row.execution_id,
    scriptId: row.script_id,
    state: row.seq !== null && taken.includes(row.seq) ? "running" : row.state,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    attempts: row.attempts,
    result: row.result === null ? null : (JSON.parse(row.result) as AsyncRun["result"]),
    error: row.error === null ? null : (JSON.parse(row.error) as { code: string; message: string }),
  };
}
