import { defineCommand } from "../../framework/command.ts";
import { clean, columns } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { readRetry, readSource, RETRY_OPTIONS, SOURCE_OPTIONS } from "../../session/trigger-options.ts";
import { triggerRows } from "../../session/trigger-text.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "triggers update";

export const updateTrigger = defineCommand({
  name: NAME,
  summary: "Change what sets a trigger off, what it starts, or how failures are tried again",
  details: "What is not named stays as it is.",
  args: [{ name: "trigger", about: "name or id of the trigger" }],
  options: {
    org: ORG_OPTION,
    script: { type: "string", value: "script", about: "name or id of the script that it starts" },
    ...SOURCE_OPTIONS,
    ...RETRY_OPTIONS,
  },
  examples: ['triggers update nightly --cron "0 4 * * *"', "triggers update jobs --batch-size 50 --attempts 5"],
  async run({ args, options, host }) {
    const retry = readRetry(options, NAME);
    const { script } = options;
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug, trigger: args.trigger };
    const before = await client.getTrigger({ params });
    const source = await readSource(options, before.source, host, NAME);
    const body = {
      ...(script === undefined ? {} : { script }),
      ...(source === undefined ? {} : { source }),
      ...(retry === undefined ? {} : { retry }),
    };
    if (Object.keys(body).length === 0) {
      throw new UsageError("Nothing to change: say --script, or an option of the source or of retries.", NAME);
    }
    const trigger = await client.patchTrigger({ params, body });
    return { json: trigger, text: columns(triggerRows(trigger).map((row) => row.map(clean))).join("\n") };
  },
});
