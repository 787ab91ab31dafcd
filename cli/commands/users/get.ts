import { defineCommand } from "../../framework/command.ts";
import { clean, columns, formatTime } from "../../framework/text.ts";
import { userNamed } from "../../session/member.ts";
import { openSession } from "../../session/session.ts";

export const getUser = defineCommand({
  name: "users get",
  summary: "Show one person with their orgs, sessions and keys; for admins of the platform",
  args: [{ name: "user", about: "id or e-mail address" }],
  examples: ["users get ada@example.com"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    const { id } = await userNamed(client, args.user);
    const person = await client.getUser({ params: { id } });
    const rows = [
      ["id", person.id],
      ["name", person.name],
      ["e-mail", person.email],
      ["role", person.role],
      ["state", person.deactivatedAt === null ? "active" : `deactivated ${formatTime(person.deactivatedAt)}`],
      ["since", formatTime(person.createdAt)],
      ["second factor", person.twoFactorEnabled ? "on" : "off"],
      ["sessions", String(person.sessions)],
      ["keys", String(person.keys)],
      ["orgs", `${person.orgCount}${person.orgs.map(({ slug, role }) => `\n  ${slug} (${role})`).join("")}`],
    ];
    return { json: person, text: columns(rows.map((row) => row.map(clean))).join("\n") };
  },
});
