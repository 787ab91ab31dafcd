import { defineCommand } from "../../framework/command.ts";
import { paintFor } from "../../framework/text.ts";
import { machineText } from "../../session/machine-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const getMachine = defineCommand({
  name: "machines get",
  summary: "Show an org's machine, or how far it is on its way",
  options: { org: ORG_OPTION },
  examples: ["machines get --org shop"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const found = await client.getMachine({ params: { slug } });
    return { json: found, text: machineText(found, slug, paintFor(host.outIsTerminal, host.env)) };
  },
});
