import type { SourceOf } from "../../../contracts/events/trigger.ts";
import { EVENT_BYTES_MAX, EVENT_DEPTH_MAX } from "../../../contracts/limits.ts";
import type { MessageHead, MessageRow } from "./messages.ts";

/** What a batch has of its own, and what each message has beside its value, in bytes at most. */
const BATCH_BYTES = 256;
const MESSAGE_BYTES = 160;

/** Whether the messages at the head of a queue make a batch now. */
export type Choice =
  | { ready: true; seqs: number[] }
  /** They wait for company until then at the latest, or until there are so many more. */
  | { ready: false; until: number; wanted: number }
  /** There are none. */
  | null;

/**
 * Chooses the next batch from the head of a queue. It leaves when it is full, by messages or by bytes, or when its first
 * message has waited for company as long as it may. What the platform's bound on depth will refuse goes by itself, so
 * that it takes no other message with it.
 *
 * @param heads that can be had, in order, at least as many as a batch may have if there are so many.
 */
export function chooseBatch(
  heads: readonly MessageHead[],
  { batchSize, batchWaitMs }: Pick<SourceOf<"queue">, "batchSize" | "batchWaitMs">,
  now: number,
): Choice {
  const [first] = heads;
  if (first === undefined) return null;
  const seqs: number[] = [];
  let bytes = BATCH_BYTES;
  for (const head of heads.slice(0, batchSize)) {
    bytes += head.bytes + MESSAGE_BYTES;
    const fits = seqs.length === 0 || (bytes <= EVENT_BYTES_MAX && isTooDeep(head) === isTooDeep(first));
    if (!fits) return { ready: true, seqs };
    seqs.push(head.seq);
  }
  const until = first.visible_at + batchWaitMs;
  if (seqs.length === batchSize || until <= now) return { ready: true, seqs };
  return { ready: false, until, wanted: batchSize - seqs.length };
}

/** JSON text of the event that a batch is to its script. */
export function batchEventText(queue: string, messages: readonly MessageRow[]): string {
  const list = messages.map((message) => {
    const head = JSON.stringify({ id: message.id, timestamp: message.sent_at, attempts: message.attempts + 1 });
    return `${head.slice(0, -1)},"value":${message.value}}`;
  });
  return `${JSON.stringify({ kind: "queue", queue }).slice(0, -1)},"messages":[${list.join(",")}]}`;
}

/** The message that stands deepest in a chain of events, of which the batch is the next link. */
export function deepestOf<M extends { depth: number }>(messages: readonly M[]): M {
  return messages.reduce((deepest, message) => (message.depth > deepest.depth ? message : deepest));
}

const isTooDeep = ({ depth }: MessageHead): boolean => depth > EVENT_DEPTH_MAX;
