import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";

import type { LogFile } from "./log-file.ts";
import type { MiniflareWorker } from "./workers.ts";
import { workerdPath } from "./workerd.ts";

export interface RuntimeOptions {
  /** Private folder for temporary files and the runtime's pid. */
  directory: string;
  /** Where objects and projections are kept. */
  stateDirectory: string;
  workers: MiniflareWorker[];
  /** Keep Miniflare's entry off the network; then nothing but direct sockets leads in. */
  closedEntry: boolean;
  log: LogFile;
  /** Told which process the runtime is, at the start and after each restart. */
  onProcess(pid: number): void;
  /** Told when the runtime had died and runs again. */
  onRestart(): void;
}

/** Options that every Miniflare of the launcher has: nothing from the network, nothing on the terminal. */
export function miniflareOptions(options: RuntimeOptions): V4MiniflareOptions {
  const { directory, closedEntry, log } = options;
  return {
    host: "127.0.0.1",
    port: 0,
    // Left out, Miniflare would fetch a description of this computer's place from the network.
    cf: false,
    logRequests: false,
    telemetry: { enabled: false },
    log: new FileLog(log),
    handleStructuredLogs: ({ level, message }) => log.write(`${level} ${message}\n`),
    unsafeHandleRuntimeRestart: () => {
      tellProcess(options);
      options.onRestart();
    },
    unsafeRuntimeEnv: {
      ISOLA_SOCKETS: directory,
      ISOLA_WORKERD: workerdPath,
      ISOLA_ENTRY: closedEntry ? `unix:${join(directory, "core-entry")}` : "",
    },
    resourcePersistencePath: options.stateDirectory,
    workers: options.workers,
  };
}

/** Makes a Miniflare and resolves when its runtime runs; it leaves the signals to the launcher. */
export async function startMiniflare(options: RuntimeOptions): Promise<Miniflare> {
  if (process.platform !== "win32") {
    process.env["MINIFLARE_WORKERD_PATH"] = resolve(import.meta.dirname, "core/workerd.sh");
  }
  const miniflare = construct(miniflareOptions(options), options.directory);
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose().catch(() => {});
    throw error;
  }
  tellProcess(options);
  return miniflare;
}

/** The runtime's process; null where its start script cannot run. */
export function runtimePid(directory: string): number | null {
  try {
    return Number(readFileSync(join(directory, "core.pid"), "utf8")) || null;
  } catch {
    return null;
  }
}

function tellProcess({ directory, onProcess }: Pick<RuntimeOptions, "directory" | "onProcess">): void {
  const pid = runtimePid(directory);
  if (pid !== null) onProcess(pid);
}

function construct(options: V4MiniflareOptions, temporaryDirectory: string): Miniflare {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const { TMPDIR } = process.env;
  // Its temporary files go where they are removed even after a kill.
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
