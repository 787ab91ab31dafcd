import { mkdirSync, mkdtempSync, chmodSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { bundle, endBundling } from "./bundle.ts";
import { watchCore } from "./core-watch.ts";
import { coreSockets, type Core } from "./core.ts";
import { lockFolder } from "./database/lock.ts";
import { startEdges } from "./edges.ts";
import { holdSockets } from "./listen.ts";
import { openLog, type LogFile } from "./log-file.ts";
import { settleOwner } from "./owner.ts";
import type { Progress } from "./progress.ts";
import { startReaper } from "./reaper.ts";
import { killLeftovers, removeRun, SOCKETS_PREFIX, writeRun } from "./run-file.ts";
import { openSecrets, randomToken } from "./secrets.ts";
import { addressesOf, type Settings } from "./settings.ts";
import { explainFileFault } from "./start-error.ts";
import type { WorkerCode } from "./workers.ts";

/** Time running requests have when the platform stops, in milliseconds. */
const STOP_MS = 2_500;

/** A database that is open and migrated. */
export interface LaunchedDatabase {
  /** One line for the person at the keyboard. */
  summary: string;
  /** What the control plane is bound to in order to reach it. */
  variables: Readonly<Record<string, string | undefined>>;
  close(): Promise<void>;
}

/** What a launch is made of, besides the launcher itself. */
export interface LaunchParts {
  version: string;
  /** Source file of each Worker, from the root of the project. */
  entries: Record<keyof WorkerCode, string>;
  openDatabase(dataDirectory: string, onProgress: (text: string) => void): Promise<LaunchedDatabase>;
}

/** A platform that runs. */
export interface Launched {
  /** Origin of the control plane. */
  url: string;
  /** One-time link to claim the platform; null when it has an owner. */
  setupLink: string | null;
  /** Resolves when the platform cannot go on by itself. */
  failed: Promise<Error>;
  /** Stops everything in good order. */
  stop(): Promise<void>;
}

/**
 * Starts the whole platform on one computer.
 *
 * @throws StartError when it cannot; nothing is left running then.
 */
export async function launch(settings: Settings, parts: LaunchParts, progress: Progress): Promise<Launched> {
  // Undone in reverse, when the platform stops and when the start fails halfway.
  await using undo = new AsyncDisposableStack();
  const { dataDirectory } = settings;
  prepareFolder(dataDirectory);
  const lock = lockFolder(dataDirectory);
  undo.defer(() => lock.release());
  const leftovers = killLeftovers(dataDirectory);
  if (leftovers > 0) progress.notice(`ended ${leftovers} processes that an earlier run had left behind`);

  const socketsDirectory = mkdtempSync(join(tmpdir(), SOCKETS_PREFIX));
  const reaper = startReaper(socketsDirectory);
  undo.defer(() => reaper.close());
  undo.defer(() => removeRun(dataDirectory));

  const dispatchSockets = Array.from({ length: settings.edges }, (_, index) => join(socketsDirectory, `dispatch-${index}`));
  const sockets = await holdSockets([
    { host: settings.host, port: settings.port },
    ...dispatchSockets.map((path) => ({ path })),
  ]);
  undo.defer(() => {
    for (const socket of sockets) socket.close();
  });
  const [publicSocket, ...slotSockets] = sockets;

  const secrets = explained(dataDirectory, () => openSecrets(dataDirectory));
  const openLogOf = (name: string): LogFile => {
    const log = explained(dataDirectory, () =>
      openLog(join(dataDirectory, "logs", `${name}.log`), settings.verbose ? process.stderr : undefined),
    );
    undo.defer(() => log.close());
    return log;
  };

  // The slow parts do not need each other.
  const databaseOpening = parts
    .openDatabase(dataDirectory, (text) => progress.step("database", text))
    .then((database) => {
      undo.defer(() => database.close());
      progress.step("database", database.summary);
      return database;
    });
  const [database, code, { startCore }] = await allSettledOrThrow([
    databaseOpening,
    bundleAll(parts.entries, join(dataDirectory, "cache")),
    import("./core.ts"),
  ]);

  const setupToken = randomToken();
  const { publicUrl, tenantUrl, appHost } = addressesOf(settings);
  let corePid: number | null = null;
  let edgePids: readonly number[] = [];
  const writeDown = (): void => {
    const pids = [...edgePids, ...(corePid === null ? [] : [corePid])];
    reaper.watch(pids);
    writeRun(dataDirectory, socketsDirectory, [reaper.pid, ...pids]);
  };
  const core: Core = await startCore({
    socketsDirectory,
    stateDirectory: join(dataDirectory, "state"),
    code,
    controlPlane: {
      ...database.variables,
      AUTH_SECRET: secrets.authSecret,
      SETUP_TOKEN: setupToken,
      PUBLIC_URL: publicUrl,
      TENANT_URL: tenantUrl,
      VERSION: parts.version,
    },
    dispatchSockets,
    log: openLogOf("core"),
    onRestart: () => {
      corePid = core.pid();
      writeDown();
      progress.notice("the state process had ended and was started again");
    },
  });
  undo.defer(() => core.stop());
  corePid = core.pid();
  writeDown();
  progress.step("core", "control plane and state");

  writeFileSync(join(socketsDirectory, "router.js"), code.router, { mode: 0o600 });
  const edges = startEdges({
    slots: slotSockets.map((socket, index) => ({
      directory: socketsDirectory,
      routerModule: "router.js",
      core: coreSockets(socketsDirectory),
      variables: { DOMAIN: settings.domain, APP_HOST: appHost, VERSION: parts.version, LOG_DELIVERY: "polled" },
      publicDescriptor: publicSocket?.fd ?? -1,
      dispatchDescriptor: socket.fd,
      log: openLogOf(`edge-${index}`),
    })),
    memory: { softBytes: settings.edgeMemorySoftBytes, hardBytes: settings.edgeMemoryHardBytes },
    onProcesses: (pids) => {
      edgePids = pids;
      writeDown();
    },
    onReplaced: (text) => progress.notice(text),
  });
  undo.defer(() => edges.stop(STOP_MS));
  const [setupLink] = await allSettledOrThrow([
    settleOwner({ socketPath: coreSockets(socketsDirectory).controlPlane, publicUrl, setupToken, owner: settings.owner }),
    edges.ready,
  ]);
  progress.step("edges", `${settings.edges} on port ${settings.port}`);

  const watch = watchCore(core, (text) => progress.notice(text));
  undo.defer(() => watch.stop());
  const running = undo.move();
  return { url: publicUrl, setupLink, failed: watch.failed, stop: () => running.disposeAsync() };
}

function prepareFolder(dataDirectory: string): void {
  explained(dataDirectory, () => {
    mkdirSync(join(dataDirectory, "logs"), { recursive: true, mode: 0o700 });
    // It may have been there already, made by somebody with other habits.
    chmodSync(dataDirectory, 0o700);
  });
}

/** Runs what touches the data folder; the system's faults come back as a line that a person understands. */
function explained<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw explainFileFault(error, path);
  }
}

async function bundleAll(entries: LaunchParts["entries"], cacheDirectory: string): Promise<WorkerCode> {
  const names = Object.keys(entries) as (keyof WorkerCode)[];
  const codes = await Promise.all(names.map(async (name) => [name, await bundle(entries[name], cacheDirectory)]));
  await endBundling();
  return Object.fromEntries(codes) as WorkerCode;
}

/** Like `Promise.all`, but waits for the slow ones before it fails, so that what they opened can be closed. */
async function allSettledOrThrow<T extends readonly unknown[]>(
  promises: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises)) as unknown as T;
}
