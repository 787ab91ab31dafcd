import { WEBHOOK_DEDUPE_MS } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";

/** Messages too old to be remembered that are forgotten with each new one. */
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
  db.run(
    `DELETE FROM webhook_messages WHERE (trigger_id, message_id) IN (
       SELECT trigger_id, message_id FROM webhook_messages WHERE received_at <= ? ORDER BY received_at LIMIT ?
     )`,
    now - WEBHOOK_DEDUPE_MS,
    FORGOTTEN_WITH_EACH,
  );
}
