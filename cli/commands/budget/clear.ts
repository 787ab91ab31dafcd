import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const clearBudget = defineCommand({
  name: "budget clear",
  summary: "Let an org cost whatever it costs",
  options: { org: ORG_OPTION },
  examples: ["budget clear --org hello"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    await client.deleteBudget({ params: { slug } });
    return { json: { cleared: slug }, text: clean(`${slug} has no budget any more.`) };
  },
});
