import { defineCommand } from "../../framework/command.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { endOf, followMachine, WAIT_OPTION } from "../../session/follow-machine.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "machines delete";

export const deleteMachine = defineCommand({
  name: NAME,
  summary: "Destroy an org's machine with its volume; its scripts answer again",
  options: { org: ORG_OPTION, yes: YES_OPTION, "no-wait": WAIT_OPTION },
  examples: ["machines delete --org shop --yes"],
  async run({ options, host }) {
    const place = await openWorkplace(host, options.org);
    const { slug, client } = place;
    await confirm(options.yes, slug, `destroys the machine of ${slug} with its volume`, host, NAME);
    const begun = await client.deleteMachine({ params: { slug }, query: { confirm: slug } });
    if (options["no-wait"]) return { json: begun, text: `The machine of ${slug} is being destroyed.` };
    return endOf(await followMachine(place, host, false), slug, null);
  },
});
