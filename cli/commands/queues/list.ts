import { defineCommand } from "../../framework/command.ts";
import { table } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

export const listQueues = defineCommand({
  name: "queues list",
  summary: "List the queues of an org with how much is in each",
  options: { org: ORG_OPTION },
  examples: ["queues list"],
  async run({ options, host }) {
    const { client, slug } = await openWorkplace(host, options.org);
    const page = await client.listQueues({ params: { slug } });
    const rows = page.items.map(({ name, ready, delayed, inFlight, consumer }) => [
      name,
      String(ready),
      String(delayed),
      String(inFlight),
      consumer === null ? "nobody" : consumer.name,
    ]);
    const empty = "There is no queue yet: the first message makes one.";
    return { json: page, text: table(["queue", "ready", "delayed", "in flight", "taken by"], rows, empty) };
  },
});
