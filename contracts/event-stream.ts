/** Content type of server-sent events. */
export const EVENT_STREAM_TYPE = "text/event-stream";

/** One server-sent event whose data is JSON. */
export const encodeEvent = (type: string, data: unknown): string => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** A comment: it tells the reader nothing but that somebody is there. */
export const encodeComment = (text: string): string => `: ${text}\n\n`;

/**
 * The data of each server-sent event in a stream, until it ends. Leaving the loop lets go of the stream.
 * Whatever has no data, comments among it, is passed over.
 */
export async function* readEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).replaceAll("\r\n", "\n").split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = block.split("\n").flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? []);
        if (data.length > 0) yield data.join("\n");
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
