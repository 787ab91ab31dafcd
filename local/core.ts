import { ask } from "./ask.ts";
import { coreSocketFile, directSocket } from "./core-sockets.ts";
import { RPC_CONNECT_HOST } from "./edge-config.ts";
import { runtimePid, startMiniflare, type RuntimeOptions } from "./miniflare.ts";
import { StartError } from "./start-error.ts";
import {
  controlPlaneWorker,
  durableObjectsWorker,
  keeperWorker,
  type ControlPlaneVariables,
  type MiniflareWorker,
  type ServiceBindings,
  type WorkerCode,
} from "./workers.ts";

/** Time the control plane's clock work may take, in milliseconds. */
const TICK_MS = 50_000;

/** Time the state may take to have other keys, in milliseconds. */
const KEYS_MS = 5_000;

export interface CoreOptions extends Pick<RuntimeOptions, "stateDirectory" | "log" | "onProcess" | "onRestart"> {
  /** Private folder for the sockets. */
  socketsDirectory: string;
  code: Omit<WorkerCode, "router">;
  controlPlane: ControlPlaneVariables;
  /** What makes machines, where it is reached by a binding. */
  providers: ServiceBindings;
  /** What the org's secrets are sealed with. */
  secretsKeys: string;
  /** Path of each edge's dispatch socket. */
  dispatchSockets: readonly string[];
}

/** The state process: the control plane and the Durable Objects in one Miniflare. */
export interface Core {
  /** The runtime's process; another one after a restart. */
  pid(): number | null;
  /** Resolves when the core answers. */
  beat(timeoutMs: number): Promise<void>;
  /** Lets the control plane do what is due. */
  tick(): Promise<void>;
  /** Has other keys for secrets from now on, until its runtime begins anew. */
  giveKeys(keys: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the core and resolves when it answers. Its runtime is reached through Unix sockets in the private folder
 * and through nothing else.
 *
 * @throws StartError when the runtime does not start.
 */
export async function startCore(options: CoreOptions): Promise<Core> {
  const { socketsDirectory, log } = options;
  const workers = coreWorkers(options);
  const runtime = { ...options, directory: socketsDirectory, closedEntry: true, workers };
  const miniflare = await startMiniflare(runtime).catch((error: unknown) => {
    log.write(`${String(error)}\n`);
    const hint = "look into logs/core.log in the data folder";
    throw new StartError("the state process does not start", hint, { cause: error });
  });
  const pulse = async (method: "GET" | "POST", path: string, timeoutMs: number, body?: string): Promise<void> => {
    const status = await ask({
      address: { socketPath: coreSocketFile(socketsDirectory, "pulse") },
      method,
      path,
      timeoutMs,
      ...(body === undefined ? {} : { body }),
    });
    if (status !== 200) throw new Error(`The core answered ${path} with ${status}.`);
  };
  return {
    pid: () => runtimePid(socketsDirectory),
    beat: (timeoutMs) => pulse("GET", "/beat", timeoutMs),
    tick: () => pulse("POST", "/tick", TICK_MS),
    giveKeys: (keys) => pulse("POST", "/keys", KEYS_MS, keys),
    stop: () => miniflare.dispose(),
  };
}

/** The Workers of the core with their private sockets; edges are reached through theirs. */
function coreWorkers({
  socketsDirectory,
  code,
  controlPlane,
  providers,
  secretsKeys,
  dispatchSockets,
}: CoreOptions): MiniflareWorker[] {
  const socket = (name: string, entrypoint?: string) => directSocket(socketsDirectory, name, entrypoint);
  const dispatch = Object.fromEntries(
    dispatchSockets.map((path, index) => [
      `DISPATCH_${index}`,
      { external: { address: `unix:${path}`, http: { capnpConnectHost: RPC_CONNECT_HOST } } },
    ]),
  );
  return [
    {
      ...keeperWorker(code.keeper),
      unsafeDirectSockets: [socket("projections", "kvReader"), socket("pulse", "pulse")],
    },
    {
      ...controlPlaneWorker(code.controlPlane, controlPlane, { ...dispatch, ...providers }),
      unsafeDirectSockets: [socket("control-plane"), socket("directory", "Directory")],
    },
    { ...durableObjectsWorker(code.durableObjects, secretsKeys, dispatch), unsafeDirectSockets: [socket("state")] },
  ];
}
