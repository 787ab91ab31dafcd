import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";

import { readEvents } from "../../../contracts/event-stream.ts";
import type { Core } from "./core.ts";

type Event = ReturnType<typeof JSON.parse>;

/** Everything that is told of how an org's machine comes up, until the stream ends; rejects where it is refused. */
export async function followProgress({ address }: Core, slug: string, token: string): Promise<Event[]> {
  const path = `/api/v1/orgs/${slug}/machine/progress`;
  const headers = { host: "app.localhost:8787", authorization: `Bearer ${token}` };
  const message = await new Promise<IncomingMessage>((done, fail) => {
    request({ host: address.hostname, port: address.port, path, headers }, done).on("error", fail).end();
  });
  if (message.statusCode !== 200) {
    message.destroy();
    throw new Error(`refused: ${message.statusCode}`);
  }
  const stream: NodeStream<Uint8Array> = Readable.toWeb(message);
  const events: Event[] = [];
  for await (const data of readEvents(stream)) events.push(JSON.parse(data));
  return events;
}
