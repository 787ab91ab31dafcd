import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openSession } from "../../session/session.ts";

const HEADING = ["id", "name", "begins", "scopes", "org", "expires", "last used"];

export const listKeys = defineCommand({
  name: "keys list",
  summary: "List your API keys",
  options: PAGE_OPTIONS,
  examples: ["keys list"],
  async run({ options, host }) {
    const { client } = await openSession(host);
    const page = await readPages(options, (query) => client.listKeys({ query }));
    const rows = page.items.map((key) => [
      key.id,
      key.name,
      key.prefix,
      key.scopes.join(" "),
      key.org ?? "-",
      key.expiresAt === null ? "never" : formatTime(key.expiresAt),
      key.lastUsedAt === null ? "never" : formatTime(key.lastUsedAt),
    ]);
    return { json: page, text: table(HEADING, rows, "You have no API keys."), notes: moreNote(page.cursor) };
  },
});
