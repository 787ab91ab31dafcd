import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { IF_VERSION_OPTION, openWorkplace } from "../../session/workplace.ts";

export const deleteKv = defineCommand({
  name: "kv delete",
  summary: "Delete a key",
  args: [
    { name: "collection", about: "the collection" },
    { name: "key", about: "the key" },
  ],
  options: { org: ORG_OPTION, "if-version": IF_VERSION_OPTION },
  examples: ["kv delete settings theme"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const { collection, key } = args;
    const ifVersion = options["if-version"];
    await client.deleteKv({
      params: { slug, collection, key },
      query: ifVersion === undefined ? {} : { ifVersion },
    });
    return { json: { deleted: key }, text: clean(`${key} is deleted.`) };
  },
});
