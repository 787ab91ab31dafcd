import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";

import { workerdPath } from "./workerd.ts";

import { ask } from "./ask.ts";
import { edgeConfig, type CoreSockets } from "./edge-config.ts";
import type { WatchOrders } from "../contracts/quarantine.ts";
import type { JournalBook } from "./journal-book.ts";
import type { LogFile } from "./log-file.ts";
import { signalProcess } from "./processes.ts";

/** Pause between two questions to a process that is starting, in milliseconds. */
const START_PAUSE_MS = 10;
/** Time an edge has to finish what it is doing after SIGTERM, in milliseconds. */
export const DRAIN_MS = 30_000;
/** Time it has to hand over its log before that, in milliseconds. */
const LAST_FLUSH_MS = 500;

/** Time it has to take an order, in milliseconds; it need not be prompt, as one that hangs is replaced. */
const ORDER_MS = 5_000;

/** Number of a child's first descriptor after its standard ones. */
const FIRST_INHERITED = 3;

/** What an edge inherits or is told; the same for every process in a slot. */
export interface EdgeOptions {
  /** Private folder with the router's bundle in it. */
  directory: string;
  routerModule: string;
  core: CoreSockets;
  variables: Readonly<Record<string, string>>;
  /** Descriptors of the public listening sockets it accepts on. */
  publicDescriptors: readonly number[];
  /** Descriptor of this slot's listening socket for calls from the control plane; null where it takes none. */
  dispatchDescriptor: number | null;
  /** Bound on the memory a process may take, in bytes, which the kernel holds it to; null where it cannot. */
  dataBytesMax: number | null;
  log: LogFile;
}

/** What a process is told when it starts, and the book that is kept of it. */
export interface EdgeWatch {
  mark: string;
  book: JournalBook;
  orders: WatchOrders;
}

/** One workerd process that runs the router and tenants' isolates. */
export interface EdgeProcess {
  pid: number;
  /** Which runs go on in it. */
  book: JournalBook;
  /** Resolves when it has ended, to whether it did so by itself. */
  ended: Promise<boolean>;
  /** Resolves to true when it answers, to false when it ended before. */
  ready: Promise<boolean>;
  /** Asks for a sign of life, which also makes it deliver its log; resolves when it has answered. */
  beat(timeoutMs: number): Promise<void>;
  /** Tells it what to do about orgs that end edges; one that does not listen is none to be told. */
  order(orders: WatchOrders): void;
  kill(): void;
  /** Stops it where it stands, or lets it go on. */
  pause(paused: boolean): void;
  /** Lets it finish its requests, for at most so long; new connections go to whoever else holds the sockets. */
  drain(timeoutMs: number): Promise<void>;
}

/** Signals by which a process ends itself; others come from somebody else. */
const OWN_SIGNALS = new Set<NodeJS.Signals>(["SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGTRAP"]);

/** The little of the environment that workerd needs: tenants' code runs in there, so nothing secret goes in. */
const PASSED_ON = ["LD_LIBRARY_PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR"];

/**
 * Starts an edge on inherited sockets.
 *
 * @param name of this process, used once: its configuration and its control socket are called after it.
 */
export function spawnEdge(name: string, options: EdgeOptions, watch: EdgeWatch): EdgeProcess {
  const controlSocket = join(options.directory, `${name}.control`);
  const configPath = join(options.directory, `${name}.capnp`);
  const { routerModule, core, dataBytesMax, log } = options;
  const { mark, book, orders } = watch;
  const variables = { ...options.variables, JOURNAL_MARK: mark, WATCH_ORDERS: JSON.stringify(orders) };
  const { publicDescriptors, dispatchDescriptor } = options;
  const dispatched = dispatchDescriptor !== null;
  const publicSockets = publicDescriptors.length;
  const config = edgeConfig({ routerModule, core, controlSocket, publicSockets, dispatched, variables });
  writeFileSync(configPath, config, { mode: 0o600 });
  const inherited = dispatched ? [...publicDescriptors, dispatchDescriptor] : publicDescriptors;
  const sockets = inherited.map((_, index) => {
    const socket = index < publicSockets ? `http-${index}` : "dispatch";
    return `--socket-fd=${socket}=${FIRST_INHERITED + index}`;
  });
  const command = [workerdPath, "serve", "--experimental", ...sockets, configPath];
  const [program, ...args] = dataBytesMax === null ? command : ["/bin/sh", ...bounded(dataBytesMax), ...command];
  const child = spawn(program ?? workerdPath, args, {
    stdio: ["ignore", "pipe", "pipe", ...inherited],
    // A group of its own: Ctrl-C is for the launcher, which then lets the edges finish.
    detached: true,
    env: Object.fromEntries(PASSED_ON.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : []))),
  });
  child.stdout?.setEncoding("utf8").on("data", (output: string) => {
    const rest = book.read(output, Date.now());
    if (rest !== "") log.write(rest);
  });
  log.follow(child.stderr);
  child.once("error", (error) => log.write(`cannot start workerd: ${error.message}\n`));

  const pid = child.pid ?? 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const life = { alive: pid !== 0 };
  const ended = new Promise<boolean>((done) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      agent.destroy();
      rmSync(controlSocket, { force: true });
      rmSync(configPath, { force: true });
      done(signal === null ? code !== 0 : OWN_SIGNALS.has(signal));
    };
    child.once("exit", () => (life.alive = false));
    // Not at its exit: the last lines of its journal may still be in the pipe.
    if (life.alive) child.once("close", end);
    else end(null, null);
  });

  const answers = async (method: "GET" | "POST", path: string, timeoutMs: number, body = ""): Promise<void> => {
    const status = await ask({ address: { socketPath: controlSocket }, method, path, timeoutMs, body, agent });
    if (status !== 200) throw new Error(`An edge answered its control socket with ${status}.`);
  };
  const signal = (which: NodeJS.Signals): void => {
    if (life.alive) signalProcess(pid, which);
  };

  return {
    pid,
    book,
    ended,
    ready: untilReady(),
    beat: (timeoutMs) => answers("POST", "/flush", timeoutMs),
    order: (orders) => void answers("POST", "/orders", ORDER_MS, JSON.stringify(orders)).catch(() => {}),
    kill: () => signal("SIGKILL"),
    pause: (paused) => signal(paused ? "SIGSTOP" : "SIGCONT"),
    drain: async (timeoutMs) => {
      await answers("POST", "/end", LAST_FLUSH_MS).catch(() => {});
      signal("SIGTERM");
      const late = setTimeout(() => signal("SIGKILL"), timeoutMs);
      await ended;
      clearTimeout(late);
    },
  };

  async function untilReady(): Promise<boolean> {
    while (life.alive) {
      try {
        await answers("GET", "/beat", 1_000);
        return true;
      } catch {
        await new Promise((done) => setTimeout(done, START_PAUSE_MS));
      }
    }
    return false;
  }
}

/** Arguments by which a shell becomes another program that may not take more memory than so many bytes. */
const bounded = (bytes: number): string[] => ["-c", 'ulimit -d "$0"; exec "$@"', `${Math.floor(bytes / 1024)}`];
