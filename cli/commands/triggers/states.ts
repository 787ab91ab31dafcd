import type { Client } from "../../../contracts/client.ts";
import { type Command, defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

type Change = "pauseTrigger" | "resumeTrigger" | "enableTrigger" | "disableTrigger";

const stateCommand = (verb: string, change: Change, summary: string, done: string): Command =>
  defineCommand({
    name: `triggers ${verb}`,
    summary,
    args: [{ name: "trigger", about: "name or id of the trigger" }],
    options: { org: ORG_OPTION },
    examples: [`triggers ${verb} new-orders`],
    async run({ args, options, host }) {
      const { client, slug } = await openWorkplace(host, options.org);
      const call: Client[Change] = client[change];
      const trigger = await call({ params: { slug, trigger: args.trigger } });
      return { json: trigger, text: clean(`${trigger.name} ${done}`) };
    },
  });

export const pauseTrigger = stateCommand(
  "pause",
  "pauseTrigger",
  "Stop delivering and keep what comes",
  "is paused: what comes is kept until it is resumed.",
);

export const resumeTrigger = stateCommand(
  "resume",
  "resumeTrigger",
  "Deliver again, what was kept first",
  "is active again, and delivers what was kept.",
);

export const enableTrigger = stateCommand(
  "enable",
  "enableTrigger",
  "Have a disabled trigger act again, from now on",
  "is active.",
);

export const disableTrigger = stateCommand(
  "disable",
  "disableTrigger",
  "Have a trigger do nothing, keep nothing, and throw away what it has waiting",
  "is disabled: what it had waiting is thrown away, and of what happens meanwhile nothing is kept.",
);
