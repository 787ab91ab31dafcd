import { defineCommand } from "../../framework/command.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { openSession } from "../../session/session.ts";

const NAME = "members leave";

export const leaveOrg = defineCommand({
  name: NAME,
  summary: "Leave an org",
  args: [{ name: "slug", about: "the org" }],
  options: { yes: YES_OPTION },
  examples: ["members leave hello"],
  async run({ args, options, host }) {
    const { slug } = args;
    await confirm(options.yes, slug, `ends your part in ${slug}`, host, NAME);
    const { client } = await openSession(host);
    await client.leaveOrg({ params: { slug }, body: { confirm: slug } });
    return { json: { left: slug }, text: `You have left ${slug}.` };
  },
});
