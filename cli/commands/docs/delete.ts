import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { IF_VERSION_OPTION, openWorkplace } from "../../session/workplace.ts";

export const deleteDoc = defineCommand({
  name: "docs delete",
  summary: "Delete a document",
  args: [
    { name: "collection", about: "the collection" },
    { name: "id", about: "id of the document" },
  ],
  options: { org: ORG_OPTION, "if-version": IF_VERSION_OPTION },
  examples: ["docs delete orders order-7"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const { collection, id } = args;
    const ifVersion = options["if-version"];
    await client.deleteDoc({ params: { slug, collection, id }, query: ifVersion === undefined ? {} : { ifVersion } });
    return { json: { deleted: id }, text: clean(`${id} is deleted.`) };
  },
});
