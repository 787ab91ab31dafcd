/** Why a file cannot be used, and the offset at which that shows; the caller knows the file. */
export class Fault extends Error {
  readonly offset: number;

  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

/** What a parser says of a syntax error, with the word or character at which it stopped, and without its own position. */
export function syntaxFault(text: string, offset: number, message: string): Fault {
  const reason = message.replace(/ \(\d+:\d+\)$/, "");
  const rest = text.slice(offset, offset + 32);
  if (!reason.startsWith("Unexpected token")) return new Fault(offset, `${reason}.`);
  if (rest.trim() === "" && text.slice(offset).trim() === "")
    return new Fault(offset, "Unexpected end of the file. A bracket or quote may be missing.");
  const found = /^(?:[\p{L}\p{N}_$]{1,30}|.)/u.exec(rest)?.[0] ?? "";
  return new Fault(offset, `${reason.replace("token", () => JSON.stringify(found))}.`);
}
