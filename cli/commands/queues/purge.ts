import { defineCommand } from "../../framework/command.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "queues purge";

export const purgeQueue = defineCommand({
  name: NAME,
  summary: "Throw away all that is in a queue",
  args: [{ name: "queue", about: "the queue" }],
  options: { org: ORG_OPTION, yes: YES_OPTION },
  examples: ["queues purge jobs", "queues purge jobs --yes"],
  async run({ args, options, host }) {
    const { queue } = args;
    const { client, slug } = await openWorkplace(host, options.org);
    await confirm(options.yes, queue, `throws away all that is in the queue ${queue} of ${slug}`, host, NAME);
    const answer = await client.purgeQueue({ params: { slug, queue }, body: { confirm: queue } });
    return { json: answer, text: `${answer.purged} messages of ${queue} are thrown away.` };
  },
});
