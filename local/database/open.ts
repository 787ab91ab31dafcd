import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

import { DATABASE_FREE_BYTES_MIN } from "../../contracts/limits.ts";
import { explainFileFault, StartError } from "../start-error.ts";
import { probeDatabase } from "./database-url.ts";
import type { GatewaySecrets } from "./gateway.ts";
import { type KeptWorker, keepWorker, runWorker } from "./keeper.ts";
import { lockFolder } from "./lock.ts";

/** Where the database comes from, and who is told of its start. */
export interface DatabaseOptions {
  /** The data folder; the embedded database lives in a folder of its own inside it. */
  dataDirectory: string;
  /** A real PostgreSQL instead of the embedded database. */
  databaseUrl?: string | undefined;
  /** Told what is being done, and later when the database thread had to be replaced. */
  onProgress: (text: string) => void;
}

/** An open database. Everybody, Workers and migrations, reaches it through its gateway. */
export interface OpenDatabase {
  /** `postgres://…` of the gateway's plain port, with a password that is new at every start. */
  databaseUrl: string;
  /** `127.0.0.1:<port>/<secret>/v1`, for `neonConfig.wsProxy`; the driver's defaults fit the rest. */
  databaseProxy: string;
  kind: "embedded" | "postgres";
  /** Version of PostgreSQL. */
  version: string;
  close(): Promise<void>;
}

const ANY_PORTS = { plain: 0, webSocket: 0 };

/**
 * Opens the database: the embedded one in the data folder, made at the first start, or the PostgreSQL at an
 * address.
 *
 * @throws StartError when that cannot work; the data are as they were.
 */
export async function openDatabase(options: DatabaseOptions): Promise<OpenDatabase> {
  return options.databaseUrl === undefined
    ? openEmbedded(options)
    : openPostgres(options.databaseUrl, options.onProgress);
}

async function openPostgres(databaseUrl: string, onProgress: (text: string) => void): Promise<OpenDatabase> {
  const { version, place } = await probeDatabase(databaseUrl);
  onProgress(`PostgreSQL ${version} at ${place}`);
  const secrets = newSecrets();
  const worker = await keepWorker(
    { task: "relay", connectionString: databaseUrl, ports: ANY_PORTS, secrets },
    (reason) => onProgress(`the way to PostgreSQL is opened again: ${reason}`),
  );
  return { ...addresses(worker, secrets), kind: "postgres", version, close: () => worker.close() };
}

async function openEmbedded({ dataDirectory, onProgress }: DatabaseOptions): Promise<OpenDatabase> {
  const directory = join(dataDirectory, "database");
  makeFolder(dataDirectory);
  const lock = lockFolder(dataDirectory, "database.lock");
  try {
    if (!existsSync(join(directory, "PG_VERSION"))) await create(directory, onProgress);
    const secrets = newSecrets();
    const worker = await keepWorker({ task: "embedded", directory, ports: ANY_PORTS, secrets }, (reason) =>
      onProgress(`the embedded database is started again: ${reason}`),
    );
    const { version } = worker.ready;
    onProgress(`embedded PostgreSQL ${version}`);
    const close = (): Promise<void> => worker.close().finally(() => lock.release());
    return { ...addresses(worker, secrets), kind: "embedded", version, close };
  } catch (error) {
    lock.release();
    throw explainFault(error, directory);
  }
}

/** Makes the database beside its place and moves it there whole, so that a half-made one is never opened. */
async function create(directory: string, onProgress: (text: string) => void): Promise<void> {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new StartError(`${directory} holds files but no database`, "move them away, or set ISOLA_DATA elsewhere");
  }
  onProgress("creating the embedded database, some seconds once");
  const draft = `${directory}.new`;
  try {
    rmSync(draft, { recursive: true, force: true });
    await runWorker({ task: "create", directory: draft });
    renameSync(draft, directory);
  } catch (error) {
    // Judged before the draft is removed and the room it took is free again.
    const explained = explainFault(error, directory);
    rmSync(draft, { recursive: true, force: true });
    throw explained;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainFileFault(error, path);
  }
}

/** The engine reports most faults of the disk as its own, so the disk is asked. */
function explainFault(error: unknown, directory: string): unknown {
  if (error instanceof StartError) return error;
  const { bavail, bsize } = statfsSync(join(directory, ".."));
  if (bavail * bsize < DATABASE_FREE_BYTES_MIN) {
    return explainFileFault(Object.assign(new Error("disk full", { cause: error }), { code: "ENOSPC" }), directory);
  }
  const explained = explainFileFault(error, directory);
  if (explained instanceof StartError) return explained;
  const reason = error instanceof Error ? error.message : String(error);
  return new StartError(
    `the embedded database in ${directory} does not start: ${reason}`,
    "its files are as they were; restore a copy of the folder, or set ISOLA_DATA to another one",
    { cause: error },
  );
}

function newSecrets(): GatewaySecrets {
  const random = (): string => randomBytes(24).toString("base64url");
  return { password: random(), path: random() };
}

function addresses(worker: KeptWorker, secrets: GatewaySecrets): Pick<OpenDatabase, "databaseUrl" | "databaseProxy"> {
  const { plain, webSocket } = worker.ready.ports;
  return {
    databaseUrl: `postgres://postgres:${secrets.password}@127.0.0.1:${plain}/postgres`,
    databaseProxy: `127.0.0.1:${webSocket}/${secrets.path}/v1`,
  };
}
