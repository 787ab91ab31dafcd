import * as z from "zod";

import { DELIVERY_STATES } from "../events/delivery.ts";
import { retryPolicySchema } from "../events/retry.ts";
import { TRIGGER_STATES, triggerNameSchema, triggerSourceSchema } from "../events/trigger.ts";
import { idSchema } from "../ids.ts";
import { CRON_EXPRESSION_LENGTH_MAX, CRON_PREVIEW_MAX, TRIGGER_FILTER_LENGTH_MAX } from "../limits.ts";
import { sentSchema } from "./deliveries.ts";
import { filterSchema } from "./docs.ts";
import { endpoint, pageOf, pageQuery, scriptRef, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

const [kv, docs, cron, queue, pubsub, webhook, deadLetter] = triggerSourceSchema.options;

/** A filter of documents: an object, which is stored as its text. */
const filterInput = filterSchema
  .transform((filter) => JSON.stringify(filter))
  .pipe(z.string().max(TRIGGER_FILTER_LENGTH_MAX));

/** What sets a trigger off, as a caller says it. */
const sourceInput = z.discriminatedUnion("kind", [
  kv,
  docs.extend({ filter: filterInput.default("{}") }),
  cron,
  queue,
  pubsub,
  webhook,
  /** `of` is the id or the name of a trigger. */
  deadLetter,
]);

/** The same as it is answered. */
const sourceSchema = z.discriminatedUnion("kind", [
  kv,
  docs.extend({ filter: z.unknown() }),
  cron,
  queue,
  pubsub,
  webhook,
  deadLetter,
]);

const { policy, delayMs, maxDelayMs, jitter, maxAttempts, maxAgeMs } = retryPolicySchema.shape;
/** How failures are tried again; what is not named has its default, or stays as it is. */
const retryInput = z.strictObject({
  policy: policy.unwrap().optional(),
  delayMs: delayMs.unwrap().optional(),
  maxDelayMs: maxDelayMs.unwrap().optional(),
  jitter: jitter.unwrap().optional(),
  maxAttempts: maxAttempts.unwrap().optional(),
  maxAgeMs: maxAgeMs.unwrap().optional(),
});

const stateSchema = z.enum(TRIGGER_STATES);

export const triggerSchema = z.object({
  id: idSchema("trigger"),
  name: z.string(),
  script: scriptRef,
  /** `paused` keeps what comes, `disabled` does not. */
  state: stateSchema,
  source: sourceSchema,
  retry: retryPolicySchema,
  /** Where a webhook's sender posts to; null for other kinds. */
  url: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

/** A trigger with what waits for it. */
export const triggerDetailSchema = triggerSchema.extend({
  backlog: z.object({ waiting: z.number().int(), held: z.number().int(), dead: z.number().int() }),
  /** When it starts its script next, as far as that is known. */
  nextAt: timestamp.nullable(),
});

/** Name or id of a script. */
const script = z.string().min(1).max(100);
/** A trigger by id or name. */
const triggerParams = orgParams.extend({ trigger: z.string().min(1).max(100) });

export const listTriggers = endpoint({
  id: "listTriggers",
  method: "GET",
  path: "/orgs/{slug}/triggers",
  tag: "Triggers",
  summary: "List the triggers of an org with what waits for each",
  capability: "triggers:read",
  params: orgParams,
  response: pageOf(triggerDetailSchema),
  errors: ["not_found"],
});

export const createTrigger = endpoint({
  id: "createTrigger",
  method: "POST",
  path: "/orgs/{slug}/triggers",
  tag: "Triggers",
  summary: "Have a script started by changes of data, a schedule, a queue, a topic, webhooks or dead letters",
  capability: "triggers:write",
  params: orgParams,
  body: z.strictObject({
    name: triggerNameSchema,
    script,
    source: sourceInput,
    state: stateSchema.default("active"),
    retry: retryInput.optional(),
  }),
  /** A webhook's signing secret is shown this once. */
  response: triggerSchema.extend({ secret: z.string().nullable() }),
  status: 201,
  errors: ["not_found", "conflict", "invalid", "over_budget"],
});

export const previewTrigger = endpoint({
  id: "previewTrigger",
  method: "POST",
  path: "/orgs/{slug}/triggers/preview",
  tag: "Triggers",
  summary: "Say when a schedule is due next, without making a trigger",
  capability: "triggers:read",
  params: orgParams,
  body: z.strictObject({
    /** Five fields, or six with seconds before them. */
    schedule: z.string().min(1).max(CRON_EXPRESSION_LENGTH_MAX),
    /** IANA time zone. */
    timeZone: z.string().min(1).max(64).default("UTC"),
    count: z.number().int().min(1).max(CRON_PREVIEW_MAX).default(5),
  }),
  /** ISO 8601, in UTC. */
  response: z.object({ times: z.array(z.string()) }),
  errors: ["not_found", "invalid"],
});

export const getTrigger = endpoint({
  id: "getTrigger",
  method: "GET",
  path: "/orgs/{slug}/triggers/{trigger}",
  tag: "Triggers",
  summary: "Get a trigger, by id or name, with what waits for it",
  capability: "triggers:read",
  params: triggerParams,
  response: triggerDetailSchema,
  errors: ["not_found"],
});

export const patchTrigger = endpoint({
  id: "patchTrigger",
  method: "PATCH",
  path: "/orgs/{slug}/triggers/{trigger}",
  tag: "Triggers",
  summary: "Change a trigger's script, state, source or retries; a source that is named replaces the one before",
  capability: "triggers:write",
  params: triggerParams,
  body: z
    .strictObject({
      script: script.optional(),
      state: stateSchema.optional(),
      source: sourceInput.optional(),
      retry: retryInput.optional(),
    })
    .refine((patch) => Object.values(patch).some((value) => value !== undefined), {
      message: "must name something to change: script, state, source or retry",
    }),
  response: triggerSchema,
  errors: ["not_found", "conflict", "invalid"],
});

export const deleteTrigger = endpoint({
  id: "deleteTrigger",
  method: "DELETE",
  path: "/orgs/{slug}/triggers/{trigger}",
  tag: "Triggers",
  summary: "Delete a trigger with what waits for it",
  capability: "triggers:write",
  params: triggerParams,
  errors: ["not_found"],
});

export const pauseTrigger = endpoint({
  id: "pauseTrigger",
  method: "POST",
  path: "/orgs/{slug}/triggers/{trigger}/pause",
  tag: "Triggers",
  summary: "Stop delivering and keep what comes",
  capability: "triggers:write",
  params: triggerParams,
  response: triggerSchema,
  errors: ["not_found"],
});

export const resumeTrigger = endpoint({
  id: "resumeTrigger",
  method: "POST",
  path: "/orgs/{slug}/triggers/{trigger}/resume",
  tag: "Triggers",
  summary: "Deliver again, what was kept first and in order",
  capability: "triggers:write",
  params: triggerParams,
  response: triggerSchema,
  errors: ["not_found", "conflict"],
});

export const enableTrigger = endpoint({
  id: "enableTrigger",
  method: "POST",
  path: "/orgs/{slug}/triggers/{trigger}/enable",
  tag: "Triggers",
  summary: "Have a disabled trigger act again, from now on",
  capability: "triggers:write",
  params: triggerParams,
  response: triggerSchema,
  errors: ["not_found"],
});

export const disableTrigger = endpoint({
  id: "disableTrigger",
  method: "POST",
  path: "/orgs/{slug}/triggers/{trigger}/disable",
  tag: "Triggers",
  summary:
    "Have a trigger do nothing: what it has waiting is thrown away, and of what happens meanwhile nothing is kept",
  capability: "triggers:write",
  params: triggerParams,
  response: triggerSchema,
  errors: ["not_found"],
});

export const discardTrigger = endpoint({
  id: "discardTrigger",
  method: "POST",
  path: "/orgs/{slug}/triggers/{trigger}/discard",
  tag: "Triggers",
  summary: "Throw away what a trigger holds or has waiting",
  capability: "deliveries:write",
  params: triggerParams,
  /** The trigger's name, so that nothing is lost by a slip. */
  body: z.strictObject({ confirm: z.string().max(100) }),
  response: z.object({ discarded: z.number().int() }),
  errors: ["not_found", "invalid"],
});

export const fireTrigger = endpoint({
  id: "fireTrigger",
  method: "POST",
  path: "/orgs/{slug}/triggers/{trigger}/fire",
  tag: "Triggers",
  summary: "Deliver an event as if it had happened, to try the script",
  capability: "deliveries:write",
  params: triggerParams,
  /** `data` is what the kind has, such as `{"key":"a","next":1}`; an example of the platform's own without it. */
  body: z.strictObject({ data: z.unknown() }).partial().optional(),
  response: sentSchema,
  status: 202,
  errors: ["not_found", "conflict", "invalid", "too_large"],
});

export const rotateTriggerSecret = endpoint({
  id: "rotateTriggerSecret",
  method: "POST",
  path: "/orgs/{slug}/triggers/{trigger}/rotate-secret",
  tag: "Triggers",
  summary: "Make a webhook's signing secret anew; the old one goes on for a day",
  capability: "triggers:write",
  params: triggerParams,
  /** Shown this once. */
  response: z.object({ secret: z.string() }),
  errors: ["not_found", "invalid"],
});

export const listTriggerHistory = endpoint({
  id: "listTriggerHistory",
  method: "GET",
  path: "/orgs/{slug}/triggers/{trigger}/history",
  tag: "Triggers",
  summary: "List the past due times of a schedule, newest first",
  capability: "deliveries:read",
  params: triggerParams,
  query: pageQuery,
  response: pageOf(
    z.object({
      scheduledAt: timestamp,
      startedAt: timestamp.nullable(),
      state: z.enum([...DELIVERY_STATES, "skipped"]),
      executionId: idSchema("execution").nullable(),
      error: z.object({ code: z.string(), message: z.string() }).nullable(),
    }),
  ),
  errors: ["not_found", "invalid"],
});
