/**
 * What runs under fire. `writer` makes changes and says which were acknowledged; each change sets off a handler,
 * which writes down what reached it: for which change, under which idempotency id, in whose org.
 */
export const WRITER = `
import { kv, docs, queue } from "isola";

export default async (request) => {
  const { org, key } = await request.json();
  const value = { org, key };
  await kv.collection("changes").set(key, value);
  await docs.collection("changes").insert({ id: key, ...value });
  await queue("changes").send(value);
  return { done: key };
};
`;

export const HANDLER = `
import { kv } from "isola";

const seen = kv.collection("seen");

export default {
  async event(event) {
    const { org, key } = event.next;
    await seen.set(event.kind + "/" + key + "/" + event.id, { org, attempt: event.attempt });
  },
  async queue(batch) {
    await seen.setMany(batch.messages.map(({ id, attempts, body }) => [
      "queue/" + body.key + "/" + id, { org: body.org, attempt: attempts },
    ]));
  },
};
`;

export const CLOCK = `
import { kv } from "isola";

export default {
  async event(event) {
    await kv.collection("ticks").set(event.scheduledAt + "/" + event.id, { attempt: event.attempt });
  },
};
`;
