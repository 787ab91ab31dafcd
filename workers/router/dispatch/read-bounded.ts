/** A body as text or, where it is not UTF-8, as base 64; cut at a bound. */
export interface ReadBody {
  body: string;
  bodyEncoding: "utf8" | "base64";
  truncated: boolean;
}

/** Reads the body of a response or a request up to `bytesMax` bytes and lets go of the rest. */
export async function readBounded(message: Pick<Response, "body">, bytesMax: number): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let truncated = false;
  for await (const chunk of (message.body ?? []) as AsyncIterable<Uint8Array>) {
    const room = bytesMax - size;
    chunks.push(chunk.subarray(0, room));
    size += Math.min(chunk.byteLength, room);
    truncated = chunk.byteLength > room;
    // Leaving the loop cancels the rest of the body.
    if (truncated) break;
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return { ...encoded(bytes, truncated), truncated };
}

function encoded(bytes: Uint8Array, truncated: boolean): Pick<ReadBody, "body" | "bodyEncoding"> {
  try {
    // A cut may fall inside a character; that alone does not make the text binary.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: truncated });
    return { body: text, bodyEncoding: "utf8" };
  } catch {
    let binary = "";
    for (let start = 0; start < bytes.length; start += 8_192) {
      binary += String.fromCharCode(...bytes.subarray(start, start + 8_192));
    }
    return { body: btoa(binary), bodyEncoding: "base64" };
  }
}
