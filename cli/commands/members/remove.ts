import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { memberNamed } from "../../session/member.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "members remove";

export const removeMember = defineCommand({
  name: NAME,
  summary: "Remove a member, with the keys they have for the org",
  args: [{ name: "member", about: "id or e-mail address" }],
  options: { org: ORG_OPTION, yes: YES_OPTION },
  examples: ["members remove ada@example.com"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const { id: userId } = await memberNamed(client, slug, args.member);
    await confirm(options.yes, args.member, `takes ${args.member} and their keys out of ${slug}`, host, NAME);
    await client.removeMember({ params: { slug, userId } });
    return { json: { removed: userId }, text: clean(`${args.member} is no member of ${slug} any more.`) };
  },
});
