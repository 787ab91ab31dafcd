import type { z } from "zod";

import { createTrigger } from "../../contracts/api/triggers.ts";
import { invalidFrom } from "../../contracts/errors.ts";
import type { TriggerKind } from "../../contracts/events/trigger.ts";
import { DELIVERY_ATTEMPTS_MAX, QUEUE_BATCH_MAX } from "../../contracts/limits.ts";
import type { OptionDefinition } from "../framework/command.ts";
import type { Host } from "../framework/host.ts";
import { UsageError } from "../framework/usage.ts";
import { durationMs } from "./duration.ts";
import { readJsonObject } from "./json-input.ts";

type SourceInput = z.input<(typeof createTrigger)["body"]>["source"];
type RetryInput = NonNullable<z.input<(typeof createTrigger)["body"]>["retry"]>;

/** What sets a trigger off, and how; exactly one of the first seven says its kind. */
export const SOURCE_OPTIONS = {
  kv: { type: "string", value: "collection", about: "changes of keys of this collection" },
  docs: { type: "string", value: "collection", about: "changes of documents of this collection" },
  cron: { type: "string", value: "schedule", about: 'a schedule of 5 or 6 fields, such as "*/5 * * * *"' },
  queue: { type: "string", value: "queue", about: "messages of this queue" },
  topic: { type: "string", value: "topic", about: "what is published to this topic" },
  webhook: { type: "boolean", about: "signed webhooks from elsewhere" },
  "dead-letters": { type: "string", value: "trigger", about: "dead letters of this trigger, or `all`" },
  prefix: { type: "string", value: "text", about: "kv: only keys that begin so" },
  operation: {
    type: "string",
    value: "name",
    multiple: true,
    about: "only set, delete or expire (kv); insert, update or delete (docs)",
  },
  filter: { type: "string", value: "json", about: "docs: only documents that match" },
  "time-zone": { type: "string", value: "zone", about: "cron: IANA time zone (default UTC)" },
  jitter: { type: "string", value: "time", about: "cron: by how much chance may delay a run" },
  "batch-size": { type: "integer", value: "n", min: 1, max: QUEUE_BATCH_MAX, about: "queue: messages of one batch" },
  "batch-wait": { type: "string", value: "time", about: "queue: how long a message may wait for company" },
  tolerance: { type: "string", value: "time", about: "webhook: age that a message may have (default 5m)" },
} as const satisfies Record<string, OptionDefinition>;

/** How failures are tried again. */
export const RETRY_OPTIONS = {
  retry: { type: "string", value: "policy", about: "how the pause grows: constant, linear or exponential" },
  "retry-delay": { type: "string", value: "time", about: "first pause (default 1s)" },
  "retry-max-delay": { type: "string", value: "time", about: "longest pause (default 5m)" },
  attempts: { type: "integer", value: "n", min: 1, max: DELIVERY_ATTEMPTS_MAX, about: "attempts in all (default 8)" },
  "max-age": { type: "string", value: "time", about: "age of an event beyond which it is given up (default 1d)" },
} as const satisfies Record<string, OptionDefinition>;

type Given<O> = {
  [Name in keyof O]: O[Name] extends { type: "boolean" }
    ? boolean
    : O[Name] extends { type: "integer" }
      ? number | undefined
      : O[Name] extends { multiple: true }
        ? string[]
        : string | undefined;
};

/**
 * The source that the options describe; undefined where they name nothing of one.
 *
 * @param before the source that is changed, so that what is not named stays; null for a new one.
 * @throws UsageError where two kinds are named, or an option belongs to another kind.
 */
export async function readSource(
  given: Given<typeof SOURCE_OPTIONS>,
  before: { kind: TriggerKind } | null,
  host: Host,
  command: string,
): Promise<SourceInput | undefined> {
  const heads = headsOf(given);
  if (heads.length > 1) throw new UsageError("A trigger has one source: name one kind, not two.", command);
  const [head] = heads;
  const kind = head?.kind ?? before?.kind;
  if (kind === undefined) {
    throw new UsageError(
      "What sets it off? Say --kv, --docs, --cron, --queue, --topic, --webhook or --dead-letters.",
      command,
    );
  }
  const details = await detailsOf(given, host, command);
  const foreign = details.find(({ kinds }) => !kinds.includes(kind));
  if (foreign !== undefined) {
    throw new UsageError(`--${foreign.option} is for ${foreign.kinds.join(" and ")}, not for ${kind}.`, command);
  }
  if (head === undefined && details.length === 0) return undefined;
  const kept = before?.kind === kind ? before : {};
  const source = Object.assign({}, kept, head, ...details.map(({ part }) => part));
  const parsed = createTrigger.body.shape.source.safeParse(source);
  if (!parsed.success) throw invalidFrom(parsed.error, "source");
  // It has just been read as one.
  return source as SourceInput;
}

type Head = { kind: TriggerKind } & Record<string, unknown>;

function headsOf(given: Given<typeof SOURCE_OPTIONS>): Head[] {
  const { kv, docs, cron, queue, topic, webhook, "dead-letters": of } = given;
  return [
    ...(kv === undefined ? [] : [{ kind: "kv" as const, collection: kv }]),
    ...(docs === undefined ? [] : [{ kind: "docs" as const, collection: docs }]),
    ...(cron === undefined ? [] : [{ kind: "cron" as const, schedule: cron }]),
    ...(queue === undefined ? [] : [{ kind: "queue" as const, queue }]),
    ...(topic === undefined ? [] : [{ kind: "pubsub" as const, topic }]),
    ...(webhook ? [{ kind: "webhook" as const }] : []),
    ...(of === undefined ? [] : [{ kind: "dead_letter" as const, of: of === "all" ? null : of }]),
  ];
}

interface Detail {
  option: keyof typeof SOURCE_OPTIONS;
  kinds: TriggerKind[];
  part: Record<string, unknown>;
}

async function detailsOf(given: Given<typeof SOURCE_OPTIONS>, host: Host, command: string): Promise<Detail[]> {
  const details: Detail[] = [];
  const add = (option: Detail["option"], kinds: TriggerKind[], part: Detail["part"]): void => {
    details.push({ option, kinds, part });
  };
  const ms = (option: "jitter" | "batch-wait" | "tolerance"): number =>
    durationMs(given[option] ?? "", option, command);
  if (given.prefix !== undefined) add("prefix", ["kv"], { prefix: given.prefix });
  if (given.operation.length > 0) {
    const operations = given.operation.flatMap((text) => text.split(",")).map((text) => text.trim());
    add("operation", ["kv", "docs"], { operations });
  }
  if (given.filter !== undefined) {
    add("filter", ["docs"], { filter: await readJsonObject(given.filter, host, command, "filter") });
  }
  if (given["time-zone"] !== undefined) add("time-zone", ["cron"], { timeZone: given["time-zone"] });
  if (given.jitter !== undefined) add("jitter", ["cron"], { jitterMs: ms("jitter") });
  if (given["batch-size"] !== undefined) add("batch-size", ["queue"], { batchSize: given["batch-size"] });
  if (given["batch-wait"] !== undefined) add("batch-wait", ["queue"], { batchWaitMs: ms("batch-wait") });
  if (given.tolerance !== undefined) add("tolerance", ["webhook"], { toleranceS: Math.round(ms("tolerance") / 1000) });
  return details;
}

const POLICIES = ["constant", "linear", "exponential"] as const;

/** What the options say of retries; undefined where they say nothing. */
export function readRetry(given: Given<typeof RETRY_OPTIONS>, command: string): RetryInput | undefined {
  const policy = POLICIES.find((one) => one === given.retry);
  if (given.retry !== undefined && policy === undefined) {
    throw new UsageError(`--retry must be ${POLICIES.join(", ")}, not "${given.retry}".`, command);
  }
  const ms = (option: "retry-delay" | "retry-max-delay" | "max-age"): number | undefined => {
    const text = given[option];
    return text === undefined ? undefined : durationMs(text, option, command);
  };
  const [delayMs, maxDelayMs, maxAgeMs] = [ms("retry-delay"), ms("retry-max-delay"), ms("max-age")];
  const retry = {
    ...(policy === undefined ? {} : { policy }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(maxDelayMs === undefined ? {} : { maxDelayMs }),
    ...(given.attempts === undefined ? {} : { maxAttempts: given.attempts }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
  };
  return Object.keys(retry).length === 0 ? undefined : retry;
}
