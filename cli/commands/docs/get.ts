import { defineCommand } from "../../framework/command.ts";
import { docResult } from "../../session/doc-options.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const getDoc = defineCommand({
  name: "docs get",
  summary: "Show a document",
  args: [
    { name: "collection", about: "the collection" },
    { name: "id", about: "id of the document" },
  ],
  options: { org: ORG_OPTION },
  examples: ["docs get orders doc_4x7mz0c2bq9d81hsjv5n"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    return docResult(await client.getDoc({ params: { slug, collection: args.collection, id: args.id } }), host);
  },
});
