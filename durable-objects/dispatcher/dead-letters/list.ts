import * as z from "zod";

import type { Attempt, DeadLetter, DeadLetterDetail } from "../../../contracts/events/delivery.ts";
import type { Page, PageRequest } from "../../../contracts/page.ts";
import type { Database } from "../../database.ts";
import { decodeCursor, encodeCursor, pageSize } from "../../pages.ts";
import type { DeadLetterRow } from "./rows.ts";

const cursorSchema = z.number().int();
const SUMMARY = "seq, id, delivery_id, trigger_id, trigger_name, script_id, kind, at, died_at, attempts, error, note";

/** Dead letters, the newest first. */
export function listDeadLetters(db: Database, triggerId: string | null, page: PageRequest): Page<DeadLetter> {
  const before = decodeCursor(page.cursor, cursorSchema) ?? Number.MAX_SAFE_INTEGER;
  const size = pageSize(page);
  const rows =
    triggerId === null
      ? db.all<DeadLetterRow>(
          `SELECT ${SUMMARY} FROM dead_letters WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
          before,
          size + 1,
        )
      : db.all<DeadLetterRow>(
          `SELECT ${SUMMARY} FROM dead_letters WHERE trigger_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
          triggerId,
          before,
          size + 1,
        );
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return {
    items: items.map(summaryOf),
    cursor: rows.length > size && last !== undefined ? encodeCursor(last.seq) : null,
  };
}

/** One of them with its event and history. */
export function findDeadLetter(db: Database, id: string): DeadLetterDetail | null {
  const row = findDeadLetterRow(db, id);
  if (row === null) return null;
  return { ...summaryOf(row), data: row.data, history: JSON.parse(row.history) as Attempt[] };
}

export function findDeadLetterRow(db: Database, id: string): DeadLetterRow | null {
  return db.find<DeadLetterRow>("SELECT * FROM dead_letters WHERE id = ?", id);
}

function summaryOf(row: DeadLetterRow): DeadLetter {
  return {
    id: row.id,
    deliveryId: row.delivery_id,
    triggerId: row.trigger_id,
    triggerName: row.trigger_name,
    scriptId: row.script_id,
    kind: row.kind,
    at: row.at,
    diedAt: row.died_at,
    attempts: row.attempts,
    error: JSON.parse(row.error) as { code: string; message: string },
    note: row.note,
  };
}
