import type { Page, PageRequest } from "../page.ts";
import type { SourceOf, Trigger, TriggerInput, TriggerKind, TriggerPatch } from "./trigger.ts";

/** An event on its way to one trigger, as the outbox of what happened hands it over. */
export interface NewDelivery {
  /** Idempotency id: given once with the change, and the same ever after. */
  id: string;
  triggerId: string;
  /** Deliveries of one trigger with the same key are made one after another; null for no order. */
  orderKey: string | null;
  /** When it happened, in epoch milliseconds. */
  at: number;
  /** Of the run that it will start. */
  depth: number;
  causedBy: string | null;
  /** JSON text of an {@link EventData}. */
  data: string;
}

/** `held` waits for its paused trigger; `waiting` for its time, its turn or room; `done` and `dead` have ended. */
export const DELIVERY_STATES = ["waiting", "held", "running", "done", "dead"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One attempt of a delivery. */
export interface Attempt {
  at: number;
  executionId: string | null;
  durationMs: number | null;
  /** Null for success. */
  error: { code: string; message: string } | null;
}

/** A delivery as people see it. */
export interface DeliverySummary {
  id: string;
  triggerId: string;
  triggerName: string;
  kind: TriggerKind;
  state: DeliveryState;
  attempts: number;
  at: number;
  /** When it is tried next; null where it is not. */
  dueAt: number | null;
  /** When it ended; null before. */
  endedAt: number | null;
  lastError: { code: string; message: string } | null;
  /** Of the last attempt. */
  executionId: string | null;
}

export interface DeliveryDetail extends DeliverySummary {
  /** JSON text; `null` once it has ended, where it was long. */
  data: string;
  /** The last attempts that failed, and the one that did not. */
  history: Attempt[];
}

/** What gave up. */
export interface DeadLetter {
  id: string;
  /** Of the delivery that gave up: a replay has another. */
  deliveryId: string;
  triggerId: string;
  triggerName: string;
  scriptId: string;
  kind: TriggerKind;
  /** When the event happened, and when it was given up. */
  at: number;
  diedAt: number;
  attempts: number;
  error: { code: string; message: string };
  /** What the org's dead-letter trigger came to; null where there is none, or it went well. */
  note: string | null;
}

export interface DeadLetterDetail extends DeadLetter {
  /** JSON text. */
  data: string;
  history: Attempt[];
}

export interface DeliveryFilter {
  triggerId: string | null;
  state: DeliveryState | null;
}

/** A run that nobody waits for: its result is kept. */
export interface AsyncRun {
  executionId: string;
  scriptId: string;
  state: "waiting" | "running" | "done" | "failed";
  createdAt: number;
  endedAt: number | null;
  attempts: number;
  result: { status: number; headers: Record<string, string>; body: string; bodyEncoding: "utf8" | "base64" } | null;
  error: { code: string; message: string } | null;
}

/** What is to be run. */
export interface NewAsyncRun {
  executionId: string;
  scriptId: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
  bodyEncoding: "utf8" | "base64";
  params: Record<string, string>;
  /** Depths of `invoke` and of events above it. */
  invokeDepth: number;
  depth: number;
  causedBy: string | null;
  /** Scheme and host that it came to; those of the org where nothing is said. */
  origin?: string;
  /** How it was asked for, as the log tells it; `execute` where nothing is said. */
  trigger?: "http" | "execute" | "invoke";
  /** Name of the script that {@link causedBy} is a run of. */
  callerScript?: string;
}

/** One due time of a schedule that has passed. */
export interface CronRun {
  scheduledAt: number;
  startedAt: number | null;
  state: DeliveryState | "skipped";
  executionId: string | null;
  error: { code: string; message: string } | null;
}

export interface QueueStats {
  name: string;
  /** Messages that can be had now, that wait for their time, and that a consumer has. */
  ready: number;
  delayed: number;
  inFlight: number;
  /** The trigger that takes from it; null for none. */
  consumerId: string | null;
}

/** What the door to all tenant state has for events on their way. Refusals are `PlatformError`s. */
export interface EventsDoor {
  listDeliveries(orgId: string, filter: DeliveryFilter, page: PageRequest): Promise<Page<DeliverySummary>>;
  findDelivery(orgId: string, deliveryId: string): Promise<DeliveryDetail | null>;
  /** Throws away what a trigger holds or has waiting; answers how many. Safe. */
  discardDeliveries(orgId: string, triggerId: string): Promise<number>;
  listDeadLetters(orgId: string, triggerId: string | null, page: PageRequest): Promise<Page<DeadLetter>>;
  findDeadLetter(orgId: string, deadLetterId: string): Promise<DeadLetterDetail | null>;
  /** Sends it again under a fresh id, with its own data or other (JSON text), and takes it off the list. Not safe. */
  replayDeadLetter(orgId: string, deadLetterId: string, data: string | null): Promise<{ deliveryId: string }>;
  /** The same for all, or all of a trigger, oldest first; answers how many, and whether more are left. Safe. */
  replayDeadLetters(orgId: string, triggerId: string | null): Promise<{ replayed: number; more: boolean }>;
  /** False when there was none; safe. */
  discardDeadLetter(orgId: string, deadLetterId: string): Promise<boolean>;
  discardDeadLetters(orgId: string, triggerId: string | null): Promise<number>;
  /** Makes an event as if it had happened, with this data (JSON text of what the kind has). Not safe. */
  fireTrigger(orgId: string, triggerId: string, data: string | null): Promise<{ deliveryId: string }>;
  /** What waits, by trigger id. Safe. */
  triggerBacklogs(
    orgId: string,
  ): Promise<Record<string, { waiting: number; held: number; dead: number; nextAt: number | null }>>;
  /** Of a cron trigger, newest first. Safe. */
  cronHistory(orgId: string, triggerId: string, page: PageRequest): Promise<Page<CronRun>>;

  /** Puts messages into a queue, all or none; answers their ids. Not safe. `delayMs` counts from now. */
  queueSend(
    orgId: string,
    queue: string,
    messages: { value: string; delayMs: number }[],
    origin: { executionId: string | null; depth: number },
  ): Promise<string[]>;
  listQueues(orgId: string): Promise<QueueStats[]>;
  /** Throws away all that is in a queue; answers how many. Safe. */
  purgeQueue(orgId: string, queue: string): Promise<number>;
  /** Tells all subscribers; answers the messages' ids and how many subscribers there are. Not safe. */
  topicPublish(
    orgId: string,
    topic: string,
    values: string[],
    origin: { executionId: string | null; depth: number },
  ): Promise<{ ids: string[]; subscribers: number }>;

  /** Accepts a run for later; safe: the same execution id is accepted once. */
  startAsyncRun(orgId: string, run: NewAsyncRun): Promise<void>;
  findAsyncRun(orgId: string, executionId: string): Promise<AsyncRun | null>;

  /**
   * Takes in a signed message for a webhook trigger: checks signature and age, and answers what it came to. A message
   * that was taken in before is `duplicate` and not delivered again. Safe.
   */
  receiveWebhook(orgId: string, triggerId: string, message: WebhookMessage): Promise<WebhookReceipt>;
}

export interface WebhookMessage {
  headers: Record<string, string>;
  body: string;
  bodyEncoding: "utf8" | "base64";
}

export type WebhookReceipt =
  | { outcome: "accepted" | "duplicate"; deliveryId: string | null }
  | { outcome: "refused"; code: "not_found" | "unauthenticated" | "malformed" | "too_large"; message: string };

/** What the door to all tenant state has for triggers; the org's object is their home. */
export interface TriggersDoor {
  /**
   * When a schedule is due next after a time (epoch milliseconds), at most so often; safe. Throws `invalid` for one
   * that cannot be read or is never due.
   */
  previewSchedule(source: SourceOf<"cron">, after: number, count: number): Promise<number[]>;
  listTriggers(orgId: string): Promise<Trigger[]>;
  /** By id or name; safe. */
  findTrigger(orgId: string, idOrName: string): Promise<Trigger | null>;
  /**
   * Throws `conflict` for a name that is taken, `not_found` for a script that is not there, `invalid` for one of kind
   * module. A webhook trigger's signing secret is answered here and never again. Not safe.
   */
  createTrigger(orgId: string, input: TriggerInput): Promise<{ trigger: Trigger; secret: string | null }>;
  patchTrigger(orgId: string, idOrName: string, patch: TriggerPatch): Promise<Trigger>;
  /** Removes it with what it has waiting; safe. False when there was none. */
  deleteTrigger(orgId: string, idOrName: string): Promise<boolean>;
  /** Makes the signing secret of a webhook trigger (`whsec_…`) anew; the old one goes on for a day. Not safe. */
  rotateWebhookSecret(orgId: string, idOrName: string): Promise<{ secret: string }>;
}
