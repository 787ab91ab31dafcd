import { defineCommand } from "../../framework/command.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const rotateTriggerSecret = defineCommand({
  name: "triggers rotate-secret",
  summary: "Make a webhook's signing secret anew; it is shown this once",
  details: "The old one goes on for a day, so that the sender can be told.",
  args: [{ name: "trigger", about: "name or id of a webhook trigger" }],
  options: { org: ORG_OPTION },
  examples: ["triggers rotate-secret payments"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const rotated = await client.rotateTriggerSecret({ params: { slug, trigger: args.trigger } });
    return { json: rotated, text: rotated.secret, notes: ["Keep the secret now, it is not shown again."] };
  },
});
