/** A start that cannot succeed, and what the person at the keyboard can do about it. */
export class StartError extends Error {
  /** What to do, as a short imperative. */
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartError";
    this.hint = hint;
  }

  /** The one line that is printed. */
  get line(): string {
    return `isola: ${this.message} — ${this.hint}`;
  }
}

const FILE_FAULTS: Record<string, [what: string, hint: string]> = {
  ENOSPC: ["the disk is full", "free some space and start again; nothing was changed"],
  EDQUOT: ["the disk quota is used up", "free some space and start again; nothing was changed"],
  EACCES: ["no permission", "make the folder yours, or set ISOLA_DATA to one that is"],
  EPERM: ["no permission", "make the folder yours, or set ISOLA_DATA to one that is"],
  EROFS: ["the file system is read-only", "set ISOLA_DATA to a folder that can be written"],
  ENOTDIR: ["a part of the path is a file", "set ISOLA_DATA to a folder"],
  EEXIST: ["a file is in the place of a folder", "set ISOLA_DATA to a folder"],
};

/** Turns a file system error about the data folder into a {@link StartError}; anything else is returned as it is. */
export function explainFileFault(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const fault = code === undefined ? undefined : FILE_FAULTS[code];
  if (fault === undefined) return error;
  const [what, hint] = fault;
  return new StartError(`cannot write ${path}: ${what}`, hint, { cause: error });
}
