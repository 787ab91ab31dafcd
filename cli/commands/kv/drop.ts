import { defineCommand } from "../../framework/command.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "kv drop";

export const dropKv = defineCommand({
  name: NAME,
  summary: "Remove all that is in a collection, without events",
  args: [{ name: "collection", about: "the collection" }],
  options: { org: ORG_OPTION, yes: YES_OPTION },
  examples: ["kv drop settings", "kv drop settings --yes"],
  async run({ args, options, host }) {
    const { collection } = args;
    const { client, slug } = await openWorkplace(host, options.org);
    await confirm(options.yes, collection, `removes all that is in ${collection} of ${slug}`, host, NAME);
    await client.deleteCollection({ params: { slug, kind: "kv", collection }, query: { confirm: collection } });
    return { json: { dropped: collection }, text: `All of ${collection} is removed.` };
  },
});
