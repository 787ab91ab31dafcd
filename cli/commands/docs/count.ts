import { defineCommand } from "../../framework/command.ts";
import { readJsonObject } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "docs count";

export const countDocs = defineCommand({
  name: NAME,
  summary: "Count documents of a collection",
  args: [
    { name: "collection", about: "the collection" },
    { name: "filter", about: "JSON (default all); @file reads a file, - standard input", optional: true },
  ],
  options: { org: ORG_OPTION },
  examples: ["docs count orders", `docs count orders '{"state":"open"}'`],
  async run({ args, options, host }) {
    const filter = args.filter === undefined ? {} : await readJsonObject(args.filter, host, NAME, "filter");
    const { client, slug } = await openWorkplace(host, options.org);
    const answer = await client.countDocs({ params: { slug, collection: args.collection }, body: { filter } });
    const notes = answer.exact ? [] : ["There may be more: not all documents could be looked at."];
    return { json: answer, text: String(answer.count), notes };
  },
});
