import { bashCompletion } from "../framework/completion.ts";
import { defineCommand, type Command } from "../framework/command.ts";
import { UsageError } from "../framework/usage.ts";

const NAME = "completion";

/** The command that completes all others. */
export const completionOf = (table: () => readonly Command[]): Command =>
  defineCommand({
    name: NAME,
    summary: "Print a script that lets the shell complete commands and options",
    details: "The shell completes the word `isola`: put `alias isola='npx isola'` before it where that is needed.",
    args: [{ name: "shell", about: "bash" }],
    examples: ["completion bash >> ~/.bash_completion"],
    run({ args }) {
      if (args.shell !== "bash") throw new UsageError(`Only bash is known, not "${args.shell}".`, NAME);
      const script = bashCompletion(table());
      return Promise.resolve({ json: { shell: args.shell, script }, text: script });
    },
  });
