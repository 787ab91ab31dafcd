import { PERSON_ROLES } from "../../../contracts/rights.ts";
import { defineCommand } from "../../framework/command.ts";
import { invitedText } from "../../session/invitation-text.ts";
import { roleOf } from "../../session/role.ts";
import { openSession } from "../../session/session.ts";

const NAME = "users invite";

export const inviteUser = defineCommand({
  name: NAME,
  summary: "Invite somebody to the platform by mail; for its admins",
  args: [{ name: "email", about: "the address" }],
  options: { role: { type: "string", value: "role", about: `${PERSON_ROLES.join(", ")} (default member)` } },
  examples: ["users invite ada@example.com --role admin"],
  async run({ args, options, host }) {
    const role = roleOf(options.role ?? "member", PERSON_ROLES, NAME);
    const { client } = await openSession(host);
    const invitation = await client.inviteUser({ body: { email: args.email, role } });
    return { json: invitation, text: invitedText(invitation) };
  },
});
