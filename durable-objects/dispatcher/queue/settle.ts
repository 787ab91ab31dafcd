import type { Attempt } from "../../../contracts/events/delivery.ts";
import type { EventData } from "../../../contracts/events/event.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import { DELIVERY_HISTORY_MAX, QUEUE_EXPIRE_BATCH, QUEUE_KEPT_MS } from "../../../contracts/limits.ts";
import { type BuryDeps, keepDeadLetter } from "../dead-letters/bury.ts";
import { readHistory } from "../engine/deliveries.ts";
import type { Ended } from "../engine/part.ts";
import { batchEventText } from "./batch.ts";
import { acksById, fateOf, type MessageError } from "./fate.ts";
import { deleteMessage, endBatch, type MessageRow, messagesOf, oldMessages, putBack } from "./messages.ts";

/** Sees to the messages of a batch that came back, each by its own fate, within the caller's transaction. */
export function settleBatch(
  deps: BuryDeps,
  batch: { id: string; trigger: Trigger; result: Ended },
  now: number,
  chance: () => number,
): void {
  const { id, trigger, result } = batch;
  const acks = acksById(result.outcome === "refused" ? null : (result.acks ?? null));
  for (const message of messagesOf(deps.db, id)) {
    const fate = fateOf(message, { result, acks }, trigger.retry, now, chance());
    if (fate.fate === "back") {
      putBack(deps.db, message.seq, fate.visibleAt, JSON.stringify(historyOf(message, result, fate.error, now)));
      continue;
    }
    if (fate.fate === "dead") {
      const history = historyOf(message, result, fate.error, now);
      bury(deps, { message, trigger, deliveryId: id, attempts: message.attempts + 1, error: fate.error, history }, now);
    }
    deleteMessage(deps.db, message.seq);
  }
  endBatch(deps.db, id);
}

/**
 * Lets go of messages that nobody took in time, within the caller's transaction: where their queue has a consumer,
 * which is paused then, they become dead letters.
 */
export function expireMessages(deps: BuryDeps, consumerOf: (queue: string) => Trigger | null, now: number): void {
  for (const message of oldMessages(deps.db, now - QUEUE_KEPT_MS, QUEUE_EXPIRE_BATCH)) {
    const trigger = consumerOf(message.queue);
    if (trigger !== null) {
      const error = { code: "timeout", message: "Nobody took the message from its queue in time." };
      const { attempts, id: deliveryId } = message;
      bury(deps, { message, trigger, deliveryId, attempts, error, history: readHistory(message.history) }, now);
    }
    deleteMessage(deps.db, message.seq);
  }
}

/** Values of the messages that a dead letter has, as JSON texts. */
export function valuesOf(data: string): string[] {
  const event = JSON.parse(data) as Partial<Extract<EventData, { kind: "queue" }>>;
  const messages = Array.isArray(event.messages) ? event.messages : [];
  return messages.map((message) => JSON.stringify(message?.value ?? null));
}

function bury(
  deps: BuryDeps,
  dead: {
    message: MessageRow;
    trigger: Trigger;
    deliveryId: string;
    attempts: number;
    error: MessageError;
    history: Attempt[];
  },
  now: number,
): void {
  const { message, trigger } = dead;
  keepDeadLetter(
    deps,
    {
      delivery_id: dead.deliveryId,
      trigger_id: trigger.id,
      trigger_name: trigger.name,
      script_id: trigger.scriptId,
      kind: "queue",
      order_key: null,
      at: message.sent_at,
      died_at: now,
      depth: message.depth,
      caused_by: message.caused_by,
      attempts: dead.attempts,
      error: JSON.stringify(dead.error),
      history: JSON.stringify(dead.history),
      data: batchEventText(message.queue, [{ ...message, attempts: dead.attempts - 1 }]),
    },
    now,
  );
}

function historyOf(message: MessageRow, result: Ended, error: MessageError, now: number): Attempt[] {
  const durationMs = result.outcome === "refused" ? null : result.durationMs;
  const attempt = { at: now - (durationMs ?? 0), executionId: result.executionId, durationMs, error };
  return [...readHistory(message.history), attempt].slice(-DELIVERY_HISTORY_MAX);
}
