import { and, eq, inArray } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { MACHINE_FOLLOW_MS, MACHINE_LOOK_MAX_MS } from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import { provision } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import type { Driver, Plan } from "./driver.ts";
import { driverOf } from "./drivers/index.ts";
import { refusalOfProvider } from "./life-errors.ts";
import { atProvider, findLooked, follow } from "./life-steps.ts";
import { findMachineOf, type MachineRow, moveMachine, PLATFORM } from "./machines.ts";
import { ProviderError } from "./provider-error.ts";

type Org = Pick<OrgRow, "id" | "slug">;

/**
 * Has an org's machine started, where it has one that the platform runs; the state `starting` is what holds, and the work
 * goes on behind the caller and, where that is cut off, with the clock. May be repeated.
 */
export async function startMachineOf(scope: Scope, { id }: Org, actor: Actor = PLATFORM): Promise<MachineRow | null> {
  const found = await findMachineOf(scope, id);
  if (found === null || !isRunHere(scope, found)) return found;
  const { row, changed } = await moveMachine(scope, found.id, "start", { error: null, health: "unknown" }, actor);
  if (changed) workOn(scope, row.id);
  return row;
}

/** Has it stopped; its volume stays. Otherwise as {@link startMachineOf}. */
export async function stopMachineOf(scope: Scope, { id }: Org, actor: Actor = PLATFORM): Promise<MachineRow | null> {
  const found = await findMachineOf(scope, id);
  if (found === null || !isRunHere(scope, found) || found.state === "failed") return found;
  const { row, changed } = await moveMachine(scope, found.id, "stop", { health: "unknown" }, actor);
  if (changed) workOn(scope, row.id);
  return row;
}

/**
 * Has it stopped and started again. From the first moment it is `starting`, so that whatever cuts the work off, the end
 * of it is a machine that runs.
 */
export async function restartMachineOf(scope: Scope, { id }: Org, actor: Actor): Promise<MachineRow | null> {
  const found = await findMachineOf(scope, id);
  if (found === null || !isRunHere(scope, found)) return found;
  if (found.state !== "started") return startMachineOf(scope, { id, slug: "" }, actor);
  await moveMachine(scope, found.id, "stop", { health: "unknown" }, actor);
  const { row } = await moveMachine(scope, found.id, "start", { error: null }, actor);
  workOn(scope, row.id, () => goRound(scope, row.id));
  return row;
}

/**
 * The machine that somebody may start, stop or restart now. Throws `not_found` where the org has none, `conflict` where it
 * is run elsewhere, is still being made, or where the org does not run.
 */
export async function requireRunHere(scope: Scope, org: OrgRow): Promise<MachineRow> {
  const row = await findMachineOf(scope, org.id);
  if (row === null) throw new PlatformError("not_found", `The org ${org.slug} has no machine. Give it one first.`);
  if (!isRunHere(scope, row)) {
    throw new PlatformError("conflict", "This machine is not run by the platform. Start and stop it where it runs.");
  }
  const [under] = await scope.database
    .select({ id: provision.id })
    .from(provision)
    .where(and(eq(provision.machineId, row.id), inArray(provision.state, ["running", "compensating"])));
  if (under !== undefined) {
    throw new PlatformError("conflict", "The machine is still being made. Wait until it stands.", { state: row.state });
  }
  return row;
}

const isRunHere = (scope: Scope, { driver }: Pick<MachineRow, "driver">): boolean =>
  !driverOf(scope, driver).registersItself;

/** Does what is to be done first, then follows the machine until it stands or the time is over. */
function workOn(scope: Scope, machineId: string, first = async (): Promise<void> => {}): void {
  const untilMs = Date.now() + MACHINE_FOLLOW_MS;
  scope.later(async () => {
    try {
      await first();
    } catch (error) {
      // What may go better the next time is tried by whoever follows.
      if (!(error instanceof ProviderError) || !error.retry) throw refusalOfProvider(error);
    }
    await follow(scope, machineId, untilMs);
  });
}

async function goRound(scope: Scope, machineId: string): Promise<void> {
  const looked = await findLooked(scope, machineId);
  if (looked === null) return;
  const { driver, plan } = await atProvider(scope, looked);
  const endsAt = Date.now() + MACHINE_FOLLOW_MS;
  for (let pauseMs = 100; !(await hasStopped(driver, plan)); pauseMs = Math.min(pauseMs * 1.5, MACHINE_LOOK_MAX_MS)) {
    // It is `starting`, so the clock starts it when it has stopped.
    if (Date.now() >= endsAt) return;
    await new Promise((done) => setTimeout(done, pauseMs));
  }
  // The clock may have seen it run before it stopped. What somebody asked for meanwhile holds.
  const { from } = await moveMachine(scope, machineId, "saw:stopped");
  if (from === "started") await moveMachine(scope, machineId, "start", { error: null });
}

/** Whether it has stopped; where it has not begun to, it is told to. False where the provider cannot be asked now. */
async function hasStopped(driver: Driver, plan: Plan): Promise<boolean> {
  try {
    const { state } = await driver.observe(plan);
    if (state === "started" || state === "starting") await driver.stop(plan);
    return state !== "started" && state !== "starting" && state !== "stopping";
  } catch (error) {
    if (!(error instanceof ProviderError) || !error.retry) throw error;
    return false;
  }
}
