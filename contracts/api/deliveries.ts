import * as z from "zod";

import { DELIVERY_STATES } from "../events/delivery.ts";
import { TRIGGER_KINDS } from "../events/trigger.ts";
import { idSchema } from "../ids.ts";
import { endpoint, pageOf, pageQuery, scriptRef, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

const faultSchema = z.object({ code: z.string(), message: z.string() });
const triggerRef = z.object({ id: idSchema("trigger"), name: z.string() });
/** Name or id of a trigger. */
const trigger = z.string().min(1).max(100).optional();

/** What an event became that was made or sent again by hand. */
export const sentSchema = z.object({
  /** Null where it is a message that waits in its queue. */
  deliveryId: idSchema("delivery").nullable(),
  /** Null where it is not. */
  messageId: idSchema("message").nullable(),
});

const attemptSchema = z.object({
  at: timestamp,
  executionId: idSchema("execution").nullable(),
  durationMs: z.number().nullable(),
  /** Null for success. */
  error: faultSchema.nullable(),
});

const deliverySchema = z.object({
  id: idSchema("delivery"),
  trigger: triggerRef,
  kind: z.enum(TRIGGER_KINDS),
  /** `held` waits for its paused trigger, `waiting` for its time, its turn or room. */
  state: z.enum(DELIVERY_STATES),
  attempts: z.number().int(),
  /** When it happened. */
  at: timestamp,
  /** When it is tried next, and when it ended. */
  dueAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  lastError: faultSchema.nullable(),
  /** Of the last attempt. */
  executionId: idSchema("execution").nullable(),
});

export const deliveryDetailSchema = deliverySchema.extend({
  /** What the event carries. */
  data: z.unknown(),
  history: z.array(attemptSchema),
});

const deadLetterSchema = z.object({
  id: idSchema("deadLetter"),
  deliveryId: idSchema("delivery"),
  trigger: triggerRef,
  script: scriptRef,
  kind: z.enum(TRIGGER_KINDS),
  /** When the event happened, and when it was given up. */
  at: timestamp,
  diedAt: timestamp,
  attempts: z.number().int(),
  error: faultSchema,
  /** What the org's dead-letter trigger came to; null where there is none, or it went well. */
  note: z.string().nullable(),
});

const deadLetterDetailSchema = deadLetterSchema.extend({
  data: z.unknown(),
  history: z.array(attemptSchema),
});

export const listDeliveries = endpoint({
  id: "listDeliveries",
  method: "GET",
  path: "/orgs/{slug}/deliveries",
  tag: "Deliveries",
  summary: "List deliveries, newest first; those that ended are kept for a day",
  capability: "deliveries:read",
  params: orgParams,
  query: pageQuery.extend({ trigger, state: z.enum(DELIVERY_STATES).optional() }),
  response: pageOf(deliverySchema),
  errors: ["not_found", "invalid"],
});

export const getDelivery = endpoint({
  id: "getDelivery",
  method: "GET",
  path: "/orgs/{slug}/deliveries/{id}",
  tag: "Deliveries",
  summary: "Get a delivery with its event and every attempt",
  capability: "deliveries:read",
  params: orgParams.extend({ id: idSchema("delivery") }),
  response: deliveryDetailSchema,
  errors: ["not_found"],
});

const deadLetterParams = orgParams.extend({ id: idSchema("deadLetter") });

export const listDeadLetters = endpoint({
  id: "listDeadLetters",
  method: "GET",
  path: "/orgs/{slug}/dead-letters",
  tag: "Deliveries",
  summary: "List what gave up, newest first",
  capability: "deliveries:read",
  params: orgParams,
  query: pageQuery.extend({ trigger }),
  response: pageOf(deadLetterSchema),
  errors: ["not_found"],
});

export const getDeadLetter = endpoint({
  id: "getDeadLetter",
  method: "GET",
  path: "/orgs/{slug}/dead-letters/{id}",
  tag: "Deliveries",
  summary: "Get a dead letter with its event and every attempt",
  capability: "deliveries:read",
  params: deadLetterParams,
  response: deadLetterDetailSchema,
  errors: ["not_found"],
});

export const replayDeadLetter = endpoint({
  id: "replayDeadLetter",
  method: "POST",
  path: "/orgs/{slug}/dead-letters/{id}/replay",
  tag: "Deliveries",
  summary: "Deliver a dead letter again under a fresh id, with its own event or an edited one",
  capability: "deliveries:write",
  params: deadLetterParams,
  body: z.strictObject({ data: z.unknown() }).partial().optional(),
  response: sentSchema,
  status: 202,
  errors: ["not_found", "conflict", "invalid", "too_large"],
});

export const discardDeadLetter = endpoint({
  id: "discardDeadLetter",
  method: "POST",
  path: "/orgs/{slug}/dead-letters/{id}/discard",
  tag: "Deliveries",
  summary: "Throw a dead letter away",
  capability: "deliveries:write",
  params: deadLetterParams,
  errors: ["not_found"],
});

export const replayDeadLetters = endpoint({
  id: "replayDeadLetters",
  method: "POST",
  path: "/orgs/{slug}/dead-letters/replay",
  tag: "Deliveries",
  summary: "Deliver all dead letters again, or all of one trigger, oldest first; call again while there are more",
  capability: "deliveries:write",
  params: orgParams,
  body: z.strictObject({ trigger }).optional(),
  response: z.object({ replayed: z.number().int(), more: z.boolean() }),
  status: 202,
  errors: ["not_found", "invalid"],
});

export const discardDeadLetters = endpoint({
  id: "discardDeadLetters",
  method: "POST",
  path: "/orgs/{slug}/dead-letters/discard",
  tag: "Deliveries",
  summary: "Throw all dead letters away, or all of one trigger",
  capability: "deliveries:write",
  params: orgParams,
  /** `confirm` is the word `all`, so that nothing is lost by a slip. */
  body: z.strictObject({ trigger, confirm: z.literal("all", 'must be "all"') }),
  response: z.object({ discarded: z.number().int() }),
  errors: ["not_found", "invalid"],
});
