import { defineCommand } from "../framework/command.ts";
import { table } from "../framework/text.ts";
import { ORG_OPTION } from "../session/org.ts";
import { openWorkplace } from "../session/workplace.ts";

export const quotas = defineCommand({
  name: "quotas",
  summary: "Show what an org may have by its plan, and how much of it there is",
  options: { org: ORG_OPTION },
  examples: ["quotas --org hello"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const answer = await client.getQuotas({ params: { slug } });
    const rows = answer.quotas.map(({ name, limit, used }) => [
      name,
      used === null ? "-" : String(used),
      limit === null ? "-" : String(limit),
      used === null || limit === null || limit === 0 ? "" : `${Math.round((used / limit) * 100)} %`,
    ]);
    const text = [`plan ${answer.plan}`, table(["quota", "used", "limit", ""], rows, "")].join("\n\n");
    return { json: answer, text };
  },
});
