import { defineCommand } from "../../framework/command.ts";
import { invitationTable } from "../../session/invitation-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openSession } from "../../session/session.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const listInvitations = defineCommand({
  name: "invitations list",
  summary: "List the invitations that nobody has taken yet",
  options: {
    org: ORG_OPTION,
    platform: { type: "boolean", about: "those to the platform instead; for its admins" },
    ...PAGE_OPTIONS,
  },
  examples: ["invitations list --org hello", "invitations list --platform"],
  async run({ options, host }) {
    if (options.platform) {
      const { client } = await openSession(host);
      const page = await readPages(options, (query) => client.listPlatformInvitations({ query }));
      const text = invitationTable(page.items, "No invitation to the platform is open.");
      return { json: page, text, notes: moreNote(page.cursor) };
    }
    const { client, slug } = await openWorkplace(host, options.org);
    const page = await readPages(options, (query) => client.listInvitations({ params: { slug }, query }));
    const text = invitationTable(page.items, `No invitation to ${slug} is open.`);
    return { json: page, text, notes: moreNote(page.cursor) };
  },
});
