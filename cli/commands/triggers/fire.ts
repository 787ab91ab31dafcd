import { defineCommand } from "../../framework/command.ts";
import { sentResult } from "../../session/delivery-text.ts";
import { readJson } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "triggers fire";

export const fireTrigger = defineCommand({
  name: NAME,
  summary: "Deliver an event as if it had happened, to try the script",
  args: [{ name: "trigger", about: "name or id of the trigger" }],
  options: {
    org: ORG_OPTION,
    data: {
      type: "string",
      value: "json",
      short: "d",
      about: "what the event has, as its kind has it; @file reads a file, - standard input",
    },
  },
  examples: ["triggers fire nightly", `triggers fire new-users --data '{"key":"user:1","next":{"name":"Ada"}}'`],
  async run({ args, options, host }) {
    const data = options.data === undefined ? undefined : await readJson(options.data, host, NAME, "data");
    const { client, slug } = await openWorkplace(host, options.org);
    const params = { slug, trigger: args.trigger };
    return sentResult(await client.fireTrigger({ params, body: data === undefined ? {} : { data } }));
  },
});
