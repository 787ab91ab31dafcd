import { defineCommand } from "../../framework/command.ts";
import { statsResult } from "../../session/data-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const kvStats = defineCommand({
  name: "kv stats",
  summary: "Say how big a collection is",
  args: [{ name: "collection", about: "the collection" }],
  options: { org: ORG_OPTION },
  examples: ["kv stats settings"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    return statsResult(await client.getCollection({ params: { slug, kind: "kv", collection: args.collection } }));
  },
});
