import { MACHINE_DRIVERS } from "../../../contracts/machines.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { endOf, followMachine, WAIT_OPTION } from "../../session/follow-machine.ts";
import { machineDriverOf, MACHINE_OPTIONS, machineSpecOf } from "../../session/machine-options.ts";
import { openSession } from "../../session/session.ts";
import { enrolmentNote } from "../machines/enrol.ts";

const NAME = "orgs create";

export const createOrg = defineCommand({
  name: NAME,
  summary: "Make an org; its host answers at once, or as soon as its machine is up",
  args: [{ name: "slug", about: "its label in host names: letters a to z, digits, hyphens" }],
  options: {
    name: { type: "string", value: "name", about: "its name for people (default the slug)" },
    driver: { type: "string", value: "driver", about: `a machine of its own: ${MACHINE_DRIVERS.join(", ")}` },
    ...MACHINE_OPTIONS,
    "no-wait": WAIT_OPTION,
  },
  examples: [
    "orgs create hello",
    'orgs create shop --name "The shop"',
    "orgs create shop --driver mock",
    "orgs create blog --driver docker --image nginx:1.29 --port 80",
  ],
  async run({ args, options, host, human }) {
    const { slug } = args;
    const spec = machineSpecOf(options, NAME);
    const driver =
      options.driver === undefined || options.driver === "isolate" ? null : machineDriverOf(options.driver, NAME);
    if (driver === null && Object.keys(spec).length > 0) {
      throw new UsageError("What a machine shall be goes with --driver.", NAME);
    }
    const session = await openSession(host);
    const name = options.name === undefined ? {} : { name: options.name };
    const machine = driver === null ? {} : { driver, machine: spec };
    const org = await session.client.createOrg({ body: { slug, ...name, ...machine } });
    if (driver === null) return { json: org, text: `${clean(org.slug)} answers at ${clean(org.url)}` };
    const place = { ...session, slug };
    if (driver === "external") {
      const notes = await enrolmentNote(place);
      return { json: org, text: `${slug} waits for your machine to register itself.`, notes };
    }
    if (options["no-wait"]) return { json: org, text: `${slug} is ${org.state}; it will answer at ${clean(org.url)}` };
    return endOf(await followMachine(place, host, human), slug, org.url);
  },
});
