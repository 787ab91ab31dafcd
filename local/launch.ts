import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { bundleAll } from "./bundle.ts";
import { watchCore } from "./core-watch.ts";
import { coreSockets } from "./core-sockets.ts";
import type { Core } from "./core.ts";
import { inDataFolder, openDataLog, prepareDataFolder } from "./data-folder.ts";
import { lockFolder } from "./database/lock.ts";
import { startEdges, type Edges } from "./edges.ts";
import { holdSockets, type HeldSocket } from "./listen.ts";
import { settleOwner } from "./owner.ts";
import type { Progress } from "./progress.ts";
import { openRegister, type Register } from "./register.ts";
import { killLeftovers, SOCKETS_PREFIX } from "./run-file.ts";
import { openSecrets, randomToken } from "./secrets.ts";
import { addressesOf, type Settings } from "./settings.ts";
import type { WorkerCode } from "./workers.ts";

/** Time running requests have when the platform stops, in milliseconds. */
const STOP_MS = 2_500;

/** A database that is open and migrated. */
export interface LaunchedDatabase {
  /** What the control plane is bound to in order to reach it. */
  variables: Readonly<Record<string, string>>;
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

/** What the processes of one run share. */
interface Ground {
  settings: Settings;
  parts: LaunchParts;
  progress: Progress;
  /** Undone in reverse, when the platform stops and when the start fails halfway. */
  undo: AsyncDisposableStack;
  register: Register;
  /** Private folder for sockets; gone with the run. */
  socketsDirectory: string;
  setupToken: string;
}

/**
 * Starts the whole platform on one computer.
 *
 * @throws StartError when it cannot; nothing is left running then.
 */
export async function launch(settings: Settings, parts: LaunchParts, progress: Progress): Promise<Launched> {
  await using undo = new AsyncDisposableStack();
  const { socketsDirectory, register } = takeDataFolder(settings, progress, undo);
  const ground: Ground = { settings, parts, progress, undo, register, socketsDirectory, setupToken: randomToken() };

  const dispatchSockets = Array.from({ length: settings.edges }, (_, index) => join(socketsDirectory, `edge-${index}`));
  const { host, port } = settings;
  const sockets = await holdSockets([{ host, port }, ...dispatchSockets.map((path) => ({ path }))]);
  undo.defer(() => {
    for (const socket of sockets) socket.close();
  });
  // The slow parts do not need each other. All are waited for before one may fail, so that what they open is undone.
  const opening = openDatabase(ground);
  const bundling = bundleAll(parts.entries, join(settings.dataDirectory, "cache"));
  await Promise.allSettled([opening, bundling, import("./core.ts")]);
  const code = await bundling;
  const core = await runCore(ground, await opening, code, dispatchSockets);
  const edges = runEdges(ground, code, sockets);
  const { publicUrl } = addressesOf(settings);
  const { setupToken } = ground;
  const socketPath = coreSockets(socketsDirectory).controlPlane;
  const settling = settleOwner({ socketPath, publicUrl, setupToken, owner: settings.owner });
  await Promise.allSettled([settling, edges.ready]);
  await edges.ready;
  const setupLink = await settling;
  progress.step("edges", `${settings.edges} on port ${port}`);

  const watch = watchCore(core, progress.notice);
  undo.defer(() => watch.stop());
  const running = undo.move();
  return { url: publicUrl, setupLink, failed: watch.failed, stop: () => running.disposeAsync() };
}

/** Makes the data folder ours alone: its lock, and nothing left over of an earlier run. */
function takeDataFolder({ dataDirectory }: Settings, progress: Progress, undo: AsyncDisposableStack) {
  prepareDataFolder(dataDirectory);
  const lock = lockFolder(dataDirectory);
  undo.defer(() => lock.release());
  const leftovers = killLeftovers(dataDirectory);
  if (leftovers > 0) progress.notice(`ended ${leftovers} processes that an earlier run had left behind`);
  const socketsDirectory = mkdtempSync(join(tmpdir(), SOCKETS_PREFIX));
  const register = openRegister(dataDirectory, socketsDirectory);
  undo.defer(() => register.close());
  return { socketsDirectory, register };
}

async function openDatabase({ settings, parts, progress, undo }: Ground): Promise<LaunchedDatabase> {
  const database = await parts.openDatabase(settings.dataDirectory, (text) => progress.step("database", text));
  undo.defer(() => database.close());
  return database;
}

async function runCore(
  { settings, parts, progress, undo, register, socketsDirectory, setupToken }: Ground,
  database: LaunchedDatabase,
  code: WorkerCode,
  dispatchSockets: readonly string[],
): Promise<Core> {
  const { dataDirectory, verbose } = settings;
  const { authSecret } = inDataFolder(dataDirectory, () => openSecrets(dataDirectory));
  const log = openDataLog(dataDirectory, "core", verbose);
  undo.defer(() => log.close());
  const { publicUrl, tenantUrl } = addressesOf(settings);
  const { startCore } = await import("./core.ts");
  const core = await startCore({
    socketsDirectory,
    stateDirectory: join(dataDirectory, "state"),
    code,
    controlPlane: {
      ...database.variables,
      AUTH_SECRET: authSecret,
      SETUP_TOKEN: setupToken,
      PUBLIC_URL: publicUrl,
      TENANT_URL: tenantUrl,
      VERSION: parts.version,
    },
    dispatchSockets,
    log,
    onProcess: (pid) => register.set("core", [pid]),
    onRestart: () => progress.notice("the state process had ended and was started again"),
  });
  undo.defer(() => core.stop());
  progress.step("core", "control plane and state");
  return core;
}

function runEdges(
  { settings, parts, progress, undo, register, socketsDirectory }: Ground,
  code: WorkerCode,
  [publicSocket, ...dispatchSockets]: readonly HeldSocket[],
): Edges {
  const { dataDirectory, verbose, domain } = settings;
  const routerModule = "router.js";
  writeFileSync(join(socketsDirectory, routerModule), code.router, { mode: 0o600 });
  const { appHost } = addressesOf(settings);
  const slots = dispatchSockets.map((socket, index) => {
    const log = openDataLog(dataDirectory, `edge-${index}`, verbose);
    undo.defer(() => log.close());
    return {
      directory: socketsDirectory,
      routerModule,
      core: coreSockets(socketsDirectory),
      variables: { DOMAIN: domain, APP_HOST: appHost, VERSION: parts.version, LOG_DELIVERY: "polled" },
      publicDescriptor: publicSocket?.fd ?? -1,
      dispatchDescriptor: socket.fd,
      log,
    };
  });
  const edges = startEdges({
    slots,
    memory: { softBytes: settings.edgeMemorySoftBytes, hardBytes: settings.edgeMemoryHardBytes },
    onProcesses: (pids) => register.set("edges", pids),
    onReplaced: progress.notice,
  });
  undo.defer(() => edges.stop(STOP_MS));
  return edges;
}
