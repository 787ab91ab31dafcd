import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { LIMIT_OPTION, limitLines, readLimits } from "../../session/limit-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "scripts set";

export const setScript = defineCommand({
  name: NAME,
  summary: "Change a script's limits or description without a new version",
  details: "What is not named stays as it is.",
  args: [{ name: "script", about: "name of the script" }],
  options: {
    org: ORG_OPTION,
    limit: LIMIT_OPTION,
    description: { type: "string", value: "text", about: "what the script is for" },
  },
  examples: [
    "scripts set report --limit wallClockMs=20000 --limit cpuMs=300",
    "scripts set hello --description 'Greets by name' --org hello",
  ],
  async run({ args, options, host }) {
    const limits = readLimits(options.limit, NAME);
    const { description } = options;
    if (limits === undefined && description === undefined) {
      throw new UsageError("Nothing to change: say --limit or --description.", NAME);
    }
    const { client, slug } = await openWorkplace(host, options.org);
    const script = await client.patchScript({
      params: { slug, name: args.script },
      body: { ...(limits === undefined ? {} : { limits }), ...(description === undefined ? {} : { description }) },
    });
    const text = [
      `${script.name} is changed.`,
      ...(description === undefined ? [] : [`description: ${script.description}`]),
      ...(limits === undefined ? [] : ["limits", ...limitLines(script.limits)]),
    ].join("\n");
    return { json: script, text: clean(text) };
  },
});
