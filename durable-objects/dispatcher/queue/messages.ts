import type { Origin } from "../../../contracts/data/origin.ts";
import { newId } from "../../../contracts/ids.ts";
import type { Database } from "../../database.ts";

/** A message of a queue. A consumer has it while `visible_at` is null; else it can be had from then on. */
export type MessageRow = {
  seq: number;
  id: string;
  queue: string;
  sent_at: number;
  /** When it could be had first: its age counts from there. */
  since: number;
  /** Those that failed. */
  attempts: number;
  depth: number;
  caused_by: string | null;
  bytes: number;
  /** JSON text of the failed attempts, the last ones; null for none. */
  history: string | null;
  /** JSON text. */
  value: string;
};

/** A message as far as it matters for whether it leaves. */
export type MessageHead = { seq: number; visible_at: number; bytes: number; depth: number };

/** A message that is sent; `bytes` of UTF-8. */
export interface NewMessage {
  value: string;
  bytes: number;
  delayMs: number;
}

/** Puts messages into a queue, within the caller's transaction; answers their ids. `depth` is of the run they start. */
export function insertMessages(
  db: Database,
  queue: string,
  messages: readonly NewMessage[],
  { executionId, depth }: Origin,
  now: number,
): string[] {
  return messages.map(({ value, bytes, delayMs }) => {
    const id = newId("message");
    db.run(
      `INSERT INTO queue_messages (id, queue, sent_at, since, visible_at, depth, caused_by, bytes, value)
       VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8)`,
      id,
      queue,
      now,
      now + delayMs,
      depth,
      executionId,
      bytes,
      value,
    );
    return id;
  });
}

/** The messages that can be had now, in the order in which that came to be; as many as asked for. */
export function visibleHeads(db: Database, queue: string, now: number, limit: number): MessageHead[] {
  return db.all<MessageHead>(
    `SELECT seq, visible_at, bytes, depth FROM queue_messages WHERE queue = ? AND visible_at <= ?
     ORDER BY visible_at, seq LIMIT ?`,
    queue,
    now,
    limit,
  );
}

/** When the n-th message can be had of those that cannot yet; null where there are not so many. `nth` counts from 1. */
export function visibleLaterAt(db: Database, queue: string, now: number, nth: number): number | null {
  const query = `SELECT visible_at FROM queue_messages WHERE queue = ? AND visible_at > ?
                 ORDER BY visible_at, seq LIMIT 1 OFFSET ?`;
  return db.find<{ visible_at: number }>(query, queue, now, nth - 1)?.visible_at ?? null;
}

/** Messages in the order of these numbers. */
export function readMessages(db: Database, seqs: readonly number[]): MessageRow[] {
  const query = "SELECT * FROM queue_messages WHERE seq IN (SELECT value FROM json_each(?))";
  const bySeq = new Map(db.all<MessageRow>(query, JSON.stringify(seqs)).map((row) => [row.seq, row]));
  return seqs.flatMap((seq) => bySeq.get(seq) ?? []);
}

/** Gives messages to a consumer, as a batch. */
export function takeMessages(
  db: Database,
  batch: { id: string; triggerId: string; queue: string },
  seqs: readonly number[],
): void {
  const { id, triggerId, queue } = batch;
  db.run("INSERT INTO queue_batches (id, trigger_id, queue) VALUES (?, ?, ?)", id, triggerId, queue);
  db.run(
    "UPDATE queue_messages SET visible_at = NULL, batch_id = ? WHERE seq IN (SELECT value FROM json_each(?))",
    id,
    JSON.stringify(seqs),
  );
}

/** The batch that has a message; null for none. */
export function findBatchOf(db: Database, messageId: string): string | null {
  const query = "SELECT batch_id FROM queue_messages WHERE id = ?";
  return db.find<{ batch_id: string | null }>(query, messageId)?.batch_id ?? null;
}

/** Batches of a trigger whose deliveries were thrown away. */
export function orphanBatches(db: Database, triggerId: string): string[] {
  const query = `SELECT b.id FROM queue_batches b WHERE b.trigger_id = ?
                 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.id = b.id AND d.ended_at IS NULL)`;
  return db.all<{ id: string }>(query, triggerId).map(({ id }) => id);
}

/** Batches of a trigger that have not come back. */
export function batchesOf(db: Database, triggerId: string): string[] {
  return db.all<{ id: string }>("SELECT id FROM queue_batches WHERE trigger_id = ?", triggerId).map(({ id }) => id);
}

/** Messages of a batch, in the order of sending. */
export function messagesOf(db: Database, batchId: string): MessageRow[] {
  return db.all<MessageRow>("SELECT * FROM queue_messages WHERE batch_id = ? ORDER BY seq", batchId);
}

/** Forgets a batch, after its messages were seen to. */
export function endBatch(db: Database, batchId: string): void {
  db.run("DELETE FROM queue_batches WHERE id = ?", batchId);
}

/** Puts a message back whose attempt failed. */
export function putBack(db: Database, seq: number, visibleAt: number, history: string): void {
  db.run(
    "UPDATE queue_messages SET visible_at = ?, batch_id = NULL, attempts = attempts + 1, history = ? WHERE seq = ?",
    visibleAt,
    history,
    seq,
  );
}

export function deleteMessage(db: Database, seq: number): void {
  db.run("DELETE FROM queue_messages WHERE seq = ?", seq);
}

/** Puts back the messages of a batch that nobody has any more; no attempt is counted. */
export function releaseBatch(db: Database, batchId: string, now: number): void {
  db.run("UPDATE queue_messages SET visible_at = ?, batch_id = NULL WHERE batch_id = ?", now, batchId);
  endBatch(db, batchId);
}

/** Throws away the messages of a queue that no consumer has; answers how many. */
export function deleteVisible(db: Database, queue: string): number {
  const query = "DELETE FROM queue_messages WHERE queue = ? AND visible_at IS NOT NULL RETURNING seq";
  return db.all(query, queue).length;
}

/** Throws away a batch with its messages; answers how many. */
export function deleteBatch(db: Database, batchId: string): number {
  endBatch(db, batchId);
  return db.all("DELETE FROM queue_messages WHERE batch_id = ? RETURNING seq", batchId).length;
}

/** Messages that could be had since before a time and were not, the oldest first. */
export function oldMessages(db: Database, before: number, limit: number): MessageRow[] {
  const query = "SELECT * FROM queue_messages WHERE visible_at < ? ORDER BY visible_at LIMIT ?";
  return db.all<MessageRow>(query, before, limit);
}

/** Since when the oldest message could be had, or can be; null for none. */
export function oldestAt(db: Database): number | null {
  const query = "SELECT min(visible_at) AS at FROM queue_messages WHERE visible_at IS NOT NULL";
  return db.find<{ at: number | null }>(query)?.at ?? null;
}
