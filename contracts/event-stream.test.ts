import { describe, expect, it } from "vitest";

import { encodeComment, encodeEvent, readEvents } from "./event-stream.ts";

function streamOf(chunks: Uint8Array[], onCancel = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: onCancel,
  });
}

async function dataIn(bytes: Uint8Array, chunkBytes: number): Promise<string[]> {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.slice(at, at + chunkBytes));
  const all: string[] = [];
  for await (const data of readEvents(streamOf(chunks))) all.push(data);
  return all;
}

describe("a stream of events", () => {
  const events = [{ text: "one\ntwo\r\n\n" }, { text: "“é” 😀" }, { text: "data: x" }];
  const text = events.map((event) => encodeComment("ping") + encodeEvent("thing", event)).join("");

  it("comes back as it was written, wherever it is cut", async () => {
    const bytes = new TextEncoder().encode(text);
    for (const chunkBytes of [1, 2, 3, 7, 1_000]) {
      expect((await dataIn(bytes, chunkBytes)).map((data) => JSON.parse(data) as unknown)).toEqual(events);
    }
  });

  it("gives no event that is not whole", async () => {
    expect(await dataIn(new TextEncoder().encode("data: 1\n\ndata: 2\n"), 100)).toEqual(["1"]);
  });

  it("is let go by a reader that has seen enough", async () => {
    let cancelled = false;
    const stream = streamOf([new TextEncoder().encode(text)], () => void (cancelled = true));
    for await (const data of readEvents(stream)) {
      expect(JSON.parse(data)).toEqual(events[0]);
      break;
    }
    expect(cancelled).toBe(true);
  });
});
