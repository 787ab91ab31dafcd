import { defineCommand } from "../../framework/command.ts";
import { openSession } from "../../session/session.ts";

export const revokeKey = defineCommand({
  name: "keys revoke",
  summary: "Revoke an API key at once",
  args: [{ name: "id", about: "id of the key, from `isola keys list`" }],
  options: {
    org: { type: "string", value: "slug", about: "somebody else's key that is bound to this org; for its admins" },
  },
  examples: ["keys revoke key_4x7mz0c2bq9d81hsjv5n", "keys revoke key_4x7mz0c2bq9d81hsjv5n --org hello"],
  async run({ args, options, host }) {
    const { client } = await openSession(host);
    const { id } = args;
    if (options.org === undefined) await client.revokeKey({ params: { id } });
    else await client.revokeOrgKey({ params: { slug: options.org, id } });
    return { json: { revoked: id }, text: `${id} is revoked.` };
  },
});
