import { DurableObject } from "cloudflare:workers";

import type { Origin } from "../../contracts/data/origin.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type {
  AsyncRun,
  CronRun,
  DeadLetter,
  DeadLetterDetail,
  DeliveryDetail,
  DeliveryFilter,
  DeliverySummary,
  EventsDoor,
  NewAsyncRun,
  NewDelivery,
  QueueStats,
  WebhookMessage,
  WebhookReceipt,
} from "../../contracts/events/delivery.ts";
import { newId } from "../../contracts/ids.ts";
import type { Page, PageRequest } from "../../contracts/page.ts";
import { Alarms } from "../alarms.ts";
import { Database } from "../database.ts";
import type { Env } from "../env.ts";
import type { DispatcherConfiguration, DispatcherObject } from "../objects.ts";
import { currentKeys } from "../secrets/current-keys.ts";
import { Keyring } from "../secrets/keyring.ts";
import { tombstoneWakeUp } from "../tombstone.ts";
import { findAsyncRun, startAsyncRun } from "./async/runs.ts";
import { Configuration } from "./configuration.ts";
import { CronPart } from "./cron/part.ts";
import { findDeadLetter, listDeadLetters } from "./dead-letters/list.ts";
import { discardDeadLetter, discardDeadLetters, replayDeadLetter, replayDeadLetters } from "./dead-letters/replay.ts";
import { discardOpen } from "./engine/deliveries.ts";
import { Engine } from "./engine/engine.ts";
import type { Parts } from "./engine/part.ts";
import { sampleEvent } from "./fire/sample.ts";
import { triggerBacklogs } from "./lists/backlogs.ts";
import { findDelivery, listDeliveries } from "./lists/deliveries.ts";
import { type Outside, outsideOf } from "./outside.ts";
import { QueuePart } from "./queue/part.ts";
import { Retention } from "./retention.ts";
import { DISPATCHER_MIGRATIONS } from "./schema.ts";
import { publish } from "./topics/publish.ts";
import { WebhookPart } from "./webhook/part.ts";

/** The deliveries of one org: what waits, what is under way, what gave up, and what the clock sets off. */
export class Dispatcher extends DurableObject<Env> implements DispatcherObject {
  readonly #db: Database;
  readonly #outside: Outside;
  readonly #configuration: Configuration;
  readonly #parts: Parts;
  readonly #cron: CronPart;
  readonly #queues: QueuePart;
  readonly #webhooks: WebhookPart;
  readonly #engine: Engine;
  readonly #retention: Retention;
  readonly #alarms: Alarms;
  #arming: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Env, outside: Outside = outsideOf(env)) {
    super(ctx, env);
    const db = new Database(ctx.storage, DISPATCHER_MIGRATIONS);
    this.#db = db;
    this.#outside = outside;
    this.#configuration = new Configuration(db);
    this.#retention = new Retention(db);
    this.#parts = {};
    this.#engine = new Engine({
      db,
      configuration: this.#configuration,
      outside,
      parts: this.#parts,
      arm: () => void this.#arm(),
      ended: (count) => this.#retention.ended(count, Date.now()),
    });
    const deps = { db, configuration: this.#configuration, engine: this.#engine, chance: () => outside.chance() };
    this.#cron = new CronPart({ ...deps, warm: (slug) => void outside.warm(slug) });
    this.#queues = new QueuePart(deps);
    this.#webhooks = new WebhookPart({ ...deps, keyring: () => new Keyring(currentKeys(env)) });
    Object.assign(this.#parts, { cron: this.#cron, queue: this.#queues, webhook: this.#webhooks } satisfies Parts);
    this.#alarms = new Alarms(ctx.storage, {
      cron: this.#cron.wakeUp,
      queues: this.#queues.wakeUp,
      deliveries: this.#engine.wakeUp,
      retention: this.#retention.wakeUp,
      tombstone: tombstoneWakeUp(db),
    });
    void ctx.blockConcurrencyWhile(async () => {
      db.open(Date.now());
      this.#engine.reload();
      this.#retention.load();
      await this.#alarms.arm(Date.now());
    });
  }

  async configure(next: DispatcherConfiguration): Promise<void> {
    const { identity, triggers: before } = this.#configuration;
    if (this.#db.erasedAt !== null || (identity !== null && next.revision <= identity.revision)) return;
    const after = new Map(next.triggers.map((trigger) => [trigger.id, trigger]));
    const now = Date.now();
    this.#engine.reconfigure(() => {
      if (!this.#db.exists) this.#db.create(now);
      for (const id of before.keys()) if (!after.has(id)) discardOpen(this.#db, id, []);
      this.#configuration.store(next);
      for (const part of Object.values(this.#parts)) part.configured?.(before, after, now);
    });
    await this.#alarms.arm(now);
  }

  async enqueue(deliveries: NewDelivery[]): Promise<void> {
    const wanted = deliveries.filter(({ triggerId }) => this.#configuration.triggers.has(triggerId));
    if (wanted.length === 0) return;
    const now = Date.now();
    await this.#change(() => {
      for (const delivery of wanted) this.#engine.add(delivery, now);
    });
  }

  async listDeliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<DeliverySummary>> {
    return this.#db.exists ? listDeliveries(this.#listed(), filter, page) : { items: [], cursor: null };
  }

  async findDelivery(deliveryId: string): Promise<DeliveryDetail | null> {
    return this.#db.exists ? findDelivery(this.#listed(), deliveryId) : null;
  }

  async discardDeliveries(triggerId: string): Promise<number> {
    const trigger = this.#configuration.triggers.get(triggerId);
    if (trigger === undefined) return 0;
    return this.#engine.discard(
      triggerId,
      () => this.#parts[trigger.source.kind]?.discard?.(triggerId, Date.now()) ?? 0,
    );
  }

  async triggerBacklogs(): ReturnType<EventsDoor["triggerBacklogs"]> {
    return this.#db.exists ? triggerBacklogs(this.#db, this.#configuration.triggers, this.#parts) : {};
  }

  async listDeadLetters(triggerId: string | null, page: PageRequest): Promise<Page<DeadLetter>> {
    return this.#db.exists ? listDeadLetters(this.#db, triggerId, page) : { items: [], cursor: null };
  }

  async findDeadLetter(deadLetterId: string): Promise<DeadLetterDetail | null> {
    return this.#db.exists ? findDeadLetter(this.#db, deadLetterId) : null;
  }

  async replayDeadLetter(deadLetterId: string, data: string | null): Promise<{ deliveryId: string }> {
    const deps = this.#replaying();
    if (!this.#db.exists) throw new PlatformError("not_found", "There is no such dead letter.");
    return this.#change(() => ({ deliveryId: replayDeadLetter(deps, deadLetterId, data, Date.now()) }));
  }

  async replayDeadLetters(triggerId: string | null): Promise<{ replayed: number; more: boolean }> {
    const deps = this.#replaying();
    if (!this.#db.exists) return { replayed: 0, more: false };
    return this.#change(() => replayDeadLetters(deps, triggerId, Date.now()));
  }

  async discardDeadLetter(deadLetterId: string): Promise<boolean> {
    return this.#db.exists && discardDeadLetter(this.#db, deadLetterId);
  }

  async discardDeadLetters(triggerId: string | null): Promise<number> {
    return this.#db.exists ? discardDeadLetters(this.#db, triggerId) : 0;
  }

  async fireTrigger(triggerId: string, data: string | null): Promise<{ deliveryId: string }> {
    const trigger = this.#configuration.triggers.get(triggerId);
    if (trigger === undefined) {
      throw new PlatformError("not_found", "There is no such trigger, or it is disabled. Enable it to fire it.");
    }
    const now = Date.now();
    return this.#change(() => {
      const own = this.#parts[trigger.source.kind]?.fire?.(trigger, data, now);
      if (own !== undefined) return { deliveryId: own };
      const id = newId("delivery");
      const event = sampleEvent(trigger, data);
      this.#engine.add({ id, triggerId, orderKey: null, at: now, depth: 1, causedBy: null, data: event }, now);
      return { deliveryId: id };
    });
  }

  async topicPublish(topic: string, values: string[], origin: Origin): Promise<{ ids: string[]; subscribers: number }> {
    const subscribers = this.#configuration
      .ofKind("pubsub")
      .filter(({ source }) => source.kind === "pubsub" && source.topic === topic);
    const message = { topic, values, origin };
    if (subscribers.length === 0) return publish(() => false, [], message, Date.now());
    return this.#change(() =>
      publish((delivery, dueAt) => this.#engine.add(delivery, dueAt), subscribers, message, Date.now()),
    );
  }

  async cronHistory(triggerId: string, page: PageRequest): Promise<Page<CronRun>> {
    return this.#cron.history(triggerId, page);
  }

  async queueSend(queue: string, messages: { value: string; delayMs: number }[], origin: Origin): Promise<string[]> {
    await this.#introduce();
    return this.#change(() => this.#queues.send(queue, messages, origin, Date.now()));
  }

  async listQueues(): Promise<QueueStats[]> {
    return this.#queues.list(Date.now());
  }

  async purgeQueue(queue: string): Promise<number> {
    return this.#queues.purge(queue);
  }

  async receiveWebhook(triggerId: string, message: WebhookMessage): Promise<WebhookReceipt> {
    const receipt = await this.#webhooks.receive(triggerId, message);
    await this.#arm();
    return receipt;
  }

  async startAsyncRun(run: NewAsyncRun): Promise<void> {
    await this.#introduce();
    const deps = { db: this.#db, add: (delivery: NewDelivery, dueAt: number) => this.#engine.add(delivery, dueAt) };
    await this.#change(() => startAsyncRun(deps, run, Date.now()));
  }

  async findAsyncRun(executionId: string): Promise<AsyncRun | null> {
    if (!this.#db.exists) return null;
    return findAsyncRun(this.#db, executionId, this.#engine.backlog.taken(), Date.now());
  }

  /** Removes everything; safe to repeat. What is under way ends nowhere. */
  async erase(): Promise<void> {
    const now = Date.now();
    if (this.#db.erasedAt === null) await this.#db.erase(now);
    this.#engine.reload();
    await this.#alarms.arm(now);
  }

  override async alarm(): Promise<void> {
    await this.#alarms.fire(Date.now());
  }

  /** Commits a change; when it returns, what it made cannot be forgotten. */
  async #change<T>(change: () => T): Promise<T> {
    const result = this.#engine.commit(change);
    await this.#arm();
    return result;
  }

  /**
   * Sets the alarm, where it would ring too late, but only when what has been written is stored: to be told takes the
   * alarm longer than to store, and what leaves at once shall not wait for it.
   */
  async #arm(): Promise<void> {
    if (this.#alarms.isEarlyEnough(Date.now())) return;
    this.#arming ??= this.ctx.storage.sync().then(() => {
      this.#arming = null;
      return this.#alarms.arm(Date.now());
    });
    await this.#arming;
  }

  /** Asks the Org who the org is, where it has not said so: it does only when there are triggers. */
  async #introduce(): Promise<void> {
    if (this.#db.erasedAt !== null) throw new PlatformError("not_found", "There is no such org.");
    if (this.#configuration.identity !== null) return;
    await this.configure(await this.#outside.configuration(this.ctx.id.name ?? ""));
  }

  #listed(): Parameters<typeof listDeliveries>[0] {
    return { db: this.#db, triggers: this.#configuration.triggers, taken: this.#engine.backlog.taken() };
  }

  #replaying(): Parameters<typeof replayDeadLetter>[0] {
    return {
      db: this.#db,
      triggers: this.#configuration.triggers,
      parts: this.#parts,
      add: (delivery, dueAt, since) => this.#engine.add(delivery, dueAt, since),
    };
  }
}
