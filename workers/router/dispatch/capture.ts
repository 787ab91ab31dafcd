import type { RecordedBody } from "../../../contracts/execution.ts";
import { LOG_BODY_BYTES_MAX } from "../../../contracts/limits.ts";

/** The beginning of a body as a record keeps it: as text where it is UTF-8, else in base 64. */
export function recordedBody(bytes: Uint8Array, truncated: boolean): RecordedBody {
  const kept = bytes.byteLength > LOG_BODY_BYTES_MAX ? bytes.subarray(0, LOG_BODY_BYTES_MAX) : bytes;
  const cut = truncated || kept.byteLength < bytes.byteLength;
  try {
    // Streaming, so that a character that is cut in two at the end does not make the whole no text.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(kept, { stream: cut });
    return { text, encoding: "utf8", truncated: cut };
  } catch {
    let binary = "";
    for (const byte of kept) binary += String.fromCharCode(byte);
    return { text: btoa(binary), encoding: "base64", truncated: cut };
  }
}

/** Collects the beginning of a body while it streams by. */
export class BodyStart {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #seen = 0;

  add(chunk: Uint8Array): void {
    this.#seen += chunk.byteLength;
    if (this.#length >= LOG_BODY_BYTES_MAX) return;
    const part = chunk.slice(0, LOG_BODY_BYTES_MAX - this.#length);
    this.#chunks.push(part);
    this.#length += part.byteLength;
  }

  /** What was seen so far; null when that is nothing. */
  recorded(): RecordedBody | null {
    if (this.#seen === 0) return null;
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.byteLength;
    }
    return recordedBody(bytes, this.#seen > this.#length);
  }
}
