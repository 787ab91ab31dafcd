import { ORG_ROLES } from "../../../contracts/rights.ts";
import { defineCommand } from "../../framework/command.ts";
import { invitedText } from "../../session/invitation-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { roleOf } from "../../session/role.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "members invite";

export const inviteMember = defineCommand({
  name: NAME,
  summary: "Invite somebody to an org by mail",
  details: "Whoever has the link of the mail joins: signed in as that address, or with a new account.",
  args: [{ name: "email", about: "the address" }],
  options: {
    role: { type: "string", value: "role", about: `${ORG_ROLES.join(", ")} (default developer)` },
    org: ORG_OPTION,
  },
  examples: ["members invite ada@example.com --role admin --org hello"],
  async run({ args, options, host }) {
    const role = roleOf(options.role ?? "developer", ORG_ROLES, NAME);
    const { client, slug } = await openWorkplace(host, options.org);
    const invitation = await client.inviteMember({ params: { slug }, body: { email: args.email, role } });
    return { json: invitation, text: invitedText(invitation) };
  },
});
