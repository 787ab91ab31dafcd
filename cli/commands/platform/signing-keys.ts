import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { openSession } from "../../session/session.ts";

const NAME = "platform rotate-signing-keys";

export const rotateSigningKeys = defineCommand({
  name: NAME,
  summary: "Sign people in to orgs' hosts with a new key; for admins of the platform",
  options: {
    revoke: { type: "boolean", about: "end at once all that the old keys have signed: everybody signs in anew" },
    yes: YES_OPTION,
  },
  examples: ["platform rotate-signing-keys"],
  async run({ options, host }) {
    if (options.revoke) await confirm(options.yes, "revoke", "signs everybody out of all orgs' hosts", host, NAME);
    const { client } = await openSession(host);
    const answer = await client.rotateSigningKeys({ body: { revoke: options.revoke } });
    const rows = answer.items.map((key) => [key.id, formatTime(key.activeFrom), formatTime(key.expiresAt)]);
    return { json: answer, text: table(["key", "signs from", "believed until"], rows, "There are no keys.") };
  },
});
