import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { faultLine } from "../../session/delivery-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

const HEADING = ["given up", "trigger", "kind", "script", "attempts", "id", "error"];

export const listDeadLetters = defineCommand({
  name: "dead-letters list",
  summary: "List what gave up, newest first",
  options: {
    org: ORG_OPTION,
    trigger: { type: "string", value: "trigger", about: "only of this trigger (name or id)" },
    ...PAGE_OPTIONS,
  },
  examples: ["dead-letters list", "dead-letters list --trigger new-orders --all"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const filter = options.trigger === undefined ? {} : { trigger: options.trigger };
    const page = await readPages(options, (query) =>
      client.listDeadLetters({ params: { slug }, query: { ...query, ...filter } }),
    );
    const rows = page.items.map((letter) => [
      formatTime(letter.diedAt),
      letter.trigger.name,
      letter.kind,
      letter.script.name,
      String(letter.attempts),
      letter.id,
      faultLine(letter.error),
    ]);
    return { json: page, text: table(HEADING, rows, "Nothing gave up."), notes: moreNote(page.cursor) };
  },
});
