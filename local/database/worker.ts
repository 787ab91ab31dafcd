import { parentPort, workerData } from "node:worker_threads";

import { createEngineFolder, openEngine } from "./engine.ts";
import { serveSession } from "./engine-session.ts";
import { type Gateway, openGateway } from "./gateway.ts";
import { startMaintenance } from "./maintenance.ts";
import { Turns } from "./turns.ts";
import { Upstream } from "./upstream.ts";
import type { FromWorker, ToWorker, WorkerPlan } from "./worker-messages.ts";

/**
 * The thread that runs the database and its gateway, so that a long query never holds up the launcher. When
 * the engine breaks down the thread says why and ends; the keeper starts the next one on the same ports.
 */

const port = parentPort!;
const say = (said: FromWorker): void => port.postMessage(said);

try {
  await perform(workerData as WorkerPlan);
} catch (error) {
  fail(error);
}

async function perform(plan: WorkerPlan): Promise<void> {
  switch (plan.task) {
    case "create":
      return createEngineFolder(plan.directory);
    case "embedded":
      return serveEmbedded(plan);
    case "relay":
      return serveRelay(plan);
  }
}

async function serveEmbedded(plan: WorkerPlan & { task: "embedded" }): Promise<void> {
  const shared = { engine: await openEngine(plan.directory), turns: new Turns() };
  const gateway = await openGateway(
    plan.ports,
    plan.secrets,
    (stream, reader) => serveSession(stream, reader, shared),
    fail,
  );
  const maintenance = startMaintenance(shared, fail);
  listenToKeeper(gateway, async () => {
    maintenance.stop();
    // The sessions that were broken off undo their transactions first.
    await shared.turns.take(Infinity);
    await shared.engine.close();
  });
  say({ type: "ready", ports: gateway.ports, version: shared.engine.version });
}

async function serveRelay(plan: WorkerPlan & { task: "relay" }): Promise<void> {
  const upstream = new Upstream(plan.connectionString);
  const gateway = await openGateway(plan.ports, plan.secrets, (stream, reader) => upstream.serve(stream, reader), fail);
  upstream.prepareSpares();
  listenToKeeper(gateway, () => upstream.close());
  say({ type: "ready", ports: gateway.ports, version: "" });
}

function listenToKeeper(gateway: Gateway, close: () => void | Promise<void>): void {
  port.on("message", (told: ToWorker) => {
    if (told === "beat") say({ type: "beat" });
    else void gateway.close().then(close).then(end, fail);
  });
}

function fail(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  say({ type: "failed", reason, code: (error as NodeJS.ErrnoException).code });
  end();
}

/** Ends the thread, whatever still waits in it. */
function end(): void {
  process.exit();
}
