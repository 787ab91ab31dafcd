import { defineCommand } from "../../framework/command.ts";
import { invitedText } from "../../session/invitation-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const resendInvitation = defineCommand({
  name: "invitations resend",
  summary: "Send an invitation again, with a new link in place of the old one",
  args: [{ name: "id", about: "id of the invitation, from `isola invitations list`" }],
  options: { org: ORG_OPTION },
  examples: ["invitations resend inv_4x7mz0c2bq9d81hsjv5n --org hello"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const invitation = await client.resendInvitation({ params: { slug, id: args.id } });
    return { json: invitation, text: invitedText(invitation) };
  },
});
