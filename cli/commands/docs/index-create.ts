import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { fieldsText, readFields } from "../../session/doc-options.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "docs index-create";

export const createDocIndex = defineCommand({
  name: NAME,
  summary: "Make an index of a collection",
  args: [{ name: "collection", about: "the collection" }],
  options: {
    org: ORG_OPTION,
    field: { type: "string", value: "field", multiple: true, about: "a field, such as age, age:desc or user.name" },
    name: { type: "string", value: "name", about: "its name (default the fields with _ between)" },
    unique: { type: "boolean", about: "no two documents may have the same values" },
  },
  examples: [
    "docs index-create orders --field state --field total:desc",
    "docs index-create users --field email --unique",
  ],
  async run({ args, options, host }) {
    const fields = readFields(options.field, "field", NAME);
    if (fields.length === 0) throw new UsageError("An index needs a field: say --field.", NAME);
    const { client, slug } = await openWorkplace(host, options.org);
    const { name, unique } = options;
    const index = await client.createDocIndex({
      params: { slug, collection: args.collection },
      body: { fields, unique, ...(name === undefined ? {} : { name }) },
    });
    return { json: index, text: clean(`${index.name} is made: ${fieldsText(index.fields)}`) };
  },
});
