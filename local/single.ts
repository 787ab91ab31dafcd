import { createServer } from "node:net";

import type { Miniflare } from "miniflare";

import { ask } from "./ask.ts";
import { bundleAll } from "./bundle.ts";
import { watchCore } from "./core-watch.ts";
import type { Core } from "./core.ts";
import { V8_FLAGS } from "./edge-config.ts";
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
  type LaunchParts,
} from "./ground.ts";
import { faultOf } from "./listen.ts";
import { watchKeys } from "./keys-watch.ts";
import { settleOwner } from "./owner.ts";
import type { Progress } from "./progress.ts";
import { addressesOf, type Settings } from "./settings.ts";
import {
  controlPlaneWorker,
  durableObjectsWorker,
  keeperWorker,
  routerWorker,
  type ControlPlaneVariables,
  type MiniflareWorker,
  type WorkerCode,
} from "./workers.ts";

/** A platform in one process, whose Workers can be exchanged while it runs. */
export interface LaunchedSingle extends Launched {
  /** Puts other code in the place of the Workers'; state stays, connections end. */
  reload(code: WorkerCode): Promise<void>;
}

/**
 * Starts the platform in one Miniflare: for computers where processes cannot inherit sockets, and for developing it.
 *
 * @throws StartError when it cannot; nothing is left running then.
 */
export async function launchSingle(
  settings: Settings,
  parts: LaunchParts,
  progress: Progress,
): Promise<LaunchedSingle> {
  await using undo = new AsyncDisposableStack();
  const ground = layGround(settings, parts, progress, undo);
  await refuseTakenPort(settings);
  const opening = openDatabaseOn(ground);
  const bundling = bundleAll(parts.entries, cacheDirectoryOf(ground));
  const practice = openPracticeOn(ground);
  await Promise.allSettled([opening, bundling, practice, import("./miniflare.ts")]);
  const controlPlane = controlPlaneVariables(ground, await opening, await practice);
  const { core, reload } = await runAll(ground, controlPlane, await bundling);
  progress.step("platform", `all in one process on port ${settings.port}: a script that hangs stops the others too`);

  const { publicUrl } = addressesOf(settings);
  const address = addressOf(settings);
  const { setupToken } = ground;
  const setupLink = await settleOwner({ address, publicUrl, setupToken, owner: settings.owner });
  const watch = watchCore(core, progress.notice);
  undo.defer(() => watch.stop());
  const { dataDirectory } = settings;
  const keys = watchKeys({ dataDirectory, give: (text) => core.giveKeys(text), onNotice: progress.notice });
  undo.defer(() => keys.stop());
  const running = undo.move();
  return { url: publicUrl, setupLink, failed: watch.failed, reload, stop: () => running.disposeAsync() };
}

async function runAll(ground: Ground, controlPlane: ControlPlaneVariables, code: WorkerCode) {
  const { settings, progress, undo, register, socketsDirectory } = ground;
  const { miniflareOptions, runtimePid, startMiniflare } = await import("./miniflare.ts");
  const { convertV4MiniflareOptions } = await import("miniflare");
  process.env["MINIFLARE_WORKERD_V8_FLAGS"] = V8_FLAGS.join(" ");
  const runtime = (workers: MiniflareWorker[]) => ({
    directory: socketsDirectory,
    stateDirectory: stateDirectoryOf(ground),
    workers,
    closedEntry: false,
    log,
    onProcess: (pid: number) => register.set("core", [pid]),
    onRestart: () => progress.notice("the platform's process had ended and was started again"),
  });
  const log = openLogOn(ground, "platform");
  const miniflare = await startMiniflare(runtime(workersOf(ground, controlPlane, code)));
  undo.defer(() => miniflare.dispose());
  let current = code;
  const reload = async (next: WorkerCode): Promise<void> => {
    current = next;
    await miniflare.setOptions(
      convertV4MiniflareOptions(miniflareOptions(runtime(workersOf(ground, controlPlane, next)))),
    );
  };
  const core: Core = {
    pid: () => runtimePid(socketsDirectory),
    beat: async (timeoutMs) => {
      await ask({ address: addressOf(settings), path: "/", timeoutMs });
    },
    tick: () => tick(miniflare),
    // Its Workers read the file anew; one process for everything cannot do that without a moment's pause.
    giveKeys: () => reload(current),
    stop: () => miniflare.dispose(),
  };
  return { core, reload };
}

function workersOf(ground: Ground, controlPlane: ControlPlaneVariables, code: WorkerCode): MiniflareWorker[] {
  const { host, port } = ground.settings;
  const dispatch = { DISPATCH: { name: "router", entrypoint: "Dispatch" } };
  // Nobody polls for the log here: it travels with the requests.
  const router = routerWorker(code.router, {
    ...routerVariables(ground),
    LOG_DELIVERY: "scheduled",
    WALL_CLOCK: "timed",
  });
  return [
    keeperWorker(code.keeper),
    controlPlaneWorker(code.controlPlane, controlPlane, { ...dispatch, ...providerBindings(ground) }),
    durableObjectsWorker(code.durableObjects, secretsKeysOf(ground), dispatch),
    { ...router, unsafeDirectSockets: [{ host, port }] },
  ];
}

async function tick(miniflare: Miniflare): Promise<void> {
  const controlPlane = await miniflare.getWorker("control-plane");
  await controlPlane.scheduled({ scheduledTime: new Date(), cron: "* * * * *" });
}

/** Where this process itself reaches the public port. */
function addressOf({ host, port }: Settings): { host: string; port: number } {
  return { host: host === "0.0.0.0" ? "127.0.0.1" : host, port };
}

/** The runtime would say so in its own words and at some length. */
function refuseTakenPort({ host, port }: Settings): Promise<void> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => fail(faultOf(error.code ?? error.message, { host, port })));
    probe.listen(port, host, () => probe.close(() => done()));
  });
}
