import * as z from "zod";

import { resourceNameSchema } from "../../../contracts/data/names.ts";
import { delayMsSchema } from "../../../contracts/data/schemas.ts";
import { checkBatchBytes, parseValueText } from "../../../contracts/data/value.ts";
import { MESSAGE_BYTES_MAX, QUEUE_BATCH_MAX } from "../../../contracts/limits.ts";
import type { Area } from "./area.ts";
import { originOf, parseCall, stateOf } from "./state.ts";

const sendSchema = z.strictObject({
  queue: resourceNameSchema,
  messages: z
    .array(z.strictObject({ value: z.string(), delayMs: delayMsSchema }))
    .min(1)
    .max(QUEUE_BATCH_MAX),
});

/** Puts messages into a queue. */
export const queue: Area = async (call, { holder: { orgId }, caller, env }): Promise<string[]> => {
  const asked = parseCall(sendSchema, call, "queue");
  checkMessages(asked.messages.map(({ value }) => value));
  return stateOf(env).queueSend(orgId, asked.queue, asked.messages, originOf(caller));
};

const publishSchema = z.strictObject({
  topic: resourceNameSchema,
  values: z.array(z.string()).min(1).max(QUEUE_BATCH_MAX),
});

/** Tells all subscribers of a topic. */
export const topic: Area = async (
  call,
  { holder: { orgId }, caller, env },
): Promise<{ ids: string[]; subscribers: number }> => {
  const asked = parseCall(publishSchema, call, "topic");
  checkMessages(asked.values);
  return stateOf(env).topicPublish(orgId, asked.topic, asked.values, originOf(caller));
};

function checkMessages(values: string[]): void {
  for (const value of values) parseValueText(value, "message", MESSAGE_BYTES_MAX);
  checkBatchBytes(values);
}
