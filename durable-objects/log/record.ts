import type { ExecutionRecord } from "../../contracts/execution.ts";
import { LOG_RECORD_LENGTH_MAX, LOG_RECORD_TEXT_LENGTH_MAX } from "../../contracts/limits.ts";

/** A place in the order of executions: when one ended, in epoch milliseconds, then its id. */
export interface Position {
  at: number;
  id: string;
}

/** Where an execution stands. By its end, because what one batch brings then lies close together. */
export function positionOf(record: ExecutionRecord): Position {
  return { at: Math.round(record.startedAt + record.durationMs), id: record.id };
}

/** Order of positions, newest first. */
export function compareNewestFirst(a: Position, b: Position): number {
  if (a.at !== b.at) return b.at - a.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

/** A record as JSON, with its longest texts cut where it would not fit the store. */
export function encodeRecord(record: ExecutionRecord): string {
  const text = JSON.stringify(record);
  return text.length <= LOG_RECORD_LENGTH_MAX ? text : JSON.stringify(cut(record));
}

function cut(record: ExecutionRecord): ExecutionRecord {
  const { path, error } = record;
  return {
    ...record,
    path: short(path),
    error: error && { name: short(error.name), message: short(error.message), stack: short(error.stack) },
  };
}

function short(text: string): string {
  return text.length <= LOG_RECORD_TEXT_LENGTH_MAX ? text : `${text.slice(0, LOG_RECORD_TEXT_LENGTH_MAX)}…`;
}
