import { defineCommand } from "../../framework/command.ts";
import { clean, columns, formatTime } from "../../framework/text.ts";
import { historyText } from "../../session/delivery-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const getDelivery = defineCommand({
  name: "deliveries get",
  summary: "Show a delivery with its event and every attempt",
  args: [{ name: "id", about: "id of the delivery (dlv_…)" }],
  options: { org: ORG_OPTION },
  examples: ["deliveries get dlv_1w5x9kq2m0c8d7f6g5h4"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const delivery = await client.getDelivery({ params: { slug, id: args.id } });
    const rows = [
      ["id", delivery.id],
      ["trigger", `${delivery.trigger.name} (${delivery.kind})`],
      ["state", delivery.state],
      ["happened", formatTime(delivery.at)],
      ...(delivery.dueAt === null ? [] : [["next", formatTime(delivery.dueAt)]]),
      ...(delivery.endedAt === null ? [] : [["ended", formatTime(delivery.endedAt)]]),
    ];
    const event = clean(JSON.stringify(delivery.data, null, 2));
    const text = [...columns(rows.map((row) => row.map(clean))), event, historyText(delivery.history)].join("\n");
    return { json: delivery, text };
  },
});
