import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { DEAD_LETTER_OPTIONS, oneOrAll } from "../../session/dead-letter-options.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "dead-letters discard";

export const discardDeadLetter = defineCommand({
  name: NAME,
  summary: "Throw a dead letter away, or all of them",
  args: [{ name: "id", about: "id of the dead letter (ded_…)", optional: true }],
  options: { ...DEAD_LETTER_OPTIONS, yes: YES_OPTION },
  examples: ["dead-letters discard ded_1w5x9kq2m0c8d7f6g5h4", "dead-letters discard --all --trigger new-orders --yes"],
  async run({ args, options, host }) {
    const id = oneOrAll(args.id, options, NAME);
    const { client, slug } = await openWorkplace(host, options.org);
    if (id !== null) {
      await client.discardDeadLetter({ params: { slug, id } });
      return { json: { discarded: 1 }, text: clean(`${id} is thrown away.`) };
    }
    const { trigger } = options;
    const which = trigger === undefined ? "all dead letters" : `all dead letters of ${trigger}`;
    await confirm(options.yes, "all", `throws away ${which} of ${slug}`, host, NAME);
    const body = { confirm: "all" as const, ...(trigger === undefined ? {} : { trigger }) };
    const answer = await client.discardDeadLetters({ params: { slug }, body });
    return { json: answer, text: `${answer.discarded} are thrown away.` };
  },
});
