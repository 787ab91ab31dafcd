import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

const HEADING = ["id", "name", "e-mail", "role", "state", "since"];

export const listMembers = defineCommand({
  name: "members list",
  summary: "List the members of an org",
  options: { org: ORG_OPTION, ...PAGE_OPTIONS },
  examples: ["members list --org hello"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const page = await readPages(options, (query) => client.listMembers({ params: { slug }, query }));
    const rows = page.items.map(({ id, type, name, email, role, active, joinedAt }) => [
      id,
      name,
      type === "partner" ? "(partner)" : email,
      role,
      active ? "active" : "deactivated",
      formatTime(joinedAt),
    ]);
    return { json: page, text: table(HEADING, rows, `${slug} has no members.`), notes: moreNote(page.cursor) };
  },
});
