import { setFlagsFromString } from "node:v8";

import type { PGlite, PGliteOptions } from "@electric-sql/pglite";

import { flush, type SessionStatus, startup, statusAtEnd } from "./messages.ts";

/**
 * PostgreSQL in WebAssembly inside this thread: one session, driven by protocol messages. After a fatal error
 * it never answers again and the next message can spin for ever, so whoever runs it must then throw it away.
 */
export interface Engine {
  /** What a client is told once it is signed on: settings of the session, then ReadyForQuery. */
  readonly greeting: Buffer;
  /** Version of PostgreSQL, such as `18.6`. */
  readonly version: string;
  /**
   * Runs whole messages of a client, the last of which is answered at once. The caller holds the turn.
   *
   * @throws EngineFailure when the engine is dead.
   */
  execute(messages: Buffer): Promise<EngineAnswer>;
  close(): Promise<void>;
}

/** What the engine sent, and the state it then was in; null when the client did not ask for the end yet. */
interface EngineAnswer {
  bytes: Buffer;
  status: SessionStatus | null;
}

/** The engine is dead; what it had acknowledged is in its folder. */
export class EngineFailure extends Error {
  override readonly name = "EngineFailure";
}

// Only its baseline code is kept: the optimising compiler triples the memory for no measurable speed here.
setFlagsFromString("--no-wasm-tier-up");
setFlagsFromString("--no-wasm-dynamic-tiering");

/** The share of memory that PostgreSQL sets aside; the default of 128 MiB is touched at once and serves servers. */
const SETTINGS = ["shared_buffers=8MB", "wal_buffers=256kB", "max_connections=4", "max_wal_size=64MB"];

/** Makes an empty database in a folder that does not exist yet. */
export async function createEngineFolder(directory: string): Promise<void> {
  const engine = await load(directory, {
    initDbStartParams: ["-c", "shared_buffers=8MB", "-c", "max_connections=4", "--wal-segsize=1"],
  });
  await engine.close();
}

/** Opens the database in a folder, recovering what a killed process left. */
export async function openEngine(directory: string): Promise<Engine> {
  const engine = await load(directory, {});
  let failure: EngineFailure | undefined;
  const execute = async (messages: Buffer): Promise<EngineAnswer> => {
    if (failure !== undefined) throw failure;
    const bytes = await answerOf(engine, messages);
    const status = bytes === null ? null : statusAtEnd(bytes);
    if (bytes !== null && (status !== null || endsInFlush(messages))) return { bytes, status };
    failure = new EngineFailure("the embedded database stopped");
    throw failure;
  };
  const { bytes: greeting } = await execute(startup({ user: "postgres", database: "postgres" }));
  return {
    greeting,
    version: /server_version\0([^\0]+)/.exec(greeting.toString("latin1"))?.[1] ?? "unknown",
    execute,
    close: () => engine.close(),
  };
}

async function load(directory: string, options: PGliteOptions): Promise<PGlite> {
  const { PGlite } = await import("@electric-sql/pglite");
  const lines: string[] = [];
  try {
    return await PGlite.create({
      dataDir: directory,
      startParams: [...PGlite.defaultStartParams, ...SETTINGS.flatMap((setting) => ["-c", setting])],
      onStderr: (line) => lines.push(line) === 0,
      ...options,
    });
  } catch (error) {
    const said = lines.findLast((line) => /(FATAL|PANIC):/.test(line));
    throw said === undefined ? error : new EngineFailure(said, { cause: error });
  }
}

/** Runs messages and collects what the engine sends; null when it broke down. */
async function answerOf(engine: PGlite, messages: Buffer): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  try {
    // The stream form, because the other keeps every message it ever parsed.
    await engine.execProtocolRawStream(messages, {
      syncToFs: false,
      onRawData: (bytes) => parts.push(Buffer.from(bytes)),
    });
  } catch {
    return null;
  }
  return Buffer.concat(parts);
}

/** A client that ends in Flush wants what there is, and Sync comes later. */
function endsInFlush(messages: Buffer): boolean {
  return messages.subarray(-flush.length).equals(flush);
}
