import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { desk, type Desk } from "./desk.ts";
import { Refusal, said, type Reply } from "./operations.ts";

const BODY_BYTES_MAX = 256 * 1024;

export interface PracticeOptions {
  /** What every call has to show as a bearer. */
  token: string;
  /** Where it writes down what it has; null keeps nothing. */
  stateFile: string | null;
  /** Least time between two calls about one machine, in milliseconds; sooner ones get 429. */
  paceMs?: number;
}

/** A provider of machines to practise with: on this computer, with faults on demand. */
export interface PracticeProvider {
  url: string;
  /** Ends the machines' programs; what there is of machines stays written down. */
  stop(): Promise<void>;
}

/**
 * Starts it on the loopback interface, with what an earlier run left. Each started machine listens on a port of its own.
 * Besides the API that drivers use (`/v1`), `/faults` says what is to fail and `/resources` shows all there is.
 *
 * @throws StartError when what an earlier run left cannot be understood.
 */
export async function startPracticeProvider(options: PracticeOptions): Promise<PracticeProvider> {
  const behind = desk(options);
  await behind.open();
  const server = createServer((asked, answer) => {
    respond(options.token, behind, asked, answer).catch(() => answer.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      behind.close();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(token: string, behind: Desk, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const text = await readBody(asked);
  if (!isSame(asked.headers.authorization ?? "", `Bearer ${token}`)) {
    return send(answer, said(new Refusal(401, "unauthorized", "The token is not good.")));
  }
  if (text === null) return send(answer, said(new Refusal(413, "too_large", "The body is too long.")));
  const url = new URL(asked.url ?? "/", "http://provider");
  const { reply, ending, headers, waitMs } = behind.ask(asked.method ?? "GET", url, text);
  if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs));
  if (ending === "hangs") return;
  if (ending === "lost") return void asked.socket.destroy();
  for (const [name, value] of Object.entries(headers)) answer.setHeader(name, value);
  send(answer, reply);
}

function send(answer: ServerResponse, { status, body }: Reply): void {
  if (body === undefined) return void answer.writeHead(status).end();
  answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** The body; null when it is too long. */
async function readBody(asked: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of asked as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return length > BODY_BYTES_MAX ? null : Buffer.concat(chunks).toString("utf8");
}

const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
