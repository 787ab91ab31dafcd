import * as z from "zod";

import { resourceNameSchema } from "../data/names.ts";
import { idSchema } from "../ids.ts";
import { QUEUE_BATCH_MAX, QUEUE_DELAY_MS_MAX } from "../limits.ts";
import { endpoint, pageOf } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

const queueParams = orgParams.extend({ queue: resourceNameSchema });

const queueSchema = z.object({
  name: z.string(),
  /** Messages that can be had now, that wait for their time, and that a consumer has. */
  ready: z.number().int(),
  delayed: z.number().int(),
  inFlight: z.number().int(),
  /** The trigger that takes from it; null for none. */
  consumer: z.object({ id: idSchema("trigger"), name: z.string() }).nullable(),
});

export const listQueues = endpoint({
  id: "listQueues",
  method: "GET",
  path: "/orgs/{slug}/queues",
  tag: "Queues",
  summary: "List the queues of an org with how much is in each",
  capability: "deliveries:read",
  params: orgParams,
  response: pageOf(queueSchema),
  errors: ["not_found"],
});

export const sendToQueue = endpoint({
  id: "sendToQueue",
  method: "POST",
  path: "/orgs/{slug}/queues/{queue}/send",
  tag: "Queues",
  summary: "Put messages into a queue, all or none",
  capability: "deliveries:write",
  params: queueParams,
  body: z.strictObject({
    messages: z
      .array(
        z.strictObject({
          value: z.unknown(),
          delaySeconds: z
            .number()
            .min(0)
            .max(QUEUE_DELAY_MS_MAX / 1000)
            .default(0),
        }),
      )
      .min(1)
      .max(QUEUE_BATCH_MAX),
  }),
  response: z.object({ ids: z.array(z.string()) }),
  status: 202,
  errors: ["not_found", "invalid", "too_large", "over_budget"],
});

export const purgeQueue = endpoint({
  id: "purgeQueue",
  method: "POST",
  path: "/orgs/{slug}/queues/{queue}/purge",
  tag: "Queues",
  summary: "Throw away all that is in a queue",
  capability: "deliveries:write",
  params: queueParams,
  /** The queue's name, so that nothing is lost by a slip. */
  body: z.strictObject({ confirm: z.string().max(100) }),
  response: z.object({ purged: z.number().int() }),
  errors: ["not_found", "invalid"],
});

export const publishToTopic = endpoint({
  id: "publishToTopic",
  method: "POST",
  path: "/orgs/{slug}/topics/{topic}/publish",
  tag: "Queues",
  summary: "Tell all subscribers of a topic",
  capability: "deliveries:write",
  params: orgParams.extend({ topic: resourceNameSchema }),
  body: z.strictObject({ value: z.unknown() }),
  response: z.object({ id: z.string(), subscribers: z.number().int() }),
  status: 202,
  errors: ["not_found", "invalid", "too_large", "over_budget"],
});
