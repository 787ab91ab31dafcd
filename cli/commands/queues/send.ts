import { defineCommand } from "../../framework/command.ts";
import { durationMs } from "../../session/duration.ts";
import { JSON_HINT, readJson, readText } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "queues send";

export const sendToQueue = defineCommand({
  name: NAME,
  summary: "Put a message into a queue",
  args: [
    { name: "queue", about: "the queue" },
    { name: "message", about: JSON_HINT },
  ],
  options: {
    org: ORG_OPTION,
    text: { type: "boolean", about: "take the message for text as it is, not for JSON" },
    delay: { type: "string", value: "time", about: "hold it back so long: 30s, 10m, 2h, 7d" },
  },
  examples: [`queues send jobs '{"resize":"a.png"}'`, "queues send jobs @job.json --delay 10m"],
  async run({ args, options, host }) {
    const value = options.text
      ? await readText(args.message, host)
      : await readJson(args.message, host, NAME, "message");
    const delaySeconds = options.delay === undefined ? 0 : durationMs(options.delay, "delay", NAME) / 1000;
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug, queue: args.queue };
    const sent = await client.sendToQueue({ params, body: { messages: [{ value, delaySeconds }] } });
    return { json: sent, text: sent.ids.join("\n") };
  },
});
