import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { filterOf, FILTER_OPTIONS, momentOf } from "../../session/execution-options.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "executions list";
const HEADING = ["time", "status", "outcome", "script", "request", "ms", "lines", "id"];

export const listExecutions = defineCommand({
  name: NAME,
  summary: "List what ran, newest first",
  options: {
    org: ORG_OPTION,
    ...FILTER_OPTIONS,
    until: { type: "string", value: "time", about: "only up to this time, written as for --since" },
    ...PAGE_OPTIONS,
  },
  examples: ["executions list --status 5xx --since 1h", "executions list --script api --text timeout --all"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const now = Date.now();
    const filter = {
      ...filterOf(options, NAME),
      ...(options.since === undefined ? {} : { since: momentOf(options.since, now) }),
      ...(options.until === undefined ? {} : { until: momentOf(options.until, now) }),
    };
    const page = await readPages(options, (query) =>
      client.listExecutions({ params: { slug }, query: { ...query, ...filter } }),
    );
    const rows = page.items.map((execution) => [
      formatTime(execution.startedAt),
      String(execution.status),
      execution.brokenLimit === null ? execution.outcome : `${execution.outcome} (${execution.brokenLimit})`,
      `${execution.script.name} v${execution.version.number}`,
      `${execution.method} ${execution.path}`,
      execution.durationMs.toFixed(1),
      String(execution.lines.length),
      execution.id,
    ]);
    return { json: page, text: table(HEADING, rows, "Nothing ran yet that fits."), notes: moreNote(page.cursor) };
  },
});
