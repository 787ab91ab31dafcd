import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "triggers discard";

export const discardTrigger = defineCommand({
  name: NAME,
  summary: "Throw away what a trigger holds or has waiting",
  args: [{ name: "trigger", about: "name or id of the trigger" }],
  options: { org: ORG_OPTION, yes: YES_OPTION },
  examples: ["triggers discard new-orders", "triggers discard new-orders --yes"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug, trigger: args.trigger };
    const { name } = await client.getTrigger({ params });
    await confirm(options.yes, name, `throws away what waits for ${name} of ${slug}`, host, NAME);
    const answer = await client.discardTrigger({ params, body: { confirm: name } });
    return { json: answer, text: clean(`${answer.discarded} events of ${name} are thrown away.`) };
  },
});
