import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";

import type { ReadableStream as NodeStream } from "node:stream/web";

import { readEvents } from "../../../contracts/event-stream.ts";
import type { Core } from "./core.ts";

/** A live tail over HTTP. */
export interface Followed {
  headers: IncomingMessage["headers"];
  /** The next event's data. */
  next(): Promise<unknown>;
  end(): void;
}

/** Connects to an org's tail; rejects with the status where it is refused. */
export async function followTail({ address }: Core, slug: string, token: string, query = ""): Promise<Followed> {
  const path = `/api/v1/orgs/${slug}/executions/tail?${query}`;
  const headers = { host: "app.localhost:8787", authorization: `Bearer ${token}` };
  const message = await new Promise<IncomingMessage>((done, fail) => {
    request({ host: address.hostname, port: address.port, path, headers }, done).on("error", fail).end();
  });
  if (message.statusCode !== 200) {
    message.destroy();
    throw new Error(`refused: ${message.statusCode}`);
  }
  const stream: NodeStream<Uint8Array> = Readable.toWeb(message);
  const events = readEvents(stream);
  return {
    headers: message.headers,
    next: async () => {
      const { value } = await events.next();
      return value === undefined ? null : (JSON.parse(value) as unknown);
    },
    end: () => void message.destroy(),
  };
}
