import { defineCommand } from "../../framework/command.ts";
import { JSON_HINT, readJson, readText } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "topics publish";

export const publishToTopic = defineCommand({
  name: NAME,
  summary: "Tell all subscribers of a topic",
  args: [
    { name: "topic", about: "the topic" },
    { name: "message", about: JSON_HINT },
  ],
  options: { org: ORG_OPTION, text: { type: "boolean", about: "take the message for text as it is, not for JSON" } },
  examples: [`topics publish prices '{"lamp":12.5}'`],
  async run({ args, options, host }) {
    const value = options.text
      ? await readText(args.message, host)
      : await readJson(args.message, host, NAME, "message");
    const { client, slug } = await openWorkplace(host, options.org);
    const published = await client.publishToTopic({ params: { slug, topic: args.topic }, body: { value } });
    return { json: published, text: published.id, notes: [`${published.subscribers} subscribers are told.`] };
  },
});
