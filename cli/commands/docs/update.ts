import { defineCommand } from "../../framework/command.ts";
import { writtenResult } from "../../session/doc-options.ts";
import { JSON_HINT, readJsonObject } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { IF_VERSION_OPTION, openWorkplace } from "../../session/workplace.ts";

const NAME = "docs update";

export const updateDoc = defineCommand({
  name: NAME,
  summary: "Change fields of a document; null removes one",
  args: [
    { name: "collection", about: "the collection" },
    { name: "id", about: "id of the document" },
    { name: "patch", about: JSON_HINT },
  ],
  options: { org: ORG_OPTION, "if-version": IF_VERSION_OPTION },
  examples: ['docs update orders order-7 \'{"state":"sent","note":null}\''],
  async run({ args, options, host }) {
    const patch = await readJsonObject(args.patch, host, NAME, "patch");
    const { client, slug } = await openWorkplace(host, options.org);
    const ifVersion = options["if-version"];
    const doc = await client.patchDoc({
      params: { slug, collection: args.collection, id: args.id },
      body: { patch, ...(ifVersion === undefined ? {} : { ifVersion }) },
    });
    return writtenResult(doc, "changed");
  },
});
