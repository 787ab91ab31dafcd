import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { WebSocketServer } from "ws";

import { MACHINE_SECRET_HEADER } from "../../contracts/machines.ts";

const SLOW_MS_MAX = 120_000;
const BIG_BYTES_MAX = 1024 * 1024 * 1024;
const CHUNKS_MAX = 10_000;
const CHUNK_BYTES = 64 * 1024;
const FRAME_BYTES_MAX = 1024 * 1024;
const CONNECTIONS_MAX = 2_000;

export interface GuestOptions {
  /** What it says of itself. */
  about: Readonly<Record<string, unknown>>;
  /** Port to take where it is free. */
  port: number | null;
  /** How it answers: well, with 500, or not at all. */
  mood: "well" | "sick" | "silent";
  onLine(text: string): void;
  /** It ends by itself. */
  onExit(code: number): void;
}

/** The program in a practice machine. */
export interface Guest {
  port: number;
  stop(): void;
}

/** Starts it on the loopback interface. */
export async function startGuest(options: GuestOptions): Promise<Guest> {
  const server = createServer((asked, answer) => {
    if (options.mood === "silent") return;
    respond(options, asked, answer).catch(() => answer.destroy());
  });
  server.maxConnections = CONNECTIONS_MAX;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES_MAX });
  sockets.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("error", () => socket.terminate());
  });
  server.on("upgrade", (asked, socket, head) => {
    if (options.mood !== "well" || !asked.url?.startsWith("/ws")) socket.destroy();
    else sockets.handleUpgrade(asked, socket, head, (opened) => sockets.emit("connection", opened, asked));
  });
  const port = await listen(server, options.port);
  return {
    port,
    stop: () => {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Takes the port that is wished for, and another where that is taken. */
async function listen(server: Server, wished: number | null): Promise<number> {
  for (const port of wished === null ? [0] : [wished, 0]) {
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || port === 0) throw error;
    }
  }
  throw new Error("There is no free port.");
}

async function respond(options: GuestOptions, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(asked.url ?? "/", "http://machine");
  const number = (name: string, standard: number, most: number): number =>
    Math.min(Math.max(Number(searchParams.get(name) ?? standard) || 0, 0), most);
  options.onLine(`${asked.method} ${pathname}`);
  if (options.mood === "sick") return void answer.writeHead(500).end("sick\n");
  const [, word = "", detail] = pathname.split("/");
  switch (word) {
    case "slow":
      await pause(number("ms", 1_000, SLOW_MS_MAX));
      return void answer.end("slow\n");
    case "status":
      return void answer.writeHead(/^[2-5]\d\d$/.test(detail ?? "") ? Number(detail) : 400).end();
    case "stream": {
      answer.writeHead(200, { "content-type": "text/plain" });
      const pauseMs = number("ms", 100, SLOW_MS_MAX);
      for (let index = 0; index < number("chunks", 5, CHUNKS_MAX) && !answer.destroyed; index++) {
        answer.write(`${index}\n`);
        await pause(pauseMs);
      }
      return void answer.end();
    }
    case "big": {
      const bytes = number("bytes", 1024 * 1024, BIG_BYTES_MAX);
      answer.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes });
      return pipeline(Readable.from(pieces(bytes)), answer);
    }
    case "echo":
      answer.writeHead(200, { "content-type": asked.headers["content-type"] ?? "application/octet-stream" });
      return void asked.pipe(answer);
    case "exit":
      answer.end("bye\n");
      await pause(10);
      return options.onExit(number("code", 1, 255));
    default:
      answer.writeHead(200, { "content-type": "application/json" });
      answer.end(JSON.stringify({ ...options.about, method: asked.method, url: asked.url, headers: headersOf(asked) }));
  }
}

/** Shows that the shared secret came, and not what it is: whoever asks the machine would see it. */
function headersOf(asked: IncomingMessage): IncomingMessage["headers"] {
  const secret = asked.headers[MACHINE_SECRET_HEADER];
  if (secret === undefined) return asked.headers;
  return { ...asked.headers, [MACHINE_SECRET_HEADER]: `${String(secret).length} characters` };
}

function* pieces(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(CHUNK_BYTES, "isola ");
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) yield piece.subarray(0, Math.min(left, CHUNK_BYTES));
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
