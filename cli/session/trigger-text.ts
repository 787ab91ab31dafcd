import type { z } from "zod";

import type { triggerDetailSchema, triggerSchema } from "../../contracts/api/triggers.ts";
import { formatTime } from "../framework/text.ts";

type ApiTrigger = z.output<typeof triggerSchema>;
type ApiTriggerDetail = z.output<typeof triggerDetailSchema>;

/** What sets a trigger off, in a few words. */
export function sourceText({ source }: Pick<ApiTrigger, "source">): string {
  switch (source.kind) {
    case "kv":
      return `${source.collection}${source.prefix === "" ? "" : `/${source.prefix}*`} ${source.operations.join(",")}`;
    case "docs": {
      const filter = JSON.stringify(source.filter);
      return `${source.collection} ${source.operations.join(",")}${filter === "{}" ? "" : ` ${filter}`}`;
    }
    case "cron":
      return `${source.schedule} ${source.timeZone}${source.jitterMs === 0 ? "" : ` +${source.jitterMs} ms at most`}`;
    case "queue":
      return `${source.queue}, ${source.batchSize} at once`;
    case "pubsub":
      return source.topic;
    case "webhook":
      return `within ${source.toleranceS} s`;
    case "dead_letter":
      break;
  }
  return source.of ?? "all triggers";
}

/** A trigger as rows of a name and what it is. */
export function triggerRows(trigger: ApiTrigger): [name: string, value: string][] {
  const { retry } = trigger;
  return [
    ["name", trigger.name],
    ["id", trigger.id],
    ["kind", trigger.source.kind],
    ["source", sourceText(trigger)],
    ["script", trigger.script.name],
    ["state", trigger.state],
    [
      "retries",
      `${retry.policy}, ${retry.delayMs} ms to ${retry.maxDelayMs} ms, ` +
        `${retry.maxAttempts} attempts in ${retry.maxAgeMs / 1000} s at most`,
    ],
    ...(trigger.url === null ? [] : [["url", trigger.url] satisfies [string, string]]),
    ["created", formatTime(trigger.createdAt)],
    ["changed", formatTime(trigger.updatedAt)],
  ];
}

/** What waits for a trigger, in the same form. */
export function backlogRows({ backlog, nextAt }: ApiTriggerDetail): [name: string, value: string][] {
  return [
    ["waiting", `${backlog.waiting}, ${backlog.held} held, ${backlog.dead} dead`],
    ["next", nextAt === null ? "-" : formatTime(nextAt)],
  ];
}
