import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const listTriggerHistory = defineCommand({
  name: "triggers history",
  summary: "List the past due times of a schedule, newest first",
  args: [{ name: "trigger", about: "name or id of a cron trigger" }],
  options: { org: ORG_OPTION, ...PAGE_OPTIONS },
  examples: ["triggers history nightly"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug, trigger: args.trigger };
    const page = await readPages(options, (query) => client.listTriggerHistory({ params, query }));
    const rows = page.items.map(({ scheduledAt, startedAt, state, executionId, error }) => [
      formatTime(scheduledAt),
      startedAt === null ? "-" : formatTime(startedAt),
      state,
      executionId ?? "-",
      error === null ? "" : `${error.code}: ${error.message}`,
    ]);
    const heading = ["due", "started", "state", "execution", "error"];
    return { json: page, text: table(heading, rows, "It was not due yet."), notes: moreNote(page.cursor) };
  },
});
