import { defineCommand } from "../../framework/command.ts";
import { table } from "../../framework/text.ts";
import { fieldsText } from "../../session/doc-options.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const listDocIndexes = defineCommand({
  name: "docs indexes",
  summary: "List the indexes of a collection",
  args: [{ name: "collection", about: "the collection" }],
  options: { org: ORG_OPTION },
  examples: ["docs indexes orders"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const page = await client.listDocIndexes({ params: { slug, collection: args.collection } });
    const rows = page.items.map(({ name, fields, unique }) => [name, fieldsText(fields), unique ? "unique" : ""]);
    return { json: page, text: table(["index", "fields", ""], rows, "There are no indexes.") };
  },
});
