import * as z from "zod";

import type { InvokeRequest } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { TRIGGER_KINDS, type TriggerKind } from "../../../contracts/events/trigger.ts";
import type { ExecutionRecord } from "../../../contracts/execution.ts";
import { newId } from "../../../contracts/ids.ts";
import { isSentAgain } from "../../../contracts/redact.ts";

/** What replaces parts of a recorded input. */
export interface InputEdits {
  method?: string | undefined;
  path?: string | undefined;
  headers?: Record<string, string> | undefined;
  body?: string | null | undefined;
}

type Part = "method" | "path" | "headers" | "body";

export interface ReplayInput {
  input: Pick<InvokeRequest, Part | "bodyEncoding" | "event">;
  /** Where each part came from. */
  origin: Record<Part, "recorded" | "edited">;
  /** Recorded headers that are not sent again. */
  headersLeftOut: string[];
}

/** What whoever runs something again should know. */
export const REPLAY_WARNING =
  "The script ran again, with its live version: all that it does outside happened again, such as requests it sends " +
  "and data it writes. The new execution has an id of its own and names the one it repeats.";

/**
 * The input of an execution as it is run again. Throws `conflict` where what was recorded is not all of
 * what the script was given and the edits do not replace it.
 */
export function replayInput(record: ExecutionRecord, edits: InputEdits): ReplayInput {
  const { trigger } = record;
  if (isTriggerKind(trigger)) return replayEvent(record, trigger, edits);
  const headers = edits.headers === undefined ? recordedHeaders(record) : { sent: edits.headers, leftOut: [] };
  const method = (edits.method ?? record.method).toUpperCase();
  const origin = (part: Part) => (edits[part] === undefined ? "recorded" : "edited");
  return {
    input: {
      method,
      path: edits.path ?? record.path,
      headers: headers.sent,
      ...(edits.body === undefined ? recordedBody(record, method) : { body: edits.body }),
    },
    origin: { method: origin("method"), path: origin("path"), headers: origin("headers"), body: origin("body") },
    headersLeftOut: headers.leftOut,
  };
}

/** An event is all in its body. It is another one now, so what a script has remembered of the first does not stop it. */
function replayEvent(record: ExecutionRecord, kind: TriggerKind, edits: InputEdits): ReplayInput {
  for (const part of ["method", "path", "headers"] as const) {
    if (edits[part] === undefined) continue;
    const reason = "cannot be edited: this execution handled an event, which is all in its body";
    throw new PlatformError("invalid", `The ${part} ${reason}.`, { issues: [{ field: part, reason }] });
  }
  const { method, path } = record;
  const text = edits.body === undefined ? recordedBody(record, method).body : edits.body;
  return {
    input: { method, path, headers: { "content-type": "application/json" }, body: freshEvent(text, kind), event: kind },
    origin: {
      method: "recorded",
      path: "recorded",
      headers: "recorded",
      body: edits.body === undefined ? "recorded" : "edited",
    },
    headersLeftOut: [],
  };
}

const eventSchema = z.looseObject({ kind: z.string() });

function freshEvent(text: string | null, kind: TriggerKind): string {
  const event = eventSchema.safeParse(parsed(text ?? ""));
  if (!event.success || event.data.kind !== kind) {
    const reason = `must be the JSON of an event of kind ${kind}`;
    throw new PlatformError("invalid", `The body ${reason}.`, { issues: [{ field: "body", reason }] });
  }
  return JSON.stringify({ ...event.data, id: newId("delivery"), attempt: 1 });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isTriggerKind = (trigger: ExecutionRecord["trigger"]): trigger is TriggerKind =>
  (TRIGGER_KINDS as readonly string[]).includes(trigger);

function recordedHeaders({ request }: ExecutionRecord): { sent: Record<string, string>; leftOut: string[] } {
  const sent: Record<string, string> = {};
  const leftOut: string[] = [];
  for (const [name, value] of Object.entries(request?.headers ?? {})) {
    if (!isSentAgain(name, value)) leftOut.push(name);
    else Object.defineProperty(sent, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return { sent, leftOut };
}

function recordedBody({ request }: ExecutionRecord, method: string): Pick<InvokeRequest, "body" | "bodyEncoding"> {
  if (method === "GET" || method === "HEAD") return { body: null };
  if (request === null) throw incomplete("The input of this execution was not recorded.");
  const { body } = request;
  if (body === null) return { body: null };
  if (body.truncated) throw incomplete("The body of this execution was too long to be recorded whole.");
  return body.encoding === "utf8" ? { body: body.text } : { body: body.text, bodyEncoding: body.encoding };
}

const incomplete = (reason: string): PlatformError =>
  new PlatformError("conflict", `${reason} Give the \`body\` to run it with, or null for none.`, {
    issues: [{ field: "body", reason }],
  });
