import { defineCommand } from "../../framework/command.ts";
import { table } from "../../framework/text.ts";
import { openSession } from "../../session/session.ts";

export const listDrivers = defineCommand({
  name: "machines drivers",
  summary: "List what can stand behind an org here, with its defaults",
  examples: ["machines drivers"],
  async run({ host }) {
    const { client } = await openSession(host);
    const found = await client.listDrivers({});
    const rows = found.items.map(({ driver, title, image, size, regions, volumes }) => [
      driver,
      title,
      image ?? "-",
      size ?? "-",
      regions.join(", ") || "-",
      volumes ? "yes" : "no",
    ]);
    return { json: found, text: table(["driver", "what", "image", "size", "regions", "volumes"], rows, "") };
  },
});
