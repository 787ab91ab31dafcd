import { defineCommand } from "../../framework/command.ts";
import { formatTime } from "../../framework/text.ts";
import { valueText } from "../../session/data-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const getKv = defineCommand({
  name: "kv get",
  summary: "Show the value of a key",
  args: [
    { name: "collection", about: "the collection" },
    { name: "key", about: "the key" },
  ],
  options: { org: ORG_OPTION, raw: { type: "boolean", about: "a text without its quotes" } },
  examples: ["kv get settings theme", "kv get sessions user:7 --output json"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const entry = await client.getKv({ params: { slug, collection: args.collection, key: args.key } });
    const { value, version, updatedAt, expiresAt } = entry;
    const end = expiresAt === null ? "" : `, gone at ${formatTime(expiresAt)}`;
    return {
      json: entry,
      text: options.raw && typeof value === "string" ? value : valueText(value, host),
      notes: [`version ${version} of ${formatTime(updatedAt)}${end}`],
    };
  },
});
