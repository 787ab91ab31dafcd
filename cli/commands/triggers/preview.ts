import { CRON_PREVIEW_MAX } from "../../../contracts/limits.ts";
import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const previewTrigger = defineCommand({
  name: "triggers preview",
  summary: "Say when a schedule is due next, without making a trigger",
  args: [{ name: "schedule", about: 'five fields, or six with seconds, such as "0 9 * * MON-FRI"' }],
  options: {
    org: ORG_OPTION,
    "time-zone": { type: "string", value: "zone", about: "IANA time zone (default UTC)" },
    count: { type: "integer", value: "n", min: 1, max: CRON_PREVIEW_MAX, about: "how many times (default 5)" },
  },
  examples: ['triggers preview "0 9 * * MON-FRI" --time-zone Europe/Paris'],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const { "time-zone": timeZone, count } = options;
    const preview = await client.previewTrigger({
      params: { slug },
      body: {
        schedule: args.schedule,
        ...(timeZone === undefined ? {} : { timeZone }),
        ...(count === undefined ? {} : { count }),
      },
    });
    const rows = preview.times.map((time) => [time, formatTime(Date.parse(time))]);
    return { json: preview, text: table(["utc", "here"], rows, "It is never due.") };
  },
});
