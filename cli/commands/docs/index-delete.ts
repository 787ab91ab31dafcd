import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const deleteDocIndex = defineCommand({
  name: "docs index-delete",
  summary: "Remove an index of a collection",
  args: [
    { name: "collection", about: "the collection" },
    { name: "index", about: "name of the index" },
  ],
  options: { org: ORG_OPTION },
  examples: ["docs index-delete orders state_total"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    await client.deleteDocIndex({ params: { slug, collection: args.collection, name: args.index } });
    return { json: { deleted: args.index }, text: clean(`${args.index} is removed.`) };
  },
});
