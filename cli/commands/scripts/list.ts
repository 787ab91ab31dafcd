import { defineCommand } from "../../framework/command.ts";
import { formatBytes, formatTime, table } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

const HEADING = ["name", "kind", "live", "size", "updated", "description"];

export const listScripts = defineCommand({
  name: "scripts list",
  summary: "List the scripts of an org",
  options: { org: ORG_OPTION, ...PAGE_OPTIONS },
  examples: ["scripts list --org hello"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const page = await readPages(options, (query) => client.listScripts({ params: { slug }, query }));
    const rows = page.items.map((script) => [
      script.name,
      script.kind,
      `v${script.live.number}`,
      formatBytes(script.live.sizeBytes),
      formatTime(script.updatedAt),
      script.description,
    ]);
    const empty = `${slug} has no scripts. Make one: \`isola deploy <file> --org ${slug}\`.`;
    return { json: page, text: table(HEADING, rows, empty), notes: moreNote(page.cursor) };
  },
});
