import { PlatformError } from "../../../contracts/errors.ts";
import type { EventData } from "../../../contracts/events/event.ts";
import type { Trigger, TriggerSource } from "../../../contracts/events/trigger.ts";
import { newId } from "../../../contracts/ids.ts";
import { EVENT_BYTES_MAX } from "../../../contracts/limits.ts";

type Given = Record<string, unknown>;

/**
 * An event as a trigger would get it, made of what is given (JSON text) and of likely values for the rest; JSON text.
 * For a topic what is given is the message itself, for all others an object with some of the event's fields. Throws
 * `invalid` for anything else, and for a kind that makes its events elsewhere.
 */
export function sampleEvent(trigger: Trigger, data: string | null): string {
  if (data !== null && data.length > EVENT_BYTES_MAX) throw invalid(`must be at most ${EVENT_BYTES_MAX} bytes of JSON`);
  return JSON.stringify(eventOf(trigger.source, data));
}

function eventOf(source: TriggerSource, data: string | null): EventData {
  switch (source.kind) {
    case "kv":
      return kvEvent(source, given(data));
    case "docs":
      return docsEvent(source, given(data));
    case "pubsub": {
      const value = data === null ? { test: true } : parsed(data);
      return { kind: "pubsub", topic: source.topic, messageId: newId("message"), value };
    }
    case "dead_letter":
      return deadLetterEvent(given(data));
    case "cron":
    case "queue":
    case "webhook":
      break;
  }
  throw new PlatformError("invalid", `Events of kind ${source.kind} are not made from a sample.`);
}

function kvEvent(source: TriggerSource & { kind: "kv" }, fields: Given): EventData {
  const operation = oneOf(source.operations, fields["operation"], "operation");
  return {
    kind: "kv",
    collection: source.collection,
    key: text(fields["key"], `${source.prefix}test`, "key"),
    operation,
    ...before(fields, operation !== "set"),
    ...after(fields, operation === "set"),
    version: version(fields["version"]),
  };
}

function docsEvent(source: TriggerSource & { kind: "docs" }, fields: Given): EventData {
  const operation = oneOf(source.operations, fields["operation"], "operation");
  const id = text(fields["id"], "test", "id");
  const sample = { id };
  return {
    kind: "docs",
    collection: source.collection,
    id,
    operation,
    ...before(fields, operation !== "insert", sample),
    ...after(fields, operation !== "delete", sample),
    version: version(fields["version"]),
  };
}

function deadLetterEvent(fields: Given): EventData {
  const error = { code: "script_error", message: "A test: nothing has failed." };
  const trigger = { id: "trg_test", name: "test" };
  const event: EventData = { kind: "pubsub", topic: "test", messageId: "msg_test", value: { test: true } };
  const given = fields as Partial<Extract<EventData, { kind: "dead_letter" }>>;
  return { deadLetterId: "ded_test", trigger, error, attempts: 1, event, ...given, kind: "dead_letter" };
}

function before(fields: Given, likely: boolean, sample: unknown = { test: true }): { prev?: unknown } {
  if (Object.hasOwn(fields, "prev")) return { prev: fields["prev"] };
  return likely ? { prev: sample } : {};
}

function after(fields: Given, likely: boolean, sample: unknown = { test: true }): { next?: unknown } {
  if (Object.hasOwn(fields, "next")) return { next: fields["next"] };
  return likely ? { next: sample } : {};
}

function oneOf<T extends string>(all: readonly T[], value: unknown, field: string): T {
  const found = value === undefined ? all[0] : all.find((one) => one === value);
  if (found === undefined) throw invalid(`must be one of ${all.join(", ")}, as the trigger asks for`, field);
  return found;
}

function text(value: unknown, sample: string, field: string): string {
  if (value !== undefined && typeof value !== "string") throw invalid("must be text", field);
  return value ?? sample;
}

function version(value: unknown): number {
  if (value !== undefined && !Number.isSafeInteger(value)) throw invalid("must be a whole number", "version");
  return typeof value === "number" ? value : 1;
}

function given(data: string | null): Given {
  const value = data === null ? {} : parsed(data);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("must be a JSON object");
  return value as Given;
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw invalid("must be JSON");
  }
}

function invalid(reason: string, field?: string): PlatformError {
  const path = field === undefined ? "data" : `data.${field}`;
  return new PlatformError("invalid", `The test event is not valid: ${path} ${reason}.`, {
    issues: [{ field: path, reason }],
  });
}
