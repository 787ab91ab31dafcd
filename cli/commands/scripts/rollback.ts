import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const rollBackScript = defineCommand({
  name: "scripts rollback",
  summary: "Make an earlier version live again",
  args: [
    { name: "script", about: "name of the script" },
    { name: "version", about: "number or id, from `isola scripts versions`" },
  ],
  options: { org: ORG_OPTION },
  examples: ["scripts rollback hello 2 --org hello"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const version = /^[0-9]{1,9}$/.test(args.version) ? Number(args.version) : args.version;
    const script = await client.rollBackScript({ params: { slug, name: args.script }, body: { version } });
    return { json: script, text: clean(`Version ${script.live.number} of ${script.name} is live.`) };
  },
});
