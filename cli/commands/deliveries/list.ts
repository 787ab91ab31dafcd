import { DELIVERY_STATES } from "../../../contracts/events/delivery.ts";
import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { faultLine } from "../../session/delivery-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "deliveries list";
const HEADING = ["time", "trigger", "kind", "state", "attempts", "next", "id", "error"];

export const listDeliveries = defineCommand({
  name: NAME,
  summary: "List deliveries, newest first",
  options: {
    org: ORG_OPTION,
    trigger: { type: "string", value: "trigger", about: "only of this trigger (name or id)" },
    state: { type: "string", value: "state", about: `only ${DELIVERY_STATES.join(", ")}` },
    ...PAGE_OPTIONS,
  },
  examples: ["deliveries list", "deliveries list --trigger new-orders --state held --all"],
  async run({ options, host }) {
    const state = DELIVERY_STATES.find((one) => one === options.state);
    if (options.state !== undefined && state === undefined) {
      throw new UsageError(`--state must be ${DELIVERY_STATES.join(", ")}, not "${options.state}".`, NAME);
    }
    const { client, slug } = await openWorkplace(host, options.org);
    const { trigger } = options;
    const filter = { ...(trigger === undefined ? {} : { trigger }), ...(state === undefined ? {} : { state }) };
    const page = await readPages(options, (query) =>
      client.listDeliveries({ params: { slug }, query: { ...query, ...filter } }),
    );
    const rows = page.items.map((delivery) => [
      formatTime(delivery.at),
      delivery.trigger.name,
      delivery.kind,
      delivery.state,
      String(delivery.attempts),
      delivery.dueAt === null ? "-" : formatTime(delivery.dueAt),
      delivery.id,
      faultLine(delivery.lastError),
    ]);
    return { json: page, text: table(HEADING, rows, "There are no such deliveries."), notes: moreNote(page.cursor) };
  },
});
