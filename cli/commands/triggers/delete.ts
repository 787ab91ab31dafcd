import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const deleteTrigger = defineCommand({
  name: "triggers delete",
  summary: "Delete a trigger with what waits for it",
  args: [{ name: "trigger", about: "name or id of the trigger" }],
  options: { org: ORG_OPTION },
  examples: ["triggers delete new-orders"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    await client.deleteTrigger({ params: { slug, trigger: args.trigger } });
    return { json: { deleted: args.trigger }, text: clean(`${args.trigger} is deleted, with what waited for it.`) };
  },
});
