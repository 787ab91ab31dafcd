import { defineCommand } from "../../framework/command.ts";
import { endOf, followMachine, WAIT_OPTION } from "../../session/follow-machine.ts";
import { machineDriverOf, MACHINE_OPTIONS, machineSpecOf } from "../../session/machine-options.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";
import { enrolmentNote } from "./enrol.ts";

const NAME = "machines create";

export const createMachine = defineCommand({
  name: NAME,
  summary: "Give an org a machine; its scripts answer until it is ready",
  details: "`isola machines drivers` lists what there is here. Each step is shown as it happens.",
  options: {
    org: ORG_OPTION,
    driver: { type: "string", value: "driver", required: true, about: "docker, fly, external (your own) or mock" },
    ...MACHINE_OPTIONS,
    "no-wait": WAIT_OPTION,
  },
  examples: [
    "machines create --org shop --driver mock",
    "machines create --org shop --driver docker --image nginx:1.29 --port 80 --volume-gb 1",
    "machines create --org shop --driver fly --image registry.example.com/shop:7 --region ams --region fra",
  ],
  async run({ options, host, human }) {
    const driver = machineDriverOf(options.driver, NAME);
    const place = await openWorkplace(host, options.org);
    const params = { slug: place.slug };
    const begun = await place.client.createMachine({ params, body: { driver, ...machineSpecOf(options, NAME) } });
    if (driver === "external") {
      const notes = await enrolmentNote(place);
      return { json: begun, text: `${place.slug} waits for your machine to register itself.`, notes };
    }
    if (options["no-wait"]) return { json: begun, text: `${place.slug} is getting its machine.` };
    return endOf(await followMachine(place, host, human), place.slug, null);
  },
});
