import { defineCommand } from "../../framework/command.ts";
import { clean, table } from "../../framework/text.ts";
import { valueLine } from "../../session/data-text.ts";
import { type ApiDoc, readFields } from "../../session/doc-options.ts";
import { readJsonObject } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "docs find";

export const findDocs = defineCommand({
  name: NAME,
  summary: "Find documents of a collection",
  details:
    "A filter names fields and what they must be: a value, or operators ($eq $ne $gt $gte $lt $lte $in $exists\n" +
    "$and $or $not). Fields inside others are written with dots.",
  args: [
    { name: "collection", about: "the collection" },
    { name: "filter", about: "JSON (default all); @file reads a file, - standard input", optional: true },
  ],
  options: {
    org: ORG_OPTION,
    sort: { type: "string", value: "field", multiple: true, about: "field to sort by, such as age or age:desc" },
    ...PAGE_OPTIONS,
  },
  examples: ["docs find orders", `docs find orders '{"state":"open","total":{"$gte":100}}' --sort total:desc`],
  async run({ args, options, host }) {
    const filter = args.filter === undefined ? {} : await readJsonObject(args.filter, host, NAME, "filter");
    const sort = readFields(options.sort, "sort", NAME);
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug, collection: args.collection };
    let examined = 0;
    let index: string | null = null;
    const page = await readPages<ApiDoc>(options, async (query) => {
      const found = await client.queryDocs({ params, body: { filter, sort, ...query } });
      examined += found.examined;
      index = found.index;
      return found;
    });
    const rows = page.items.map(({ id, version, value }) => [id, String(version), valueLine(value)]);
    const how = index === null ? "without an index" : clean(`by the index ${String(index)}`);
    return {
      json: { ...page, examined, index },
      text: table(["id", "version", "document"], rows, "There are no such documents."),
      notes: [`${examined} looked at, ${how}.`, ...moreNote(page.cursor)],
    };
  },
});
