import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const deleteSecret = defineCommand({
  name: "secrets delete",
  summary: "Delete a secret",
  args: [{ name: "name", about: "name of the secret" }],
  options: {
    org: ORG_OPTION,
    script: { type: "string", value: "script", about: "the script whose own secret it is (default the org's)" },
  },
  examples: ["secrets delete API_KEY", "secrets delete TLS_KEY --script checkout"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const { script } = options;
    const params = { slug, name: args.name };
    await client.deleteSecret({ params, query: script === undefined ? {} : { script } });
    return { json: { deleted: args.name }, text: clean(`${args.name} is deleted.`) };
  },
});
