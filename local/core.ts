import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";
import { workerdPath } from "./workerd.ts";

import { ask } from "./ask.ts";
import { coreSocketFile, directSocket } from "./core-sockets.ts";
import { RPC_CONNECT_HOST } from "./edge-config.ts";
import type { LogFile } from "./log-file.ts";
import { StartError } from "./start-error.ts";
import {
  controlPlaneWorker,
  durableObjectsWorker,
  keeperWorker,
  type ControlPlaneVariables,
  type WorkerCode,
} from "./workers.ts";

/** Time the control plane's clock work may take, in milliseconds. */
const TICK_MS = 50_000;

export interface CoreOptions {
  /** Private folder for the sockets. */
  socketsDirectory: string;
  /** Where objects and projections are kept. */
  stateDirectory: string;
  code: Omit<WorkerCode, "router">;
  controlPlane: ControlPlaneVariables;
  /** Path of each edge's dispatch socket. */
  dispatchSockets: readonly string[];
  log: LogFile;
  /** Told which process the runtime is, at the start and after each restart. */
  onProcess(pid: number): void;
  /** Told when the runtime had died and runs again. */
  onRestart(): void;
}

/** The state process: the control plane and the Durable Objects in one Miniflare. */
export interface Core {
  /** The runtime's process; another one after a restart. */
  pid(): number | null;
  /** Resolves when the core answers. */
  beat(timeoutMs: number): Promise<void>;
  /** Lets the control plane do what is due. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the core and resolves when it answers. Its runtime is reached through Unix sockets in the private folder
 * and through nothing else.
 *
 * @throws StartError when the runtime does not start.
 */
export async function startCore(options: CoreOptions): Promise<Core> {
  const { socketsDirectory } = options;
  const dispatch = Object.fromEntries(
    options.dispatchSockets.map((path, index) => [
      `DISPATCH_${index}`,
      { external: { address: `unix:${path}`, http: { capnpConnectHost: RPC_CONNECT_HOST } } },
    ]),
  );
  const { code } = options;
  const keeper = keeperWorker(code.keeper);
  const controlPlane = controlPlaneWorker(code.controlPlane, options.controlPlane, dispatch);
  const durableObjects = durableObjectsWorker(code.durableObjects);
  keeper.unsafeDirectSockets = [
    directSocket(socketsDirectory, "projections", "kvReader"),
    directSocket(socketsDirectory, "pulse", "pulse"),
  ];
  controlPlane.unsafeDirectSockets = [
    directSocket(socketsDirectory, "control-plane"),
    directSocket(socketsDirectory, "directory", "Directory"),
  ];
  durableObjects.unsafeDirectSockets = [directSocket(socketsDirectory, "state")];

  const tellProcess = (): void => {
    const pid = readPid(socketsDirectory);
    if (pid !== null) options.onProcess(pid);
  };
  process.env["MINIFLARE_WORKERD_PATH"] = resolve(import.meta.dirname, "core/workerd.sh");
  const miniflare = createMiniflare(
    {
      ...sharedOptions({
        ...options,
        onRestart: () => {
          tellProcess();
          options.onRestart();
        },
      }),
      unsafeRuntimeEnv: { ISOLA_SOCKETS: socketsDirectory, ISOLA_WORKERD: workerdPath },
      workers: [keeper, controlPlane, durableObjects],
    },
    socketsDirectory,
  );
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose().catch(() => {});
    options.log.write(`${String(error)}\n`);
    throw new StartError("the state process does not start", "look into logs/core.log in the data folder", {
      cause: error,
    });
  }
  tellProcess();
  const pulse = async (method: "GET" | "POST", path: string, timeoutMs: number): Promise<void> => {
    const status = await ask({ socketPath: coreSocketFile(socketsDirectory, "pulse"), method, path, timeoutMs });
    if (status !== 200) throw new Error(`The core answered ${path} with ${status}.`);
  };
  return {
    pid: () => readPid(socketsDirectory),
    beat: (timeoutMs) => pulse("GET", "/beat", timeoutMs),
    tick: () => pulse("POST", "/tick", TICK_MS),
    stop: () => miniflare.dispose(),
  };
}

/** What every Miniflare of the launcher has in common: nothing from the network, nothing on the terminal. */
export function sharedOptions(options: Pick<CoreOptions, "stateDirectory" | "log" | "onRestart">) {
  return {
    host: "127.0.0.1",
    port: 0,
    // Left out, Miniflare would fetch a description of this computer's place from the network.
    cf: false,
    logRequests: false,
    telemetry: { enabled: false },
    log: new FileLog(options.log),
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) =>
      options.log.write(`${level} ${message}\n`),
    unsafeHandleRuntimeRestart: options.onRestart,
    resourcePersistencePath: options.stateDirectory,
  } satisfies Partial<V4MiniflareOptions>;
}

/** Makes a Miniflare whose temporary files are in a private folder and that leaves the signals to the launcher. */
export function createMiniflare(options: V4MiniflareOptions, temporaryDirectory: string): Miniflare {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const { TMPDIR } = process.env;
  process.env["TMPDIR"] = temporaryDirectory;
  try {
    return new Miniflare(convertV4MiniflareOptions(options));
  } finally {
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
    // Its own handlers would end the launcher in the middle of stopping.
    for (const [signal, kept] of before) {
      for (const listener of process.listeners(signal)) if (!kept.includes(listener)) process.off(signal, listener);
    }
  }
}

class FileLog extends Log {
  readonly #file: LogFile;

  constructor(file: LogFile) {
    super(LogLevel.WARN);
    this.#file = file;
  }

  override log(message: string): void {
    this.#file.write(`${message}\n`);
  }
}

function readPid(directory: string): number | null {
  try {
    return Number(readFileSync(join(directory, "core.pid"), "utf8")) || null;
  } catch {
    return null;
  }
}
