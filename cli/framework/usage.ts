import { PlatformError } from "../../contracts/errors.ts";

/** Exit codes of the command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** The command line itself is wrong; nothing was done. */
export class UsageError extends PlatformError {
  /** Name of the command whose help would help, or null for the whole. */
  readonly command: string | null;

  constructor(message: string, command: string | null = null) {
    super("invalid", message);
    this.name = "UsageError";
    this.command = command;
  }
}
