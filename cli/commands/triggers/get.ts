import { defineCommand } from "../../framework/command.ts";
import { clean, columns } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { backlogRows, triggerRows } from "../../session/trigger-text.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const getTrigger = defineCommand({
  name: "triggers get",
  summary: "Show a trigger and what waits for it",
  args: [{ name: "trigger", about: "name or id of the trigger" }],
  options: { org: ORG_OPTION },
  examples: ["triggers get new-orders"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const trigger = await client.getTrigger({ params: { slug, trigger: args.trigger } });
    const rows = [...triggerRows(trigger), ...backlogRows(trigger)];
    return { json: trigger, text: columns(rows.map((row) => row.map(clean))).join("\n") };
  },
});
