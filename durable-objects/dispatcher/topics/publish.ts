import type { Origin } from "../../../contracts/data/origin.ts";
import type { NewDelivery } from "../../../contracts/events/delivery.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import { newId } from "../../../contracts/ids.ts";

/**
 * Tells all subscribers of a topic, within the caller's transaction: each message makes a delivery for each trigger
 * of the topic. `values` are JSON texts.
 */
export function publish(
  add: (delivery: NewDelivery, dueAt: number) => boolean,
  subscribers: readonly Trigger[],
  message: { topic: string; values: readonly string[]; origin: Origin },
  now: number,
): { ids: string[]; subscribers: number } {
  const { topic, values, origin } = message;
  const ids = values.map((value) => {
    const messageId = newId("message");
    const head = JSON.stringify({ kind: "pubsub", topic, messageId });
    const data = `${head.slice(0, -1)},"value":${value}}`;
    for (const { id: triggerId } of subscribers) {
      const id = newId("delivery");
      const depth = origin.depth + 1;
      add({ id, triggerId, orderKey: null, at: now, depth, causedBy: origin.executionId, data }, now);
    }
    return messageId;
  });
  return { ids, subscribers: subscribers.length };
}
