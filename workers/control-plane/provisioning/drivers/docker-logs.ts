import type { LogLine } from "../driver.ts";

/** Header of one frame: which stream, three zeros, and the length of what follows, big-endian. */
const HEADER_BYTES = 8;

/** Reads a container's log, in which stdout and stderr come in turn as frames and each line begins with its time. */
export function readLog(bytes: Uint8Array): LogLine[] {
  return textOf(bytes)
    .split("\n")
    .filter((line) => line !== "")
    .map(readLine);
}

function textOf(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  let text = "";
  for (let at = 0; at + HEADER_BYTES <= bytes.byteLength;) {
    const length = view.getUint32(at + 4);
    const start = at + HEADER_BYTES;
    // A frame that was cut off is the last.
    text += decoder.decode(bytes.subarray(start, start + length), { stream: true });
    at = start + length;
  }
  return text + decoder.decode();
}

function readLine(line: string): LogLine {
  const [, time = "", text = line] = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/s.exec(line) ?? [];
  const at = Date.parse(time);
  return Number.isNaN(at) ? { at: null, text: line } : { at, text: text.replace(/\r$/, "") };
}
