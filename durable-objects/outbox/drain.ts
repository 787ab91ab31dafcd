import {
  OUTBOX_ATTEMPTS_MAX,
  OUTBOX_CONCURRENCY,
  OUTBOX_DELIVERY_MS,
  OUTBOX_DRAIN_MS,
  OUTBOX_RETRY_MS_MAX,
  OUTBOX_RETRY_MS_MIN,
} from "../../contracts/limits.ts";
import { withDeadline } from "./deadline.ts";

/** What draining needs of the outbox and of the world. */
export interface DrainDeps<R extends { key: string; attempts: number }> {
  now(): number;
  /** The rows that may be delivered now, at most so many. */
  due(now: number, limit: number): R[];
  deliver(row: R): Promise<void>;
  settle(row: R): void;
  /** Null parks the row. */
  postpone(row: R, retryAt: number | null): void;
}

/**
 * Delivers what is due until nothing is, or the time is up. A row that fails is postponed, longer
 * each time, and parked after its last attempt; it never makes the drain fail.
 */
export async function drain<R extends { key: string; attempts: number }>(deps: DrainDeps<R>): Promise<void> {
  const endAt = deps.now() + OUTBOX_DRAIN_MS;
  for (let now = deps.now(); now < endAt; now = deps.now()) {
    const rows = deps.due(now, OUTBOX_CONCURRENCY);
    if (rows.length === 0) return;
    await Promise.all(rows.map((row) => attempt(deps, row)));
  }
}

/** Pause after so many failed attempts, in milliseconds; null when there shall be no further one. */
export function retryDelay(attempts: number): number | null {
  if (attempts >= OUTBOX_ATTEMPTS_MAX) return null;
  return Math.min(OUTBOX_RETRY_MS_MIN * 2 ** (attempts - 1), OUTBOX_RETRY_MS_MAX);
}

async function attempt<R extends { key: string; attempts: number }>(deps: DrainDeps<R>, row: R): Promise<void> {
  try {
    await withDeadline(deps.deliver(row), OUTBOX_DELIVERY_MS);
    deps.settle(row);
  } catch (error) {
    const delay = retryDelay(row.attempts + 1);
    console.error(`outbox: ${row.key} failed${delay === null ? " for the last time" : ""}`, error);
    deps.postpone(row, delay === null ? null : deps.now() + delay);
  }
}
