import { MACHINE_LOG_LINES_MAX } from "../../../contracts/limits.ts";
import { defineCommand } from "../../framework/command.ts";
import { formatTime, oneLine } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const machineLogs = defineCommand({
  name: "machines logs",
  summary: "Show the last lines that a machine has printed",
  options: {
    org: ORG_OPTION,
    limit: { type: "integer", value: "n", min: 1, max: MACHINE_LOG_LINES_MAX, about: "how many lines (default 100)" },
  },
  examples: ["machines logs --org shop --limit 20"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const query = { limit: options.limit ?? 100 };
    const found = await client.machineLogs({ params: { slug }, query });
    const lines = found.items.map(({ at, text }) => `${at === null ? "" : `${formatTime(at)}  `}${oneLine(text)}`);
    return { json: found, text: lines.length === 0 ? "It has printed nothing." : lines.join("\n") };
  },
});
