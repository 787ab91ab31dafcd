import { defineCommand } from "../../framework/command.ts";
import { table } from "../../framework/text.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openSession } from "../../session/session.ts";

export const listOrgs = defineCommand({
  name: "orgs list",
  summary: "List the orgs you can see",
  options: PAGE_OPTIONS,
  examples: ["orgs list", "orgs list --all --output json"],
  async run({ options, host }) {
    const { client } = await openSession(host);
    const page = await readPages(options, (query) => client.listOrgs({ query }));
    const rows = page.items.map((org) => [org.slug, org.name, org.state, org.role ?? "-", org.url]);
    const empty = "There is no org yet. Make one: `isola orgs create <slug>`.";
    return {
      json: page,
      text: table(["slug", "name", "state", "role", "url"], rows, empty),
      notes: moreNote(page.cursor),
    };
  },
});
