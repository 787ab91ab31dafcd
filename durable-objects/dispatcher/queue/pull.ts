import { platformErrorOf } from "../../../contracts/errors.ts";
import type { NewDelivery } from "../../../contracts/events/delivery.ts";
import type { SourceOf, Trigger } from "../../../contracts/events/trigger.ts";
import { newId } from "../../../contracts/ids.ts";
import { ALARM_RETRY_MS, QUEUE_BATCHES_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { batchEventText, type Choice, chooseBatch, deepestOf } from "./batch.ts";
import { batchesOf, readMessages, takeMessages, visibleHeads, visibleLaterAt } from "./messages.ts";

/** A trigger that takes from a queue. */
export type Consumer = Trigger & { source: SourceOf<"queue"> };

export interface PullDeps {
  db: Database;
  add(delivery: NewDelivery, dueAt: number, since: number): boolean;
}

/**
 * Makes deliveries of the batches that are ready and may be under way, within the caller's transaction. Where
 * the dispatcher is full the messages stay, and it is tried again at the time that is answered; null for no need.
 */
export function pull(deps: PullDeps, consumer: Consumer, now: number): number | null {
  const { source } = consumer;
  for (let free = QUEUE_BATCHES_MAX - batchesOf(deps.db, consumer.id).length; free > 0; free -= 1) {
    const choice = choiceOf(deps.db, source, now);
    if (choice === null || !choice.ready) return null;
    try {
      deliver(deps, consumer, choice.seqs, now);
    } catch (error) {
      if (!isFull(error)) throw error;
      return now + ALARM_RETRY_MS;
    }
  }
  return null;
}

/** When the next batch of a consumer can leave; null where only another message or the end of a batch can bring that about. */
export function nextPullAt(db: Database, consumer: Consumer, now: number): number | null {
  const { source, id } = consumer;
  if (batchesOf(db, id).length >= QUEUE_BATCHES_MAX) return null;
  const choice = choiceOf(db, source, now);
  if (choice === null) return visibleLaterAt(db, source.queue, now, 1);
  if (choice.ready) return now;
  return Math.min(choice.until, visibleLaterAt(db, source.queue, now, choice.wanted) ?? Infinity);
}

function choiceOf(db: Database, source: SourceOf<"queue">, now: number): Choice {
  return chooseBatch(visibleHeads(db, source.queue, now, source.batchSize), source, now);
}

function deliver(deps: PullDeps, consumer: Consumer, seqs: readonly number[], now: number): void {
  const { id: triggerId, source } = consumer;
  const id = newId("delivery");
  const messages = readMessages(deps.db, seqs);
  const { sent_at: at, depth, caused_by: causedBy } = deepestOf(messages);
  const data = batchEventText(source.queue, messages);
  // Added before anything is taken: where there is no room the messages are to stay as they are.
  deps.add({ id, triggerId, orderKey: null, at, depth, causedBy, data }, now, now);
  takeMessages(deps.db, { id, triggerId, queue: source.queue }, seqs);
}

const isFull = (error: unknown): boolean => platformErrorOf(error)?.code === "unavailable";
