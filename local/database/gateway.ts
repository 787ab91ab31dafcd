import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";

import { createWebSocketStream, WebSocketServer } from "ws";

import { DATABASE_CONNECTIONS_MAX, DATABASE_MESSAGE_BYTES_MAX, DATABASE_SIGN_ON_MS } from "../../contracts/limits.ts";
import { MessageReader, ProtocolError } from "./message-reader.ts";
import { errorResponse } from "./messages.ts";
import { isSame, signOn } from "./sign-on.ts";

/** Where a gateway listens, always on the loopback address. */
export interface GatewayPorts {
  /** PostgreSQL's protocol as it is; 0 for any free port. */
  plain: number;
  /** The same inside a WebSocket, as the Neon driver speaks it; 0 for any free port. */
  webSocket: number;
}

/** What only the Workers of this start know; every user of the machine can reach a loopback port. */
export interface GatewaySecrets {
  password: string;
  /** First segment of the WebSocket's path. */
  path: string;
}

/** Serves a client that is signed on; the connection ends when it returns. */
export type Serve = (stream: Duplex, reader: MessageReader) => Promise<void>;

/** An open gateway. */
export interface Gateway {
  ports: GatewayPorts;
  /** Takes no more connections and breaks off those that there are. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
/** Time that an ended connection has to take its last bytes, in milliseconds. */
const LINGER_MS = 1_000;

/**
 * Opens the two doors to the database, plain and WebSocket.
 *
 * @param onFailure told of what is not the client's fault.
 */
export async function openGateway(
  ports: GatewayPorts,
  secrets: GatewaySecrets,
  serve: Serve,
  onFailure: (error: unknown) => void,
): Promise<Gateway> {
  const clients = new Set<Duplex>();
  const welcome = (stream: Duplex): void => {
    clients.add(stream);
    stream.once("close", () => clients.delete(stream));
    // A connection that breaks off ends its reader; there is nothing more to do about it.
    stream.on("error", () => undefined);
    void attend(stream, clients.size, secrets.password, serve).catch(onFailure);
  };

  const plain = createServer({ noDelay: true }, welcome);
  const http = createHttpServer({ noDelay: true, headersTimeout: DATABASE_SIGN_ON_MS }, (_request, response) =>
    response.writeHead(404).end(),
  );
  const webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: DATABASE_MESSAGE_BYTES_MAX,
  });
  http.on("upgrade", (request, socket: Socket, head) => {
    const path = (request.url ?? "").split("?", 1)[0]!;
    if (!isSame(path, `/${secrets.path}/v1`)) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => welcome(createWebSocketStream(webSocket)));
  });

  await listen(plain, ports.plain);
  await listen(http, ports.webSocket);
  return {
    ports: { plain: portOf(plain), webSocket: portOf(http) },
    close: async () => {
      const closed = Promise.all([plain, http].map((server) => new Promise((resolve) => server.close(resolve))));
      for (const client of clients) client.destroy();
      http.closeAllConnections();
      await closed;
    },
  };
}

async function attend(stream: Duplex, clients: number, password: string, serve: Serve): Promise<void> {
  const deadline = setTimeout(() => stream.destroy(), DATABASE_SIGN_ON_MS);
  try {
    if (clients > DATABASE_CONNECTIONS_MAX) {
      stream.write(errorResponse("FATAL", "53300", `more than ${DATABASE_CONNECTIONS_MAX} connections at once`));
      return;
    }
    const reader = new MessageReader(stream);
    const isSignedOn = await signOn(stream, reader, password);
    clearTimeout(deadline);
    if (isSignedOn) await serve(stream, reader);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    stream.write(errorResponse("FATAL", "08P01", error.message));
  } finally {
    clearTimeout(deadline);
    stream.end();
    setTimeout(() => stream.destroy(), LINGER_MS).unref();
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: LOOPBACK, port }, resolve);
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
