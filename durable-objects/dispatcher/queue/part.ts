import type { Origin } from "../../../contracts/data/origin.ts";
import { parseValueText, utf8Length } from "../../../contracts/data/value.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { QueueStats } from "../../../contracts/events/delivery.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import { MESSAGE_BYTES_MAX, QUEUE_BATCH_MAX, QUEUE_KEPT_MS } from "../../../contracts/limits.ts";
import type { WakeUp } from "../../alarms.ts";
import type { Database } from "../../database.ts";
import type { Configuration } from "../configuration.ts";
import type { DeadLetterRow } from "../dead-letters/rows.ts";
import type { AttemptMade, DeliveryRow } from "../engine/deliveries.ts";
import type { Engine } from "../engine/engine.ts";
import type { Ended, Part } from "../engine/part.ts";
import type { Verdict } from "../engine/verdict.ts";
import { listQueues } from "./lists.ts";
import * as rows from "./messages.ts";
import { type Consumer, nextPullAt, pull } from "./pull.ts";
import { QueueRoom } from "./room.ts";
import { expireMessages, settleBatch, valuesOf } from "./settle.ts";

/** What queues need of their object. */
export interface QueueDeps {
  db: Database;
  configuration: Configuration;
  engine: Pick<Engine, "add" | "commit" | "discard">;
  /** 0 ≤ chance < 1. */
  chance: () => number;
}

/**
 * Keeps messages until a consumer has had them. A batch is a delivery of its own that is made once: what becomes of
 * each message is judged when it comes back, and what has to be tried again leaves in another batch.
 */
export class QueuePart implements Part {
  readonly #deps: QueueDeps;
  readonly #room: QueueRoom;
  /** When the dispatcher may have room again for a consumer's next batch, by trigger. */
  readonly #fullUntil = new Map<string, number>();
  /** Undefined while it has to be worked out anew. */
  #dueAt: number | null | undefined;

  constructor(deps: QueueDeps) {
    this.#deps = deps;
    this.#room = new QueueRoom(deps.db);
  }

  get wakeUp(): WakeUp {
    return {
      dueAt: () => {
        if (!this.#deps.db.exists) return null;
        if (this.#dueAt === undefined) this.#dueAt = this.#nextAt(Date.now());
        return this.#dueAt;
      },
      run: async (now) => this.#wake(now),
    };
  }

  /**
   * Puts messages into a queue, all or none, within the caller's transaction; answers their ids. Throws `too_large`,
   * `invalid` and `over_budget`.
   */
  send(queue: string, messages: readonly { value: string; delayMs: number }[], origin: Origin, now: number): string[] {
    const measured = messages.map(({ value, delayMs }) => ({ value, delayMs, bytes: utf8Length(value) }));
    checkMessages(measured);
    this.#room.reserve(
      measured.length,
      measured.reduce((sum, { bytes }) => sum + bytes, 0),
      now,
    );
    const from = { executionId: origin.executionId, depth: origin.depth + 1 };
    const ids = rows.insertMessages(this.#deps.db, queue, measured, from, now);
    this.#pullFrom(queue, now);
    return ids;
  }

  list(now: number): QueueStats[] {
    return listQueues(this.#deps.db, this.#deps.configuration.triggers.values(), now);
  }

  /** Throws away what is in a queue, but for what a consumer has under way; answers how many messages. */
  purge(queue: string): number {
    const { db, engine } = this.#deps;
    if (!db.exists) return 0;
    const consumer = consumerOf(this.#deps.configuration.triggers, queue);
    let purged = 0;
    const purge = () => {
      purged = this.#throwAway(queue, consumer);
      return purged;
    };
    if (consumer === null) engine.commit(purge);
    else engine.discard(consumer.id, purge);
    return purged;
  }

  configured(before: ReadonlyMap<string, Trigger>, after: ReadonlyMap<string, Trigger>, now: number): void {
    const { db } = this.#deps;
    this.#dueAt = undefined;
    this.#fullUntil.clear();
    for (const id of before.keys()) {
      if (!after.has(id)) for (const batch of rows.batchesOf(db, id)) rows.releaseBatch(db, batch, now);
    }
    for (const trigger of after.values()) if (isConsumer(trigger)) this.#pull(trigger, now);
  }

  judge(row: DeliveryRow, trigger: Trigger, result: Ended, now: number): Verdict {
    const { db, configuration, engine, chance } = this.#deps;
    const deps = { db, triggers: configuration.triggers, add: engine.add.bind(engine) };
    settleBatch(deps, { id: row.id, trigger, result }, now, chance);
    return result.outcome === "ok" ? { next: "done" } : { next: "dead", letter: false };
  }

  ended(row: DeliveryRow, _end: AttemptMade, now: number): void {
    const trigger = this.#deps.configuration.triggers.get(row.trigger_id);
    if (trigger !== undefined && isConsumer(trigger)) this.#pull(trigger, now);
  }

  discard(triggerId: string): number {
    const trigger = this.#deps.configuration.triggers.get(triggerId);
    if (trigger === undefined || !isConsumer(trigger)) return 0;
    return this.#throwAway(trigger.source.queue, trigger);
  }

  replay(letter: DeadLetterRow, data: string, now: number): string | null {
    const trigger = this.#deps.configuration.triggers.get(letter.trigger_id);
    if (trigger === undefined || !isConsumer(trigger)) return null;
    const messages = valuesOf(data).map((value) => ({ value, delayMs: 0 }));
    // It stands as deep in its chain of events as it did.
    const origin = { executionId: letter.caused_by, depth: letter.depth - 1 };
    const [first] = this.send(trigger.source.queue, messages, origin, now);
    return first ?? null;
  }

  /** Sends the data as a message; answers the batch that takes it, or the message where it waits. */
  fire(trigger: Trigger, data: string | null, now: number): string {
    if (!isConsumer(trigger)) throw new PlatformError("internal", "Only a queue can be sent to.");
    const value = data ?? '{"test":true}';
    parseValueText(value, "data", MESSAGE_BYTES_MAX);
    const [id = ""] = this.send(trigger.source.queue, [{ value, delayMs: 0 }], { executionId: null, depth: 0 }, now);
    return rows.findBatchOf(this.#deps.db, id) ?? id;
  }

  backlog(): Record<string, { waiting: number; nextAt: number | null }> {
    const { db, configuration } = this.#deps;
    if (!db.exists) return {};
    const now = Date.now();
    const stats = new Map(this.list(now).map((each) => [each.name, each]));
    const consumers = [...configuration.triggers.values()].filter(isConsumer);
    return Object.fromEntries(
      consumers.map((consumer) => {
        const { ready, delayed } = stats.get(consumer.source.queue) ?? { ready: 0, delayed: 0 };
        return [consumer.id, { waiting: ready + delayed, nextAt: nextPullAt(db, consumer, now) }];
      }),
    );
  }

  #pullFrom(queue: string, now: number): void {
    this.#dueAt = undefined;
    const consumer = consumerOf(this.#deps.configuration.triggers, queue);
    if (consumer !== null) this.#pull(consumer, now);
  }

  #pull(consumer: Consumer, now: number): void {
    this.#dueAt = undefined;
    const { db, engine, configuration } = this.#deps;
    if (consumer.state !== "active" || configuration.resting) return;
    const fullUntil = pull({ db, add: engine.add.bind(engine) }, consumer, now);
    if (fullUntil === null) this.#fullUntil.delete(consumer.id);
    else this.#fullUntil.set(consumer.id, fullUntil);
  }

  #wake(now: number): void {
    const { db, configuration, engine } = this.#deps;
    this.#dueAt = undefined;
    const { triggers } = configuration;
    engine.commit(() => {
      expireMessages({ db, triggers, add: engine.add.bind(engine) }, (queue) => consumerOf(triggers, queue), now);
      for (const trigger of triggers.values()) if (isConsumer(trigger)) this.#pull(trigger, now);
    });
  }

  #throwAway(queue: string, consumer: Consumer | null): number {
    const { db } = this.#deps;
    this.#dueAt = undefined;
    this.#room.recount();
    const orphans = consumer === null ? [] : rows.orphanBatches(db, consumer.id);
    const inBatches = orphans.reduce((sum, batch) => sum + rows.deleteBatch(db, batch), 0);
    return inBatches + rows.deleteVisible(db, queue);
  }

  #nextAt(now: number): number | null {
    const { db, configuration } = this.#deps;
    const oldest = rows.oldestAt(db);
    if (oldest === null) return null;
    const times = [oldest + QUEUE_KEPT_MS + 1];
    for (const trigger of configuration.resting ? [] : configuration.triggers.values()) {
      if (!isConsumer(trigger) || trigger.state !== "active") continue;
      const at = nextPullAt(db, trigger, now);
      if (at !== null) times.push(Math.max(at, this.#fullUntil.get(trigger.id) ?? 0));
    }
    return Math.min(...times);
  }
}

function checkMessages(messages: readonly { bytes: number }[]): void {
  if (messages.length > QUEUE_BATCH_MAX) {
    throw new PlatformError("invalid", `One call sends at most ${QUEUE_BATCH_MAX} messages. Send them in parts.`);
  }
  if (messages.some(({ bytes }) => bytes > MESSAGE_BYTES_MAX)) {
    throw new PlatformError(
      "too_large",
      `A message is at most ${MESSAGE_BYTES_MAX} bytes of JSON. Send where the rest is kept.`,
    );
  }
}

const isConsumer = (trigger: Trigger): trigger is Consumer => trigger.source.kind === "queue";

function consumerOf(triggers: ReadonlyMap<string, Trigger>, queue: string): Consumer | null {
  for (const trigger of triggers.values()) {
    if (isConsumer(trigger) && trigger.source.queue === queue) return trigger;
  }
  return null;
}
