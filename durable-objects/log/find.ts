import type { ExecutionDetail } from "../../contracts/doors.ts";
import { LOG_RETENTION_MS } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";
import { findLines } from "./lines.ts";
import { positionOf, readRecords } from "./record.ts";

/** An execution with its console lines; null when it is unknown or too old to be kept. */
export function findExecution(db: Database, executionId: string, now: number): ExecutionDetail | null {
  const segment = db.find<{ records: string }>(
    "SELECT records FROM segments WHERE instr(execution_ids, ?) > 0 ORDER BY id DESC LIMIT 1",
    ` ${executionId} `,
  );
  const records = segment === null ? [] : readRecords(segment.records);
  const record = records.find(({ id }) => id === executionId);
  if (record === undefined || positionOf(record).at <= now - LOG_RETENTION_MS) return null;
  return { ...record, lines: findLines(db, executionId) };
}
