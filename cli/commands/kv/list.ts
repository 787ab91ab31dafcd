import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { valueLine } from "../../session/data-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const listKv = defineCommand({
  name: "kv list",
  summary: "List the keys of a collection in their order",
  args: [{ name: "collection", about: "the collection" }],
  options: {
    org: ORG_OPTION,
    prefix: { type: "string", value: "text", about: "only keys that begin so" },
    keys: { type: "boolean", about: "leave the values out" },
    ...PAGE_OPTIONS,
  },
  examples: ["kv list settings", "kv list sessions --prefix user: --keys --all"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug, collection: args.collection };
    const filter = {
      ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
      ...(options.keys ? { values: "false" } : {}),
    };
    const page = await readPages(options, (query) => client.listKv({ params, query: { ...query, ...filter } }));
    const rows = page.items.map(({ key, version, updatedAt, expiresAt, value }) => [
      key,
      String(version),
      formatTime(updatedAt),
      expiresAt === null ? "-" : formatTime(expiresAt),
      ...(options.keys ? [] : [valueLine(value)]),
    ]);
    const heading = ["key", "version", "written", "gone", ...(options.keys ? [] : ["value"])];
    return { json: page, text: table(heading, rows, "There are no such keys."), notes: moreNote(page.cursor) };
  },
});
