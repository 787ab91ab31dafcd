import { defineCommand } from "../../framework/command.ts";
import { clean, columns } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { readRetry, readSource, RETRY_OPTIONS, SOURCE_OPTIONS } from "../../session/trigger-options.ts";
import { triggerRows } from "../../session/trigger-text.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "triggers create";

export const createTrigger = defineCommand({
  name: NAME,
  summary: "Have a script started by changes of data, a schedule, a queue, a topic, webhooks or dead letters",
  details:
    "One of --kv, --docs, --cron, --queue, --topic, --webhook and --dead-letters says what sets it off. A webhook's\n" +
    "signing secret is shown this once.",
  args: [{ name: "name", about: "lower-case letters, digits, - and _" }],
  options: {
    org: ORG_OPTION,
    script: { type: "string", value: "script", required: true, about: "name or id of the script that it starts" },
    ...SOURCE_OPTIONS,
    ...RETRY_OPTIONS,
    paused: { type: "boolean", about: "keep what comes until it is resumed" },
  },
  examples: [
    "triggers create new-orders --script mailer --docs orders --operation insert",
    'triggers create nightly --script report --cron "0 3 * * *" --time-zone Europe/Paris',
    "triggers create jobs --script worker --queue jobs --batch-size 20 --attempts 3",
    "triggers create payments --script pay --webhook",
  ],
  async run({ args, options, host }) {
    const retry = readRetry(options, NAME);
    const source = await readSource(options, null, host, NAME);
    if (source === undefined) throw new Error("A new trigger always has a source");
    const { client, slug } = await openWorkplace(host, options.org);
    const trigger = await client.createTrigger({
      params: { slug },
      body: {
        name: args.name,
        script: options.script,
        source,
        ...(options.paused ? { state: "paused" as const } : {}),
        ...(retry === undefined ? {} : { retry }),
      },
    });
    const { secret } = trigger;
    const rows = [...triggerRows(trigger), ...(secret === null ? [] : [["secret", secret]])];
    return {
      json: trigger,
      text: columns(rows.map((row) => row.map(clean))).join("\n"),
      notes: secret === null ? [] : ["Keep the secret now, it is not shown again."],
    };
  },
});
