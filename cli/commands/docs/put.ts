import { defineCommand } from "../../framework/command.ts";
import { writtenResult } from "../../session/doc-options.ts";
import { JSON_HINT, readJsonObject } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { IF_VERSION_OPTION, openWorkplace } from "../../session/workplace.ts";

const NAME = "docs put";

export const putDoc = defineCommand({
  name: NAME,
  summary: "Replace a document, or make it",
  args: [
    { name: "collection", about: "the collection" },
    { name: "id", about: "id of the document" },
    { name: "document", about: JSON_HINT },
  ],
  options: { org: ORG_OPTION, "if-version": IF_VERSION_OPTION },
  examples: ["docs put orders order-7 @order.json"],
  async run({ args, options, host }) {
    const value = await readJsonObject(args.document, host, NAME, "document");
    const { client, slug } = await openWorkplace(host, options.org);
    const ifVersion = options["if-version"];
    const doc = await client.putDoc({
      params: { slug, collection: args.collection, id: args.id },
      body: { value, ...(ifVersion === undefined ? {} : { ifVersion }) },
    });
    return writtenResult(doc, "stored");
  },
});
