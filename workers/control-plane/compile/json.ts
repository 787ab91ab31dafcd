import { Fault } from "./fault.ts";

/** @throws {Fault} where a text stops being JSON. */
export function checkJson(text: string): void {
  const fault = faultOf(text);
  if (fault === null) return;
  const offset = fault.offset ?? firstFault(text);
  const found = text.slice(offset, offset + 1);
  const reason = found === "" ? "it ends too early" : `${JSON.stringify(found)} does not belong here`;
  throw new Fault(offset, `is not valid JSON: ${reason}.`);
}

/** Where the engine says that a text is wrong, in so far as it says so. */
function faultOf(text: string): { offset: number | null } | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (message.startsWith("Unexpected end of JSON input")) return { offset: text.length };
    const offset = /at position (\d+)/.exec(message)?.[1];
    return { offset: offset === undefined ? null : Number(offset) };
  }
}

/** The longest beginning that could still become JSON ends where the fault is. */
function firstFault(text: string): number {
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const fault = faultOf(text.slice(0, middle));
    if (fault === null || fault.offset === middle) good = middle;
    else bad = middle;
  }
  return good;
}
