import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";

import { Client, DatabaseError } from "pg";

import {
  DATABASE_CONNECT_MS,
  DATABASE_IDLE_IN_TRANSACTION_MS,
  DATABASE_SPARE_CONNECTIONS,
} from "../../contracts/limits.ts";
import type { MessageReader } from "./message-reader.ts";
import { errorResponse, parameterStatus, readyForQuery } from "./messages.ts";

/** A connection to a real PostgreSQL that is signed on and that nobody has used yet. */
interface Line {
  stream: Duplex;
  /** What a client is told once it is signed on. */
  greeting: Buffer;
}

/**
 * A real PostgreSQL behind the gateway. The gateway signs on, whatever form of password and of TLS the server
 * asks for, so that the Workers neither know its password nor pay for the hand-shake: a few connections wait
 * signed on. Each serves one client and ends with it, so nothing of a session is ever handed on.
 */
export class Upstream {
  readonly #connectionString: string;
  readonly #spares = new Set<Line>();
  #opening = 0;
  #closed = false;

  constructor(connectionString: string) {
    this.#connectionString = connectionString;
  }

  /** Serves one signed-on client until either side ends. */
  async serve(stream: Duplex, reader: MessageReader): Promise<void> {
    let line: Line;
    try {
      line = this.#takeSpare() ?? (await signOnUpstream(this.#connectionString));
    } catch (error) {
      const code = error instanceof DatabaseError ? (error.code ?? "08006") : "08006";
      const text = `PostgreSQL takes no connection: ${error instanceof Error ? error.message : String(error)}`;
      stream.write(errorResponse("FATAL", code, text));
      return;
    }
    this.prepareSpares();
    stream.write(line.greeting);
    const ways = [pipeline(reader.rest(), line.stream), pipeline(line.stream, stream)];
    try {
      await Promise.race(ways);
    } catch {
      // Either side broke off; both end below.
    } finally {
      line.stream.destroy();
      await Promise.allSettled(ways);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { stream } of this.#spares) stream.destroy();
    this.#spares.clear();
  }

  #takeSpare(): Line | null {
    const [line] = this.#spares;
    if (line === undefined) return null;
    this.#spares.delete(line);
    line.stream.removeAllListeners("data").pause();
    return line;
  }

  /** Signs connections on before anybody asks for them. */
  prepareSpares(): void {
    while (!this.#closed && this.#spares.size + this.#opening < DATABASE_SPARE_CONNECTIONS) {
      this.#opening++;
      void this.#addSpare();
    }
  }

  async #addSpare(): Promise<void> {
    try {
      const line = await signOnUpstream(this.#connectionString);
      if (this.#closed) line.stream.destroy();
      else this.#keep(line);
    } catch {
      // The next client finds out for itself and is told.
    } finally {
      this.#opening--;
    }
  }

  #keep(line: Line): void {
    this.#spares.add(line);
    line.stream.once("close", () => this.#spares.delete(line));
    // A server that speaks to a connection nobody uses is about to end it.
    line.stream.once("data", () => line.stream.destroy()).resume();
  }
}

/** Connects and signs on with the client library, then takes the bare connection over from it. */
async function signOnUpstream(connectionString: string): Promise<Line> {
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: DATABASE_CONNECT_MS,
    keepAlive: true,
    // A Worker that ended in the middle of a transaction can leave its connection open for long.
    idle_in_transaction_session_timeout: DATABASE_IDLE_IN_TRANSACTION_MS,
  });
  client.on("error", () => undefined);
  const settings: Buffer[] = [];
  client.connection.on("parameterStatus", (setting: { parameterName: string; parameterValue: string }) => {
    settings.push(parameterStatus(setting.parameterName, setting.parameterValue));
  });
  await client.connect();
  const { stream } = client.connection;
  stream.removeAllListeners("data").pause();
  return { stream, greeting: Buffer.concat([...settings, readyForQuery("I")]) };
}
