import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";
import { standingText } from "./standing.ts";

export const getBudget = defineCommand({
  name: "budget get",
  summary: "Show what an org may cost this month, and what it cost so far",
  options: { org: ORG_OPTION },
  examples: ["budget get --org hello"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const standing = await client.getBudget({ params: { slug } });
    return { json: standing, text: clean(standingText(slug, standing)) };
  },
});
