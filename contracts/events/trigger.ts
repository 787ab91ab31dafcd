import * as z from "zod";

import { resourceNameSchema } from "../data/names.ts";
import {
  CRON_EXPRESSION_LENGTH_MAX,
  CRON_JITTER_MS_MAX,
  KV_KEY_BYTES_MAX,
  QUEUE_BATCH_MAX,
  QUEUE_BATCH_WAIT_MS_MAX,
  SCRIPT_NAME_LENGTH_MAX,
  TRIGGER_FILTER_LENGTH_MAX,
} from "../limits.ts";
import type { RetryPolicy } from "./retry.ts";

export const TRIGGER_KINDS = ["kv", "docs", "cron", "queue", "pubsub", "webhook", "dead_letter"] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

const KV_OPERATIONS = ["set", "delete", "expire"] as const;
export type KvOperation = (typeof KV_OPERATIONS)[number];
const DOCS_OPERATIONS = ["insert", "update", "delete"] as const;
export type DocsOperation = (typeof DOCS_OPERATIONS)[number];

const operations = <T extends readonly [string, ...string[]]>(all: T) =>
  z
    .array(z.enum(all))
    .min(1)
    .max(all.length)
    .default([...all]);

/** What sets a trigger off, by kind. */
export const triggerSourceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("kv"),
    collection: resourceNameSchema,
    /** Keys that begin so; all without it. */
    prefix: z.string().max(KV_KEY_BYTES_MAX).default(""),
    operations: operations(KV_OPERATIONS),
  }),
  z.strictObject({
    kind: z.literal("docs"),
    collection: resourceNameSchema,
    operations: operations(DOCS_OPERATIONS),
    /** JSON text of a filter that the document must match: as it is, or, when it was deleted, as it was. */
    filter: z.string().max(TRIGGER_FILTER_LENGTH_MAX).default("{}"),
  }),
  z.strictObject({
    kind: z.literal("cron"),
    /** Five fields, or six with seconds before them. */
    schedule: z.string().min(1).max(CRON_EXPRESSION_LENGTH_MAX),
    /** IANA time zone. */
    timeZone: z.string().min(1).max(64).default("UTC"),
    /** Most by which chance may delay a run, in milliseconds; never early. */
    jitterMs: z.number().int().min(0).max(CRON_JITTER_MS_MAX).default(0),
  }),
  z.strictObject({
    kind: z.literal("queue"),
    queue: resourceNameSchema,
    /** Messages of one batch at most. */
    batchSize: z.number().int().min(1).max(QUEUE_BATCH_MAX).default(10),
    /** How long a message may wait for company, in milliseconds. */
    batchWaitMs: z.number().int().min(0).max(QUEUE_BATCH_WAIT_MS_MAX).default(0),
  }),
  z.strictObject({ kind: z.literal("pubsub"), topic: resourceNameSchema }),
  z.strictObject({
    kind: z.literal("webhook"),
    /** Age that a signed message may have, either way, in seconds. */
    toleranceS: z.number().int().min(10).max(3_600).default(300),
  }),
  z.strictObject({
    kind: z.literal("dead_letter"),
    /** Id of the trigger whose dead letters are meant; null for all of the org. */
    of: z.string().max(64).nullable().default(null),
  }),
]);
export type TriggerSource = z.infer<typeof triggerSourceSchema>;
/** The same of one kind. */
export type SourceOf<K extends TriggerKind> = Extract<TriggerSource, { kind: K }>;

/** Name of a trigger. */
export const triggerNameSchema = z
  .string()
  .min(1)
  .max(SCRIPT_NAME_LENGTH_MAX)
  .regex(/^[a-z0-9][a-z0-9_-]*$/, "must be lower-case letters, digits, `-` and `_`, and begin with a letter or digit");

/**
 * `active` delivers; `paused` keeps what comes and delivers it when it is resumed; of what happens while
 * it is `disabled` nothing is kept.
 */
export const TRIGGER_STATES = ["active", "paused", "disabled"] as const;
export type TriggerState = (typeof TRIGGER_STATES)[number];

/** A trigger as its org has it. */
export interface Trigger {
  id: string;
  name: string;
  scriptId: string;
  state: TriggerState;
  source: TriggerSource;
  retry: RetryPolicy;
  createdAt: number;
  updatedAt: number;
}

/** What makes or changes one. */
export interface TriggerInput {
  name: string;
  scriptId: string;
  state: TriggerState;
  source: TriggerSource;
  retry: RetryPolicy;
}

export interface TriggerPatch {
  scriptId?: string | undefined;
  state?: TriggerState | undefined;
  source?: TriggerSource | undefined;
  retry?: RetryPolicy | undefined;
}
