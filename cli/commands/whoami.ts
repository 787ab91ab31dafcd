import { defineCommand } from "../framework/command.ts";
import { clean, columns } from "../framework/text.ts";
import { openSession } from "../session/session.ts";

export const whoami = defineCommand({
  name: "whoami",
  summary: "Say who you are and what you may do",
  examples: ["whoami"],
  async run({ host }) {
    const { url, client } = await openSession(host);
    const me = await client.getMe({});
    const { key } = me.principal;
    const rows = [
      ["user", `${me.user.name} <${me.user.email}>`],
      ["role", me.user.role],
      ["url", url],
    ];
    if (key !== null) {
      rows.push(["key", `${key.name} (${key.id})`], ["scopes", key.scopes.join(" ")]);
      if (key.org !== null) rows.push(["org", key.org]);
    }
    return { json: { url, ...me }, text: columns(rows.map((row) => row.map(clean))).join("\n") };
  },
});
