import { defineCommand } from "../../framework/command.ts";
import { clean, columns, formatTime } from "../../framework/text.ts";
import { settingRows } from "../../session/org-text.ts";
import { openSession } from "../../session/session.ts";

export const getOrg = defineCommand({
  name: "orgs get",
  summary: "Show one org and its settings",
  args: [{ name: "slug", about: "the org" }],
  examples: ["orgs get hello"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    const org = await client.getOrg({ params: { slug: args.slug } });
    const rows = [
      ["slug", org.slug],
      ["name", org.name],
      ["id", org.id],
      ["url", org.url],
      ["state", org.state],
      ...(org.suspended === null
        ? []
        : [["suspended", `by ${org.suspended.by}${org.suspended.reason === null ? "" : `: ${org.suspended.reason}`}`]]),
      ["driver", org.driver],
      ["your role", org.role ?? "-"],
      ["created", formatTime(org.createdAt)],
      ...(org.settings === null ? [] : settingRows(org.settings)),
    ];
    return { json: org, text: columns(rows.map((row) => row.map(clean))).join("\n") };
  },
});
