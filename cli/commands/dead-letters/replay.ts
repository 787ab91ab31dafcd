import { defineCommand, type Result } from "../../framework/command.ts";
import { UsageError } from "../../framework/usage.ts";
import { DEAD_LETTER_OPTIONS, oneOrAll } from "../../session/dead-letter-options.ts";
import { sentResult } from "../../session/delivery-text.ts";
import { readJson } from "../../session/json-input.ts";
import { openWorkplace, type Workplace } from "../../session/workplace.ts";

const NAME = "dead-letters replay";

export const replayDeadLetter = defineCommand({
  name: NAME,
  summary: "Deliver a dead letter again, or all of them",
  args: [{ name: "id", about: "id of the dead letter (ded_…)", optional: true }],
  options: {
    ...DEAD_LETTER_OPTIONS,
    data: { type: "string", value: "json", short: "d", about: "another event; @file reads a file, - standard input" },
  },
  examples: ["dead-letters replay ded_1w5x9kq2m0c8d7f6g5h4", "dead-letters replay --all --trigger new-orders"],
  async run({ args, options, host }) {
    const id = oneOrAll(args.id, options, NAME);
    if (id === null && options.data !== undefined) throw new UsageError("--data goes with one dead letter.", NAME);
    const data = options.data === undefined ? undefined : await readJson(options.data, host, NAME, "data");
    const place = await openWorkplace(host, options.org);
    if (id === null) return replayAll(place, options.trigger);
    const body = data === undefined ? {} : { data };
    return sentResult(await place.client.replayDeadLetter({ params: { slug: place.slug, id }, body }));
  },
});

/** Those that die again meanwhile come last, so a pass per page is enough to end. */
async function replayAll({ client, slug }: Workplace, trigger: string | undefined): Promise<Result> {
  const body = trigger === undefined ? {} : { trigger };
  let replayed = 0;
  for (;;) {
    const answer = await client.replayDeadLetters({ params: { slug }, body });
    replayed += answer.replayed;
    if (!answer.more || answer.replayed === 0) break;
  }
  return { json: { replayed }, text: `${replayed} are delivered again.` };
}
