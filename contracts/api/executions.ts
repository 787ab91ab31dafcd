import * as z from "zod";

import { idSchema } from "../ids.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

export const logLineSchema = z.object({
  at: timestamp,
  level: z.enum(["debug", "info", "log", "warn", "error"]),
  text: z.string(),
});

export const executionErrorSchema = z.object({
  name: z.string(),
  message: z.string(),
  /** In the lines of the source as it was written. */
  stack: z.string(),
});

export const executionSchema = z.object({
  id: idSchema("execution"),
  script: z.object({ id: idSchema("script"), name: z.string() }),
  version: z.object({ id: idSchema("version"), number: z.number().int() }),
  trigger: z.enum(["http", "execute", "invoke"]),
  method: z.string(),
  path: z.string(),
  status: z.number().int(),
  outcome: z.enum(["ok", "error", "timeout", "over_budget"]),
  startedAt: timestamp,
  durationMs: z.number(),
  error: executionErrorSchema.nullable(),
  lines: z.array(logLineSchema),
});

export const listExecutions = endpoint({
  id: "listExecutions",
  method: "GET",
  path: "/orgs/{slug}/executions",
  tag: "Executions",
  summary: "List what ran, newest first",
  capability: "executions:read",
  params: orgParams,
  query: pageQuery.extend({
    /** Name or id of a script. */
    script: z.string().max(100).optional(),
    /** `ok`, `error`, `timeout`, or an HTTP status. */
    status: z
      .string()
      .regex(/^(?:ok|error|timeout|[1-5][0-9]{2})$/, "must be ok, error, timeout or an HTTP status")
      .optional(),
  }),
  response: pageOf(executionSchema),
  errors: ["not_found", "invalid"],
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
