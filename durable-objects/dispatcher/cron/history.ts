import * as z from "zod";

import type { CronRun, DeliveryState } from "../../../contracts/events/delivery.ts";
import type { Page, PageRequest } from "../../../contracts/page.ts";
import { CRON_HISTORY_KEPT_MS, CRON_HISTORY_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { decodeCursor, encodeCursor, pageSize } from "../../pages.ts";
import type { AttemptMade } from "../engine/deliveries.ts";

type HistoryRow = {
  seq: number;
  scheduled_at: number;
  state: "done" | "dead" | "skipped" | null;
  started_at: number | null;
  execution_id: string | null;
  error: string | null;
  /** Number of its delivery while that has not ended, and what its last attempt left. */
  open: number | null;
  open_started_at: number | null;
  open_execution_id: string | null;
  open_error: string | null;
};

const cursorSchema = z.number().int();

/** Writes down that a schedule was due, and forgets what is too long ago. */
export function noteRun(
  db: Database,
  run: { triggerId: string; scheduledAt: number; missed: number; deliveryId: string },
): void {
  db.run(
    "INSERT INTO cron_runs (trigger_id, scheduled_at, missed, delivery_id) VALUES (?, ?, ?, ?)",
    run.triggerId,
    run.scheduledAt,
    run.missed,
    run.deliveryId,
  );
  db.run(
    `DELETE FROM cron_runs WHERE trigger_id = ?1 AND seq <= (
       SELECT seq FROM cron_runs WHERE trigger_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2
     )`,
    run.triggerId,
    CRON_HISTORY_MAX,
  );
}

/** Writes down how a run ended: its delivery is forgotten sooner. */
export function noteEnd(db: Database, deliveryId: string, end: AttemptMade & { state: "done" | "dead" }): void {
  db.run(
    "UPDATE cron_runs SET state = ?, started_at = ?, execution_id = ?, error = ? WHERE delivery_id = ?",
    end.state,
    end.startedAt,
    end.executionId,
    end.error,
    deliveryId,
  );
}

/**
 * Takes back the runs of a trigger that wait, but for those under way, for a newer one takes their place; answers how
 * many due times they stood for.
 */
export function supersede(db: Database, triggerId: string, underWay: readonly number[]): number {
  const waiting = db.all<{ seq: number; delivery_id: string; missed: number }>(
    `SELECT r.seq, r.delivery_id, r.missed FROM cron_runs r JOIN deliveries d ON d.id = r.delivery_id
     WHERE r.trigger_id = ? AND r.state IS NULL AND d.ended_at IS NULL
     AND d.seq NOT IN (SELECT value FROM json_each(?))`,
    triggerId,
    JSON.stringify(underWay),
  );
  for (const run of waiting) {
    db.run("UPDATE cron_runs SET state = 'skipped' WHERE seq = ?", run.seq);
    db.run("DELETE FROM deliveries WHERE id = ?", run.delivery_id);
  }
  return waiting.reduce((sum, { missed }) => sum + missed + 1, 0);
}

/** Forgets the history of what has no schedule any more, after a time: a disabled trigger may come back. */
export function forgetOthers(db: Database, now: number): void {
  db.run(
    "DELETE FROM cron_runs WHERE trigger_id NOT IN (SELECT trigger_id FROM schedules) AND scheduled_at < ?",
    now - CRON_HISTORY_KEPT_MS,
  );
}

/** Due times of a trigger that have come, the newest first. */
export function cronHistory(
  db: Database,
  trigger: { id: string; isPaused: boolean; underWay: readonly number[] },
  page: PageRequest,
): Page<CronRun> {
  const before = decodeCursor(page.cursor, cursorSchema) ?? Number.MAX_SAFE_INTEGER;
  const size = pageSize(page);
  const rows = db.all<HistoryRow>(
    `SELECT r.seq, r.scheduled_at, r.state, r.started_at, r.execution_id, r.error, d.seq AS open,
       d.started_at AS open_started_at, d.execution_id AS open_execution_id, d.error AS open_error
     FROM cron_runs r LEFT JOIN deliveries d ON r.state IS NULL AND d.id = r.delivery_id AND d.ended_at IS NULL
     WHERE r.trigger_id = ? AND r.seq < ? ORDER BY r.seq DESC LIMIT ?`,
    trigger.id,
    before,
    size + 1,
  );
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return {
    items: items.map((row) => runOf(row, stateOf(row, trigger))),
    cursor: rows.length > size && last !== undefined ? encodeCursor(last.seq) : null,
  };
}

function stateOf(
  row: HistoryRow,
  trigger: { isPaused: boolean; underWay: readonly number[] },
): DeliveryState | "skipped" {
  if (row.state !== null) return row.state;
  // Its delivery was thrown away.
  if (row.open === null) return "skipped";
  if (trigger.underWay.includes(row.open)) return "running";
  return trigger.isPaused ? "held" : "waiting";
}

function runOf(row: HistoryRow, state: DeliveryState | "skipped"): CronRun {
  const error = row.error ?? row.open_error;
  return {
    scheduledAt: row.scheduled_at,
    startedAt: row.started_at ?? row.open_started_at,
    state,
    executionId: row.execution_id ?? row.open_execution_id,
    error: error === null ? null : (JSON.parse(error) as { code: string; message: string }),
  };
}
