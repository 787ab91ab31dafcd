import { defineCommand } from "../../framework/command.ts";
import { openSession } from "../../session/session.ts";

export const revokeKey = defineCommand({
  name: "keys revoke",
  summary: "Revoke an API key at once",
  args: [{ name: "id", about: "id of the key, from `isola keys list`" }],
  examples: ["keys revoke key_4x7mz0c2bq9d81hsjv5n"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    await client.revokeKey({ params: { id: args.id } });
    return { json: { revoked: args.id }, text: `${args.id} is revoked.` };
  },
});
