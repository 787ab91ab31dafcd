import { defineCommand } from "../../framework/command.ts";
import { writtenResult } from "../../session/doc-options.ts";
import { JSON_HINT, readJsonObject } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "docs insert";

export const insertDoc = defineCommand({
  name: NAME,
  summary: "Insert a document; the collection is made by its first write",
  args: [
    { name: "collection", about: "the collection" },
    { name: "document", about: JSON_HINT },
  ],
  options: { org: ORG_OPTION, id: { type: "string", value: "id", about: "its id (default its own, or a new one)" } },
  examples: [`docs insert orders '{"item":"lamp","count":2}'`, "docs insert orders @order.json --id order-7"],
  async run({ args, options, host }) {
    const value = await readJsonObject(args.document, host, NAME, "document");
    const { client, slug } = await openWorkplace(host, options.org);
    const { id } = options;
    const doc = await client.insertDoc({
      params: { slug, collection: args.collection },
      body: { value, ...(id === undefined ? {} : { id }) },
    });
    return writtenResult(doc, "inserted");
  },
});
