import { ORG_ROLES } from "../../../contracts/rights.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { memberNamed } from "../../session/member.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { roleOf } from "../../session/role.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "members set-role";

export const setMemberRole = defineCommand({
  name: NAME,
  summary: "Change a member's role",
  args: [
    { name: "member", about: "id or e-mail address" },
    { name: "role", about: ORG_ROLES.join(", ") },
  ],
  options: { org: ORG_OPTION },
  examples: ["members set-role ada@example.com viewer"],
  async run({ args, options, host }) {
    const role = roleOf(args.role, ORG_ROLES, NAME);
    const { client, slug } = await openWorkplace(host, options.org);
    const { id: userId } = await memberNamed(client, slug, args.member);
    const member = await client.patchMember({ params: { slug, userId }, body: { role } });
    return { json: member, text: clean(`${member.name} is ${member.role} of ${slug}.`) };
  },
});
