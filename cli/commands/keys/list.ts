import { defineCommand } from "../../framework/command.ts";
import { table } from "../../framework/text.ts";
import { KEY_HEADING, keyRow } from "../../session/key-text.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openSession } from "../../session/session.ts";

export const listKeys = defineCommand({
  name: "keys list",
  summary: "List your API keys, or all that are bound to an org",
  options: {
    org: { type: "string", value: "slug", about: "all keys bound to this org, whoever made them; for its admins" },
    ...PAGE_OPTIONS,
  },
  examples: ["keys list", "keys list --org hello"],
  async run({ options, host }) {
    const { client } = await openSession(host);
    const { org: slug } = options;
    if (slug === undefined) {
      const page = await readPages(options, (query) => client.listKeys({ query }));
      const text = table(KEY_HEADING, page.items.map(keyRow), "You have no API keys.");
      return { json: page, text, notes: moreNote(page.cursor) };
    }
    const page = await readPages(options, (query) => client.listOrgKeys({ params: { slug }, query }));
    const rows = page.items.map((key) => [...keyRow(key), key.owner.name]);
    const text = table([...KEY_HEADING, "made by"], rows, `No API key is bound to ${slug}.`);
    return { json: page, text, notes: moreNote(page.cursor) };
  },
});
