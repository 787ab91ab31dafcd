import { defineCommand } from "../../framework/command.ts";
import { clean, columns, formatTime } from "../../framework/text.ts";
import { faultLine, historyText } from "../../session/delivery-text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const getDeadLetter = defineCommand({
  name: "dead-letters get",
  summary: "Show a dead letter with its event and every attempt",
  args: [{ name: "id", about: "id of the dead letter (ded_…)" }],
  options: { org: ORG_OPTION },
  examples: ["dead-letters get ded_1w5x9kq2m0c8d7f6g5h4"],
  async run({ args, options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const letter = await client.getDeadLetter({ params: { slug, id: args.id } });
    const rows = [
      ["id", letter.id],
      ["delivery", letter.deliveryId],
      ["trigger", `${letter.trigger.name} (${letter.kind})`],
      ["script", letter.script.name],
      ["happened", formatTime(letter.at)],
      ["given up", formatTime(letter.diedAt)],
      ["error", faultLine(letter.error)],
      ...(letter.note === null ? [] : [["note", letter.note]]),
    ];
    const event = clean(JSON.stringify(letter.data, null, 2));
    const text = [...columns(rows.map((row) => row.map(clean))), event, historyText(letter.history)].join("\n");
    return { json: letter, text };
  },
});
