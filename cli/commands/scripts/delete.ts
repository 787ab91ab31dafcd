import { defineCommand } from "../../framework/command.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const deleteScript = defineCommand({
  name: "scripts delete",
  summary: "Delete a script with its versions and routes",
  args: [{ name: "script", about: "name of the script" }],
  options: { org: ORG_OPTION },
  examples: ["scripts delete hello --org hello"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    await client.deleteScript({ params: { slug, name: args.script } });
    return { json: { deleted: args.script }, text: `${args.script} is deleted, with its versions and routes.` };
  },
});
