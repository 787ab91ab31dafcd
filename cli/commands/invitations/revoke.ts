import { defineCommand } from "../../framework/command.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openSession } from "../../session/session.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const revokeInvitation = defineCommand({
  name: "invitations revoke",
  summary: "Revoke an invitation; its link is worth nothing from then on",
  args: [{ name: "id", about: "id of the invitation, from `isola invitations list`" }],
  options: {
    org: ORG_OPTION,
    platform: { type: "boolean", about: "one to the platform; for its admins" },
  },
  examples: ["invitations revoke inv_4x7mz0c2bq9d81hsjv5n --org hello"],
  async run({ args, options, host }) {
    const { id } = args;
    if (options.platform) {
      const { client } = await openSession(host);
      await client.revokePlatformInvitation({ params: { id } });
    } else {
      const { client, slug } = await openWorkplace(host, options.org);
      await client.revokeInvitation({ params: { slug, id } });
    }
    return { json: { revoked: id }, text: `${id} is revoked.` };
  },
});
