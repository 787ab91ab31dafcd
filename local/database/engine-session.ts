import type { Duplex } from "node:stream";

import {
  DATABASE_IDLE_IN_TRANSACTION_MS,
  DATABASE_MESSAGE_BYTES_MAX,
  DATABASE_WAIT_MS,
} from "../../contracts/limits.ts";
import type { Engine } from "./engine.ts";
import { type ClientMessage, type MessageReader, ProtocolError } from "./message-reader.ts";
import { errorResponse, query, readyForQuery, sync } from "./messages.ts";
import type { EndTurn, Turns } from "./turns.ts";

/** What the sessions of one engine share. */
export interface SharedEngine {
  engine: Engine;
  turns: Turns;
}

/** What a session may send: queries in both forms. A copy from the client would end the engine. */
const TYPES = new Set("QPBDECSHX");
/** After these the client waits for an answer, so that what was gathered has to run. */
const ANSWERED = new Set("QSH");
/** What a connection that ends leaves behind on a server of its own is nothing; here it is undone. */
const LEAVE = Buffer.concat([sync, query("ROLLBACK"), query("DISCARD ALL")]);

/**
 * Serves one signed-on client. The engine has a single session that all clients share, so a client takes its
 * turn with its first message and keeps it until the engine reports that it is outside a transaction.
 *
 * @throws EngineFailure when the engine is dead.
 * @throws ProtocolError when the client breaks the protocol.
 */
export async function serveSession(stream: Duplex, reader: MessageReader, shared: SharedEngine): Promise<void> {
  const gone = new AbortController();
  stream.once("close", () => gone.abort());
  const session = new EngineSession(shared, gone.signal);
  stream.write(shared.engine.greeting);
  try {
    for (;;) {
      const next = await (session.holdsTurn ? readSoon(reader) : reader.read());
      if (next === "idle") stream.write(IDLE_TOO_LONG);
      if (next === null || next === "idle" || next.type === "X") return;
      const answer = await session.take(next);
      if (answer.length > 0) stream.write(answer);
    }
  } finally {
    await session.leave();
  }
}

class EngineSession {
  readonly #shared: SharedEngine;
  readonly #gone: AbortSignal;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #endTurn: EndTurn | null = null;
  #ranSomething = false;
  #refusing = false;

  constructor(shared: SharedEngine, gone: AbortSignal) {
    this.#shared = shared;
    this.#gone = gone;
  }

  get holdsTurn(): boolean {
    return this.#endTurn !== null;
  }

  /** Takes a message in and returns what the client is told now. */
  async take({ type, bytes }: ClientMessage): Promise<Buffer> {
    if (!TYPES.has(type)) throw new ProtocolError(`no message of type ${JSON.stringify(type)} is taken here`);
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes > DATABASE_MESSAGE_BYTES_MAX) throw new ProtocolError("too much without a Sync");
    if (!ANSWERED.has(type)) return Buffer.alloc(0);
    const messages = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    return this.#run(messages, type !== "H");
  }

  /** Undoes what the client left open and ends its turn. */
  async leave(): Promise<void> {
    if (!this.#ranSomething) return;
    const { engine, turns } = this.#shared;
    const endTurn = this.#endTurn ?? (await turns.take(Infinity));
    try {
      await engine.execute(LEAVE);
    } finally {
      endTurn?.();
    }
  }

  async #run(messages: Buffer, toTheEnd: boolean): Promise<Buffer> {
    // The rest of an extended query that was refused is skipped up to its Sync, as PostgreSQL does.
    if (this.#refusing) return this.#refuse(toTheEnd, Buffer.alloc(0));
    this.#endTurn ??= await this.#shared.turns.take(DATABASE_WAIT_MS, this.#gone);
    if (this.#endTurn === null) return this.#refuse(toTheEnd, WAITED_TOO_LONG);
    this.#ranSomething = true;
    const { bytes, status } = await this.#shared.engine.execute(messages);
    if (toTheEnd && status === "I") {
      this.#endTurn();
      this.#endTurn = null;
    }
    return bytes;
  }

  #refuse(toTheEnd: boolean, error: Buffer): Buffer {
    this.#refusing = !toTheEnd;
    return toTheEnd ? Buffer.concat([error, readyForQuery("I")]) : error;
  }
}

const WAITED_TOO_LONG = errorResponse(
  "ERROR",
  "55P03",
  `the embedded database was busy with another transaction for ${DATABASE_WAIT_MS} ms`,
);

const IDLE_TOO_LONG = errorResponse(
  "FATAL",
  "25P03",
  `a transaction was idle for ${DATABASE_IDLE_IN_TRANSACTION_MS} ms`,
);

/** A client that says nothing inside its transaction would hold up all the others. */
async function readSoon(reader: MessageReader): Promise<ClientMessage | null | "idle"> {
  let timeout: NodeJS.Timeout | undefined;
  const idle = new Promise<"idle">((resolve) => {
    timeout = setTimeout(() => resolve("idle"), DATABASE_IDLE_IN_TRANSACTION_MS);
  });
  return Promise.race([reader.read(), idle]).finally(() => clearTimeout(timeout));
}
