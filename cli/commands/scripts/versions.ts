import type { z } from "zod";

import type { listVersions as listVersionsEndpoint } from "../../../contracts/api/scripts.ts";
import { defineCommand } from "../../framework/command.ts";
import { formatBytes, formatTime, table } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

type Version = z.output<(typeof listVersionsEndpoint)["response"]>["items"][number];

const HEADING = ["version", "made", "by", "size", "", "message"];

export const listVersions = defineCommand({
  name: "scripts versions",
  summary: "List a script's versions, newest first",
  args: [{ name: "script", about: "name of the script" }],
  options: { org: ORG_OPTION, ...PAGE_OPTIONS },
  examples: ["scripts versions hello --org hello"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug, name: args.script };
    const page = await readPages(options, (query) => client.listVersions({ params, query }));
    const rows = page.items.map((version) => [
      String(version.number),
      formatTime(version.createdAt),
      version.author.name,
      formatBytes(version.sizeBytes),
      liveText(version),
      version.message,
    ]);
    return { json: page, text: table(HEADING, rows, "There are no versions."), notes: moreNote(page.cursor) };
  },
});

/** Since when a version is live and, where another one made it so, by whom. */
function liveText({ live, liveSince, liveBy, author }: Version): string {
  if (!live) return "";
  const since = liveSince === null ? "live" : `live since ${formatTime(liveSince)}`;
  return liveBy === null || liveBy.id === author.id ? since : `${since} by ${liveBy.name}`;
}
