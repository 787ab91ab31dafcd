import { defineCommand } from "../framework/command.ts";
import { PAGE_SIZE_DEFAULT } from "../../contracts/limits.ts";
import type { Host } from "../framework/host.ts";
import { paintFor } from "../framework/text.ts";
import { filterOf, FILTER_OPTIONS, momentOf } from "../session/execution-options.ts";
import { executionText } from "../session/execution-text.ts";
import { ORG_OPTION } from "../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../session/pages.ts";
import { followExecutions, type TailFilter } from "../session/tail.ts";
import { TailText } from "../session/tail-text.ts";
import { openWorkplace, type Workplace } from "../session/workplace.ts";

const NAME = "logs";
/** Executions shown before those that come, where nobody says how many. */
const BACKLOG = 10;

export const logs = defineCommand({
  name: NAME,
  summary: "Show what ran, with console lines and errors, and follow what runs",
  details:
    "People see the newest last; the JSON answer has the newest first, as the API does. With --follow it goes on\n" +
    "until Ctrl-C, and JSON is one event a line: `execution`, `lines` (console lines that came later), `missed`.",
  options: {
    org: ORG_OPTION,
    follow: { type: "boolean", short: "f", about: `go on with what runs, after the last ${BACKLOG} or --limit` },
    ...FILTER_OPTIONS,
    ...PAGE_OPTIONS,
  },
  examples: ["logs --org hello", "logs --script hello --status error --limit 5", "logs --follow --text timeout"],
  async run({ options, host, human }) {
    const place = await openWorkplace(host, options.org);
    const filter = filterOf(options, NAME);
    const since = options.since === undefined ? {} : { since: momentOf(options.since, Date.now()) };
    if (options.follow) {
      const limit = options.limit ?? (options.since === undefined ? BACKLOG : PAGE_SIZE_DEFAULT);
      await follow(place, filter, { limit, ...since }, host, human);
      return { json: undefined, text: "" };
    }
    const page = await readPages(options, (query) =>
      place.client.listExecutions({ params: { slug: place.slug }, query: { ...query, ...filter, ...since } }),
    );
    const paint = paintFor(host.outIsTerminal, host.env);
    const text = page.items
      .map((execution) => executionText(execution, paint))
      .reverse()
      .join("\n");
    return { json: page, text: text === "" ? "Nothing ran yet that fits." : text, notes: moreNote(page.cursor) };
  },
});

async function follow(
  place: Workplace,
  filter: TailFilter,
  backlog: { limit: number; since?: string },
  host: Host,
  human: boolean,
): Promise<void> {
  const text = new TailText(paintFor(host.outIsTerminal, host.env));
  for await (const told of followExecutions(place, { filter, backlog, signal: host.interrupted() })) {
    if (told.type === "interrupted") {
      if (human) host.err(`${text.interruption(told.reason)}\n`);
    } else host.out(human ? `${text.of(told)}\n` : `${JSON.stringify(told)}\n`);
  }
}
