import { defineCommand } from "../framework/command.ts";
import { paintFor } from "../framework/text.ts";
import { executionText } from "../session/execution-text.ts";
import { ORG_OPTION } from "../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../session/pages.ts";
import { openWorkplace } from "../session/workplace.ts";

export const logs = defineCommand({
  name: "logs",
  summary: "Show what ran, with console lines and errors",
  details: "People see the newest last; the JSON answer has the newest first, as the API does.",
  options: {
    org: ORG_OPTION,
    script: { type: "string", value: "script", about: "only this script (name or id)" },
    status: { type: "string", value: "status", about: "only ok, error, timeout, or an HTTP status" },
    ...PAGE_OPTIONS,
  },
  examples: ["logs --org hello", "logs --script hello --status error --limit 5"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const { script, status } = options;
    const filter = { ...(script === undefined ? {} : { script }), ...(status === undefined ? {} : { status }) };
    const page = await readPages(options, (query) =>
      client.listExecutions({ params: { slug }, query: { ...query, ...filter } }),
    );
    const paint = paintFor(host.outIsTerminal, host.env);
    const text = page.items
      .map((execution) => executionText(execution, paint))
      .reverse()
      .join("\n");
    return { json: page, text: text === "" ? "Nothing ran yet that fits." : text, notes: moreNote(page.cursor) };
  },
});
