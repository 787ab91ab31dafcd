import * as z from "zod";

import { TRIGGER_KINDS } from "../events/trigger.ts";
import { idSchema } from "../ids.ts";
import { SEARCH_TEXT_LENGTH_MAX } from "../limits.ts";
import { LIMIT_NAMES, type LimitName } from "../script-limits.ts";
import { endpoint, eventsEndpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

export const logLineSchema = z.object({
  at: timestamp,
  level: z.enum(["debug", "info", "log", "warn", "error"]),
  text: z.string(),
});

const triggerSchema = z.enum(["http", "execute", "invoke", ...TRIGGER_KINDS]);

/** A date, or a date and a time with its zone. */
const ISO_MOMENT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

export const executionErrorSchema = z.object({
  name: z.string(),
  message: z.string(),
  /** In the lines of the source as it was written. */
  stack: z.string(),
});

const recordedMessageSchema = z.object({
  /** Credentials are shown as `[redacted]`; they are never stored. */
  headers: z.record(z.string(), z.string()),
  /** Null where there was none, or none was kept. */
  body: z.object({ text: z.string(), encoding: z.enum(["utf8", "base64"]), truncated: z.boolean() }).nullable(),
});

export const executionSchema = z.object({
  id: idSchema("execution"),
  script: z.object({ id: idSchema("script"), name: z.string() }),
  version: z.object({ id: idSchema("version"), number: z.number().int() }),
  trigger: triggerSchema,
  method: z.string(),
  path: z.string(),
  status: z.number().int(),
  outcome: z.enum(["ok", "error", "timeout", "over_budget", "abandoned", "refused"]),
  startedAt: timestamp,
  durationMs: z.number(),
  /** Processor time as far as it was measured. */
  cpuMs: z.number().nullable(),
  /** The limit that ended the run. */
  brokenLimit: z.enum(LIMIT_NAMES as [LimitName, ...LimitName[]]).nullable(),
  /** Runs above this one, by `invoke`. */
  depth: z.number().int(),
  parentId: idSchema("execution").nullable(),
  replayOf: idSchema("execution").nullable(),
  /** The delivery that it was an attempt of, and which one. */
  deliveryId: idSchema("delivery").nullable(),
  attempt: z.number().int().nullable(),
  request: recordedMessageSchema.nullable(),
  response: recordedMessageSchema.nullable(),
  error: executionErrorSchema.nullable(),
  lines: z.array(logLineSchema),
});

/** A request for a script, as the API takes it. */
export const invokeInputSchema = z.object({
  method: z.string().regex(/^[A-Za-z]{1,20}$/, "must be an HTTP method"),
  path: z.string().startsWith("/", "must begin with /").max(8_000),
  headers: z.record(z.string().max(200), z.string().max(8_000)),
  body: z.string().nullable(),
});

/** All that came of running a script by the API. */
export const invokeAnswerSchema = z.object({
  executionId: idSchema("execution"),
  status: z.number().int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  bodyEncoding: z.enum(["utf8", "base64"]),
  truncated: z.boolean(),
  durationMs: z.number(),
  lines: z.array(logLineSchema),
  error: executionErrorSchema.nullable(),
});

/** A moment, in epoch milliseconds or as ISO 8601. */
export const momentSchema = z
  .string()
  .transform((text, context) => {
    const at = /^[0-9]{1,15}$/.test(text) ? Number(text) : ISO_MOMENT.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isSafeInteger(at)) return at;
    context.addIssue({ code: "custom", message: "must be a time, such as 2026-11-21T10:00:00Z or epoch milliseconds" });
    return z.NEVER;
  })
  .meta({ description: "Epoch milliseconds or ISO 8601", type: ["integer", "string"] });

const facts = z.object({
  /** Name or id of a script. */
  script: z.string().max(100).optional(),
  /** An outcome, an HTTP status, or a class of them such as `5xx`. */
  status: z
    .string()
    .regex(
      /^(?:ok|error|timeout|over_budget|abandoned|refused|[1-5](?:[0-9]{2}|xx))$/,
      "must be ok, error, timeout, over_budget, abandoned, refused, an HTTP status, or 2xx to 5xx",
    )
    .optional(),
  trigger: triggerSchema.optional(),
  /** Occurs in the path, the error or a console line, in whatever case. */
  text: z.string().min(1).max(SEARCH_TEXT_LENGTH_MAX).optional(),
});

export const listExecutions = endpoint({
  id: "listExecutions",
  method: "GET",
  path: "/orgs/{slug}/executions",
  tag: "Executions",
  summary: "List what ran, newest first; a page may be short and still have a cursor",
  capability: "executions:read",
  params: orgParams,
  query: pageQuery.extend({
    ...facts.shape,
    id: idSchema("execution").optional(),
    /** Begun at this time or later: epoch milliseconds or ISO 8601. */
    since: momentSchema.optional(),
    until: momentSchema.optional(),
  }),
  response: pageOf(executionSchema),
  errors: ["not_found", "invalid"],
});

/** What a live tail tells. */
export const tailEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("execution"), execution: executionSchema }),
  /** Console lines of an execution that was told before. */
  z.object({ type: z.literal("lines"), executionId: idSchema("execution"), lines: z.array(logLineSchema) }),
  /** The reader was slow, or there was too much at once: so many executions were left out. */
  z.object({ type: z.literal("missed"), count: z.number().int() }),
]);

export const tailExecutions = eventsEndpoint({
  id: "tailExecutions",
  method: "GET",
  path: "/orgs/{slug}/executions/tail",
  tag: "Executions",
  summary: "Follow what runs, as it runs; the stream ends after an hour at most, so connect again",
  capability: "executions:read",
  params: orgParams,
  query: facts,
  response: tailEventSchema,
  errors: ["not_found", "invalid", "too_many_requests"],
});

export const getExecution = endpoint({
  id: "getExecution",
  method: "GET",
  path: "/orgs/{slug}/executions/{id}",
  tag: "Executions",
  summary: "Get one execution with its console lines",
  capability: "executions:read",
  params: orgParams.extend({ id: idSchema("execution") }),
  response: executionSchema,
  errors: ["not_found"],
});

const inputPart = z.enum(["recorded", "edited"]);

export const replayExecution = endpoint({
  id: "replayExecution",
  method: "POST",
  path: "/orgs/{slug}/executions/{id}/replay",
  tag: "Executions",
  summary: "Run the script's live version again with the input of an execution, or an edited one",
  capability: "scripts:invoke",
  params: orgParams.extend({ id: idSchema("execution") }),
  /** What is given replaces what was recorded; `headers` replaces all of them, and a `body` of null is none. */
  body: invokeInputSchema.partial(),
  response: invokeAnswerSchema.extend({
    replayOf: idSchema("execution"),
    /** Where each part of the input came from. */
    input: z.object({ method: inputPart, path: inputPart, headers: inputPart, body: inputPart }),
    /** Recorded headers that were not sent again: credentials, and what belongs to a connection. */
    headersLeftOut: z.array(z.string()),
    /** What running again means. */
    warning: z.string(),
  }),
  errors: ["not_found", "forbidden", "invalid", "conflict", "unavailable"],
});
