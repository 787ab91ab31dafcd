import { once } from "node:events";
import { connect } from "node:net";

import { type RawData, type WebSocket, WebSocketServer } from "ws";

/** Ends of what a client says before it waits: a simple query, and the `Sync` behind an extended one. */
const WAITS = new Set(["Q".charCodeAt(0), "S".charCodeAt(0)]);
const LENGTH_BYTES = 4;

/** A way to a database that counts how often it is waited for. */
export interface CountingProxy {
  /** What the control plane takes as `DATABASE_PROXY`. */
  address: string;
  /** Round trips of each connection since the last look, in the order in which they were opened. */
  take(): number[];
  close(): Promise<void>;
}

/** Carries the WebSocket of the driver to a plain port of PostgreSQL, and counts round trips by its protocol. */
export async function startCountingProxy(upstream: () => { host: string; port: number }): Promise<CountingProxy> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  let counters: RoundTrips[] = [];
  server.on("connection", (client) => {
    const counter = new RoundTrips();
    counters.push(counter);
    relay(client, upstream(), counter);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The proxy has no port.");
  return {
    address: `127.0.0.1:${address.port}/v1`,
    take: () => {
      const counted = counters.map(({ count }) => count);
      counters = [];
      return counted;
    },
    close: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((done) => server.close(done));
    },
  };
}

function relay(client: WebSocket, { host, port }: { host: string; port: number }, counter: RoundTrips): void {
  const socket = connect(port, host);
  client.on("message", (data: RawData) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
    counter.read(bytes);
    socket.write(bytes);
  });
  socket.on("data", (data: Buffer) => client.send(data));
  socket.on("close", () => client.close());
  socket.on("error", () => client.terminate());
  client.on("close", () => socket.end());
  client.on("error", () => socket.destroy());
}

/** Reads what a client of PostgreSQL sends, however it is cut (protocol 3.0: a type, then a length that counts itself). */
class RoundTrips {
  count = 0;
  #rest = Buffer.alloc(0);
  /** The first message has no type. */
  #started = false;

  read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const typeBytes = this.#started ? 1 : 0;
      if (this.#rest.length < typeBytes + LENGTH_BYTES) return;
      const end = typeBytes + this.#rest.readUInt32BE(typeBytes);
      if (this.#rest.length < end) return;
      if (this.#started && WAITS.has(this.#rest[0] ?? 0)) this.count += 1;
      this.#started = true;
      this.#rest = this.#rest.subarray(end);
    }
  }
}
