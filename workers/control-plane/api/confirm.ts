import { PlatformError } from "../../../contracts/errors.ts";

/** Throws `invalid` unless the caller said the word that guards against slips: mostly the name of what goes. */
export function requireConfirmed(said: string | undefined, word: string, what: string): void {
  if (said === word) return;
  throw new PlatformError("invalid", `To ${what}, repeat its name: confirm must be ${JSON.stringify(word)}.`, {
    issues: [{ field: "confirm", reason: `must be ${JSON.stringify(word)}` }],
  });
}
