import { MESSAGE_BYTES_MAX, QUEUE_DELAY_MS_MAX } from "../../../contracts/limits.ts";

/** Queues and topics for scripts, as source text. */
export const MESSAGES_SOURCE = String.raw`
import { callInRun } from "./runtime.js";
import { encode, listOf, millisecondsOf, optionsOf, textOf } from "./isola-values.js";

const messageOf = (value, delaySeconds, name) => ({
  value: encode(value, name, ${MESSAGE_BYTES_MAX}),
  delayMs: millisecondsOf(delaySeconds, "delaySeconds", 0, 0, ${QUEUE_DELAY_MS_MAX}),
});

class Queue {
  #name;

  constructor(name) {
    this.#name = textOf(name, "name of the queue");
  }

  async send(value, options) {
    const { delaySeconds } = optionsOf(options, ["delaySeconds"]);
    const [id] = await callInRun("queue", { queue: this.#name, messages: [messageOf(value, delaySeconds, "message")] });
    return { id };
  }

  async sendBatch(list) {
    const messages = listOf(list, "messages").map((message, i) => {
      const name = "messages[" + i + "]";
      const { value, delaySeconds } = optionsOf(message, ["value", "delaySeconds"], name);
      return messageOf(value, delaySeconds, name + ".value");
    });
    return { ids: messages.length === 0 ? [] : await callInRun("queue", { queue: this.#name, messages }) };
  }
}

class Topic {
  #name;

  constructor(name) {
    this.#name = textOf(name, "name of the topic");
  }

  async publish(value) {
    const values = [encode(value, "message", ${MESSAGE_BYTES_MAX})];
    const { ids: [id], subscribers } = await callInRun("topic", { topic: this.#name, values });
    return { id, subscribers };
  }

  async publishBatch(list) {
    const values = listOf(list, "messages").map((value, i) => encode(value, "messages[" + i + "]", ${MESSAGE_BYTES_MAX}));
    if (values.length === 0) return { ids: [], subscribers: 0 };
    return callInRun("topic", { topic: this.#name, values });
  }
}

export const queue = (name) => new Queue(name);
export const topic = (name) => new Topic(name);
`;
