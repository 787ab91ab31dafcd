import { MACHINE_DRIVERS, MACHINE_STATES } from "../../../contracts/machines.ts";
import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openSession } from "../../session/session.ts";

const NAME = "machines list";
const HEADING = ["org", "id", "driver", "state", "health", "region", "origin", "since"];

export const listMachines = defineCommand({
  name: NAME,
  summary: "List the machines of all orgs; for admins of the platform",
  options: {
    driver: { type: "string", value: "driver", about: "those of one driver" },
    state: { type: "string", value: "state", about: "those in one state" },
    ...PAGE_OPTIONS,
  },
  examples: ["machines list", "machines list --state failed"],
  async run({ options, host }) {
    const filter = {
      ...(options.driver === undefined ? {} : { driver: oneOf(options.driver, MACHINE_DRIVERS) }),
      ...(options.state === undefined ? {} : { state: oneOf(options.state, MACHINE_STATES) }),
    };
    const { client } = await openSession(host);
    const page = await readPages(options, (query) => client.listMachines({ query: { ...query, ...filter } }));
    const rows = page.items.map((machine) => [
      machine.org.slug,
      machine.id,
      machine.driver,
      machine.state,
      machine.health,
      machine.region ?? "-",
      machine.origin ?? "-",
      formatTime(machine.stateAt),
    ]);
    return { json: page, text: table(HEADING, rows, "No org has a machine that fits."), notes: moreNote(page.cursor) };
  },
});

function oneOf<T extends string>(text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new UsageError(`"${text}" is none of ${known.join(", ")}.`, NAME);
  return found;
}
