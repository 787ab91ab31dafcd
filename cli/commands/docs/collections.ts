import { defineCommand } from "../../framework/command.ts";
import { collectionsText } from "../../session/data-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

const EMPTY = "There is no collection of documents yet: the first write makes one.";

export const listDocsCollections = defineCommand({
  name: "docs collections",
  summary: "List the collections of documents of an org",
  options: { org: ORG_OPTION, ...PAGE_OPTIONS },
  examples: ["docs collections"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug };
    const page = await readPages(options, (query) => client.listDocsCollections({ params, query }));
    return { json: page, text: collectionsText(page.items, EMPTY), notes: moreNote(page.cursor) };
  },
});
