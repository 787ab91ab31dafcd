import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { sourceText } from "../../session/trigger-text.ts";
import { openWorkplace } from "../../session/workplace.ts";

const HEADING = ["name", "kind", "source", "script", "state", "waiting", "held", "dead", "next"];

export const listTriggers = defineCommand({
  name: "triggers list",
  summary: "List the triggers of an org with what waits for each",
  options: { org: ORG_OPTION },
  examples: ["triggers list"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const page = await client.listTriggers({ params: { slug } });
    const rows = page.items.map((trigger) => [
      trigger.name,
      trigger.source.kind,
      sourceText(trigger),
      trigger.script.name,
      trigger.state,
      String(trigger.backlog.waiting),
      String(trigger.backlog.held),
      String(trigger.backlog.dead),
      trigger.nextAt === null ? "-" : formatTime(trigger.nextAt),
    ]);
    return { json: page, text: table(HEADING, rows, `${slug} has no triggers. Make one: \`isola triggers create\`.`) };
  },
});
