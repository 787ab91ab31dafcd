import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import type { MachineState, ProjectedMachine } from "../../../contracts/machines.ts";
import type { RouterContext } from "../env.ts";
import { refuse } from "../pages/respond.ts";
import { wait } from "../pages/wait.ts";
import { findProgress } from "./progress.ts";
import { type Asked, asksForSocket, proxy } from "./proxy.ts";
import { forgetWoken, isUp, isWaking, wake, wokenMachine } from "./wake.ts";

/** Pause before a machine that stays as it is is worth another look, in seconds. */
const PAUSE_S = 10;

/**
 * Answers a request to an org that has a machine: by the machine where it is up, by waking it where it sleeps, and by
 * saying how it is otherwise.
 */
export async function serveMachine(
  asked: Asked,
  machine: ProjectedMachine,
  ctx: Pick<RouterContext, "waitUntil">,
): Promise<Response> {
  if (isUp(machine)) return proxy(asked, machine);
  const woken = wokenMachine(asked.org, Date.now());
  if (isUp(woken)) return throughWoken(asked, woken);
  return whileDown(asked, machine, ctx);
}

async function whileDown(
  asked: Asked,
  machine: ProjectedMachine,
  ctx: Pick<RouterContext, "waitUntil">,
): Promise<Response> {
  const { request, org, env } = asked;
  const sleeps = machine.wake && isAsleep(machine.state);
  if (!sleeps && !isWaking(org.projection.orgId, Date.now())) return howItIs(asked, machine);
  if (asksForSocket(request)) {
    // Whoever opens sockets tries again by itself, and would rather do that than wait.
    ctx.waitUntil(wake(org, env, false));
    return howItIs(asked, { ...machine, state: "starting" });
  }
  const latest = await wake(org, env);
  if (isUp(latest)) return throughWoken(asked, latest);
  return howItIs(asked, latest ?? { ...machine, state: "starting" });
}

/** What was heard of a machine may be over: then the next request goes by what is published. */
async function throughWoken(asked: Asked, machine: ProjectedMachine & { origin: string }): Promise<Response> {
  try {
    return await proxy(asked, machine);
  } catch (error) {
    if (platformErrorOf(error)?.details["reason"] === "machine") forgetWoken(asked.org.projection.orgId);
    throw error;
  }
}

const isAsleep = (state: MachineState): boolean => state === "stopped" || state === "suspended";

/** Tells whoever comes how a machine is that takes no requests. */
async function howItIs({ request, org, env }: Asked, { state, wake: wakes }: ProjectedMachine): Promise<Response> {
  const { orgId, slug } = org.projection;
  const down = wakes && (isAsleep(state) || state === "stopping") ? undefined : DOWN[state];
  if (down !== undefined) {
    return refuse(request, new PlatformError("unavailable", down, { reason: "machine", state, retryAfterS: PAUSE_S }));
  }
  const progress = await findProgress(orgId, env, Date.now());
  return wait(request, { slug, state, message: "This org's machine is starting.", progress });
}

const STOPPED = "This org's machine is stopped. It answers again once an admin of the org starts it.";
/** Why a machine takes no requests and will not soon; those that are on their way are not in it. */
const DOWN: Readonly<Partial<Record<MachineState, string>>> = {
  stopping: STOPPED,
  stopped: STOPPED,
  suspended: STOPPED,
  failed:
    "This org's machine has failed. `isola machines get` tells its admins why, and `isola machines restart` starts it anew.",
  destroying: "This org's machine is being taken down.",
  destroyed: "This org's machine is being taken down.",
};
