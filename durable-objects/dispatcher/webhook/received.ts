import { WEBHOOK_DEDUPE_MS, WEBHOOK_REMEMBERED_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";

/** Messages that are too old or too many to be remembered, and are forgotten with each new one. */
const FORGOTTEN_WITH_EACH = 20;

/** The delivery that a message became when it was taken in before; null where it was not, or too long ago. */
export function findReceived(db: Database, triggerId: string, messageId: string, now: number): string | null {
  const query = "SELECT delivery_id FROM webhook_messages WHERE trigger_id = ? AND message_id = ? AND received_at > ?";
  return db.find<{ delivery_id: string }>(query, triggerId, messageId, now - WEBHOOK_DEDUPE_MS)?.delivery_id ?? null;
}

/** Remembers a message, within the transaction of its delivery. */
export function noteReceived(
  db: Database,
  message: { triggerId: string; messageId: string; deliveryId: string },
  now: number,
): void {
  db.run(
    `INSERT OR REPLACE INTO webhook_messages (trigger_id, message_id, delivery_id, received_at) VALUES (?, ?, ?, ?)`,
    message.triggerId,
    message.messageId,
    message.deliveryId,
    now,
  );
  // Numbers grow with time, and those that are there follow one another closely: they serve as clock and as count.
  db.run(
    `DELETE FROM webhook_messages WHERE seq IN (SELECT seq FROM webhook_messages ORDER BY seq LIMIT ?1)
     AND (received_at <= ?2 OR seq <= (SELECT max(seq) FROM webhook_messages) - ?3)`,
    FORGOTTEN_WITH_EACH,
    now - WEBHOOK_DEDUPE_MS,
    WEBHOOK_REMEMBERED_MAX,
  );
}
