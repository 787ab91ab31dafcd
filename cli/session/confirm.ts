import { PlatformError } from "../../contracts/errors.ts";
import type { Host } from "../framework/host.ts";
import { UsageError } from "../framework/usage.ts";

/** The option of every command that takes something away for good. */
export const YES_OPTION = { type: "boolean", short: "y", about: "do it without asking" } as const;

/**
 * Has a person type a word before something goes for good, unless `--yes` was said.
 *
 * @param what in words that follow "This", such as "removes all that is in the queue jobs".
 * @throws UsageError where nobody is there to ask, PlatformError where something else was typed.
 */
export async function confirm(yes: boolean, word: string, what: string, host: Host, command: string): Promise<void> {
  if (yes) return;
  if (host.ask === null) throw new UsageError(`This ${what}, for good: say --yes.`, command);
  const typed = (await host.ask(`This ${what}, for good. Type ${word} to go on: `)).trim();
  if (typed !== word) throw new PlatformError("invalid", `"${typed}" is not "${word}": nothing was done.`);
}
