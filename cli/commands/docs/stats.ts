import { defineCommand } from "../../framework/command.ts";
import { statsResult } from "../../session/data-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const docsStats = defineCommand({
  name: "docs stats",
  summary: "Say how big a collection is",
  args: [{ name: "collection", about: "the collection" }],
  options: { org: ORG_OPTION },
  examples: ["docs stats orders"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    return statsResult(await client.getCollection({ params: { slug, kind: "docs", collection: args.collection } }));
  },
});
