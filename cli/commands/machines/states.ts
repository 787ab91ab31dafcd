import { defineCommand } from "../../framework/command.ts";
import { endOf, followMachine, WAIT_OPTION } from "../../session/follow-machine.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const VERBS = {
  start: { call: "startMachine", doing: "is starting", summary: "Start a stopped machine" },
  stop: {
    call: "stopMachine",
    doing: "is stopping",
    summary: "Stop a machine; its volume stays, and a request may wake it",
  },
  restart: { call: "restartMachine", doing: "is starting anew", summary: "Stop a machine and start it again" },
  retry: {
    call: "retryMachine",
    doing: "is tried again",
    summary: "Try again to get the machine that could not be had",
  },
} as const;

const stateCommand = (verb: keyof typeof VERBS) => {
  const { call, doing, summary } = VERBS[verb];
  return defineCommand({
    name: `machines ${verb}`,
    summary,
    options: { org: ORG_OPTION, "no-wait": WAIT_OPTION },
    examples: [`machines ${verb} --org shop`],
    async run({ options, host, human }) {
      const place = await openWorkplace(host, options.org);
      const begun = await place.client[call]({ params: { slug: place.slug } });
      if (options["no-wait"]) return { json: begun, text: `The machine of ${place.slug} ${doing}.` };
      return endOf(await followMachine(place, host, human && verb === "retry"), place.slug, null);
    },
  });
};

export const startMachine = stateCommand("start");
export const stopMachine = stateCommand("stop");
export const restartMachine = stateCommand("restart");
export const retryMachine = stateCommand("retry");
