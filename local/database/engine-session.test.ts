import { duplexPair, type Duplex } from "node:stream";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { DATABASE_IDLE_IN_TRANSACTION_MS, DATABASE_WAIT_MS } from "../../contracts/limits.ts";
import { EngineFailure, type Engine } from "./engine.ts";
import { serveSession, type SharedEngine } from "./engine-session.ts";
import { MessageReader, ProtocolError } from "./message-reader.ts";
import { flush, message, query, readyForQuery, type SessionStatus, statusAtEnd, sync } from "./messages.ts";
import { Turns } from "./turns.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

/** An engine that knows transactions and nothing else, and writes down what it was given. */
class TransactionEngine implements Engine {
  readonly greeting = readyForQuery("I");
  readonly version = "18";
  readonly given: string[] = [];
  #status: SessionStatus = "I";

  async execute(messages: Buffer): Promise<{ bytes: Buffer; status: SessionStatus | null }> {
    const text = messages.toString("latin1");
    if (text.includes("break")) throw new EngineFailure("broken");
    this.given.push(/(begin|commit|ROLLBACK|select \w+)/.exec(text)?.[0] ?? text);
    if (text.includes("begin")) this.#status = "T";
    if (/commit|ROLLBACK/.test(text)) this.#status = "I";
    if (messages.subarray(-flush.length).equals(flush)) return { bytes: message("1"), status: null };
    return { bytes: readyForQuery(this.#status), status: this.#status };
  }

  async close(): Promise<void> {}
}

interface Session {
  client: Duplex;
  ended: Promise<void>;
  /** Sends messages and waits for the next thing that is said. */
  say(...messages: Buffer[]): Promise<Buffer>;
}

async function begin(shared: SharedEngine): Promise<Session> {
  const [client, server] = duplexPair();
  const ended = serveSession(server, new MessageReader(server), shared).finally(() => server.end());
  ended.catch(() => undefined);
  const heard = client[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const say = async (...messages: Buffer[]): Promise<Buffer> => {
    client.write(Buffer.concat(messages));
    return (await heard.next()).value as Buffer;
  };
  const greeting = (await heard.next()).value as Buffer;
  expect(statusAtEnd(greeting)).toBe("I");
  return { client, ended, say };
}

const newShared = (): SharedEngine & { engine: TransactionEngine } => ({
  engine: new TransactionEngine(),
  turns: new Turns(),
});

test("a session keeps its turn until its transaction ends", async () => {
  const shared = newShared();
  const [first, second] = [await begin(shared), await begin(shared)];
  await first.say(query("begin"));
  const waiting = second.say(query("select second"));
  await first.say(query("select first"));
  await first.say(query("commit"));
  expect(statusAtEnd(await waiting)).toBe("I");
  expect(shared.engine.given).toEqual(["begin", "select first", "commit", "select second"]);
});

test("a session that waits too long is told so by 55P03 and can ask again", async () => {
  const shared = newShared();
  const [first, second] = [await begin(shared), await begin(shared)];
  await first.say(query("begin"));
  const waiting = second.say(message("P", "", "select second"), sync);
  // The holder stays busy, so that its own bound does not end its turn.
  for (let waited = 0; waited < DATABASE_WAIT_MS; waited += 1_000) {
    await first.say(query("select first"));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  const refusal = await waiting;
  expect(refusal.toString("latin1")).toContain("C55P03\0");
  expect(statusAtEnd(refusal)).toBe("I");
  await first.say(query("commit"));
  expect(statusAtEnd(await second.say(query("select second")))).toBe("I");
  expect(shared.engine.given.at(-1)).toBe("select second");
});

test("the rest of a query that was refused half-way is skipped up to its end", async () => {
  const shared = newShared();
  const [first, second] = [await begin(shared), await begin(shared)];
  await first.say(query("begin"));
  const waiting = second.say(message("P", "", "select second"), flush);
  for (let waited = 0; waited < DATABASE_WAIT_MS; waited += 1_000) {
    await first.say(query("select first"));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(statusAtEnd(await waiting)).toBeNull();
  await first.say(query("commit"));
  expect(await second.say(message("E", ""), sync)).toEqual(readyForQuery("I"));
  expect(shared.engine.given).not.toContain("select second");
});

test("a transaction without a word is ended, and the next session gets its turn", async () => {
  const shared = newShared();
  const [first, second] = [await begin(shared), await begin(shared)];
  await first.say(query("begin"));
  const waiting = second.say(query("select second"));
  await vi.advanceTimersByTimeAsync(DATABASE_IDLE_IN_TRANSACTION_MS);
  await first.ended;
  await waiting;
  expect(shared.engine.given).toEqual(["begin", "ROLLBACK", "select second"]);
});

test("a session that ends takes back what it left open", async () => {
  const shared = newShared();
  const session = await begin(shared);
  await session.say(query("begin"));
  session.client.end(message("X"));
  await session.ended;
  expect(shared.engine.given).toEqual(["begin", "ROLLBACK"]);
});

test("a session that did nothing costs the engine nothing", async () => {
  const shared = newShared();
  const session = await begin(shared);
  session.client.end();
  await session.ended;
  expect(shared.engine.given).toEqual([]);
});

test("a message that would end the engine is refused before it gets there", async () => {
  const shared = newShared();
  const session = await begin(shared);
  session.client.write(message("d", "row"));
  await expect(session.ended).rejects.toBeInstanceOf(ProtocolError);
  expect(shared.engine.given).toEqual([]);
});

test("a broken engine is reported, not asked again", async () => {
  const shared = newShared();
  const session = await begin(shared);
  session.client.write(query("break"));
  await expect(session.ended).rejects.toBeInstanceOf(EngineFailure);
});
