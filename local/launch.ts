import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { PROJECTION_FRESH_AT_RELIEF_MS } from "../contracts/limits.ts";
import { bundleAll } from "./bundle.ts";
import { coreSockets } from "./core-sockets.ts";
import { openConnections, openConnectionsOf } from "./connections.ts";
import { watchCore } from "./core-watch.ts";
import type { Core } from "./core.ts";
import { CAN_BOUND_DATA, dataBytesMaxOf } from "./data-bound.ts";
import { startEdges, type Edges } from "./edges.ts";
import {
  cacheDirectoryOf,
  controlPlaneVariables,
  layGround,
  openDatabaseOn,
  openLogOn,
  openPracticeOn,
  providerBindings,
  routerVariables,
  secretsKeysOf,
  stateDirectoryOf,
  type Ground,
  type Launched,
  type LaunchedDatabase,
  type LaunchParts,
  type PracticeVariables,
} from "./ground.ts";
import { CAN_SHARE_PORT, holdSockets, type HeldSocket } from "./listen.ts";
import { watchKeys, type KeysWatch } from "./keys-watch.ts";
import { settleOwner } from "./owner.ts";
import type { Progress } from "./progress.ts";
import { addressesOf, type Settings } from "./settings.ts";
import type { WorkerCode } from "./workers.ts";

/** Time running requests have when the platform stops, in milliseconds. */
const STOP_MS = 2_500;
const ROUTER_MODULE = "router.js";

/**
 * Starts the whole platform on one computer: a core, and edges that can be replaced under load.
 *
 * @throws StartError when it cannot; nothing is left running then.
 */
export async function launch(settings: Settings, parts: LaunchParts, progress: Progress): Promise<Launched> {
  await using undo = new AsyncDisposableStack();
  const ground = layGround(settings, parts, progress, undo);
  const { socketsDirectory, setupToken } = ground;

  const dispatchSockets = Array.from({ length: settings.edges }, (_, index) => join(socketsDirectory, `edge-${index}`));
  const { host, port, owner } = settings;
  const publicAddresses = CAN_SHARE_PORT ? dispatchSockets.map(() => ({ host, port, shared: true })) : [{ host, port }];
  const sockets = await holdSockets([...publicAddresses, ...dispatchSockets.map((path) => ({ path }))]);
  undo.defer(() => {
    for (const socket of sockets) socket.close();
  });
  // The slow parts do not need each other. All are waited for before one may fail, so that what they open is undone.
  const opening = openDatabaseOn(ground);
  const bundling = bundleAll(parts.entries, cacheDirectoryOf(ground));
  const practice = openPracticeOn(ground);
  await Promise.allSettled([opening, bundling, practice, import("./core.ts")]);
  const code = await bundling;
  const core = await runCore(ground, await opening, await practice, code, dispatchSockets);
  const edges = runEdges(ground, code, {
    publicSockets: sockets.slice(0, publicAddresses.length),
    dispatchSockets: sockets.slice(publicAddresses.length),
  });
  const { publicUrl } = addressesOf(settings);
  const address = { socketPath: coreSockets(socketsDirectory).controlPlane };
  const settling = settleOwner({ address, publicUrl, setupToken, owner });
  await Promise.allSettled([settling, edges.ready]);
  await edges.ready;
  const setupLink = await settling;
  progress.step("edges", `${settings.edges} on port ${port}`);

  const watch = watchCore(core, progress.notice);
  undo.defer(() => watch.stop());
  const running = undo.move();
  return { url: publicUrl, setupLink, failed: watch.failed, stop: () => running.disposeAsync() };
}

async function runCore(
  ground: Ground,
  database: LaunchedDatabase,
  provider: PracticeVariables,
  code: WorkerCode,
  dispatchSockets: readonly string[],
): Promise<Core> {
  const { progress, undo, register, socketsDirectory } = ground;
  const { startCore } = await import("./core.ts");
  let keys: KeysWatch | undefined;
  const core = await startCore({
    socketsDirectory,
    stateDirectory: stateDirectoryOf(ground),
    code,
    controlPlane: controlPlaneVariables(ground, database, provider),
    providers: providerBindings(ground),
    secretsKeys: secretsKeysOf(ground),
    dispatchSockets,
    log: openLogOn(ground, "core"),
    onProcess: (pid) => register.set("core", [pid]),
    onRestart: () => {
      progress.notice("the state process had ended and was started again");
      // What it began with is what the file held when the launcher did.
      keys?.giveAgain();
    },
  });
  undo.defer(() => core.stop());
  const { dataDirectory } = ground.settings;
  keys = watchKeys({ dataDirectory, give: (text) => core.giveKeys(text), onNotice: progress.notice });
  undo.defer(() => keys.stop());
  progress.step("core", "control plane and state");
  return core;
}

interface EdgeSockets {
  /** One for each edge, or one for all. */
  publicSockets: readonly HeldSocket[];
  dispatchSockets: readonly HeldSocket[];
}

function runEdges(ground: Ground, code: WorkerCode, { publicSockets, dispatchSockets }: EdgeSockets): Edges {
  const { settings, progress, undo, register, socketsDirectory } = ground;
  writeFileSync(join(socketsDirectory, ROUTER_MODULE), code.router, { mode: 0o600 });
  const common = {
    directory: socketsDirectory,
    routerModule: ROUTER_MODULE,
    core: coreSockets(socketsDirectory),
    variables: { ...routerVariables(ground), LOG_DELIVERY: "polled", WALL_CLOCK: "visited" },
    dataBytesMax: CAN_BOUND_DATA ? dataBytesMaxOf(settings.edgeMemoryHardBytes) : null,
  };
  const publicDescriptors = publicSockets.map((socket) => socket.fd);
  const edges = startEdges({
    slots: dispatchSockets.map((socket, index) => ({
      ...common,
      publicDescriptors: CAN_SHARE_PORT ? publicDescriptors.slice(index, index + 1) : publicDescriptors,
      dispatchDescriptor: socket.fd,
      log: openLogOn(ground, `edge-${index}`),
    })),
    relief: CAN_SHARE_PORT
      ? {
          ...common,
          // The control plane has no way to a process that rests, so this one asks more often.
          variables: { ...common.variables, FRESH_MS: String(PROJECTION_FRESH_AT_RELIEF_MS) },
          publicDescriptors,
          dispatchDescriptor: null,
          log: openLogOn(ground, "relief"),
        }
      : null,
    connectionsOf: (pid) => openConnectionsOf(pid, settings.port),
    memory: { softBytes: settings.edgeMemorySoftBytes, hardBytes: settings.edgeMemoryHardBytes },
    onProcesses: (pids) => register.set("edges", pids),
    onReplaced: (text) => progress.notice(text),
  });
  undo.defer(() => {
    // Nobody new gets in: what waits in the queue is refused rather than left without an answer.
    for (const socket of publicSockets) socket.close();
    return edges.stop(STOP_MS, () => openConnections(settings.port) === 0);
  });
  return edges;
}
