import type { ExecutionRecord } from "../../contracts/execution.ts";
import { endOf } from "../../contracts/log-batch.ts";
import { completeRecord } from "../../contracts/log-record.ts";

/** A place in the order of executions: when one ended, in epoch milliseconds, then its id. */
export interface Position {
  at: number;
  id: string;
}

/** Where an execution stands. By its end, because what one batch brings then lies close together. */
export function positionOf(record: ExecutionRecord): Position {
  return { at: endOf(record), id: record.id };
}

/** Order of positions, newest first. */
export function compareNewestFirst(a: Position, b: Position): number {
  if (a.at !== b.at) return b.at - a.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

/** The records of a stored segment; those of earlier formats are completed. */
export function readRecords(text: string): ExecutionRecord[] {
  return (JSON.parse(text) as Partial<ExecutionRecord>[]).map(completeRecord);
}
