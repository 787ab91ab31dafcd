import { PlatformError } from "../../../contracts/errors.ts";
import { MACHINE_TRANSITION_MS } from "../../../contracts/limits.ts";
import { isAtRest, nextMachineState, sawEvent } from "../../../contracts/machine-life.ts";
import type { MachineState, ProvisionState } from "../../../contracts/machines.ts";
import type { Scope } from "../scope.ts";
import type { Driver, Observed, Plan } from "./driver.ts";
import { healthOf } from "./life-health.ts";
import { withLastLines } from "./life-errors.ts";
import { advance, atProvider, findLooked, type Looked } from "./life-steps.ts";
import {
  type MachineFacts,
  type MachineRow,
  moveMachine,
  noteLooked,
  noteOfMachine,
  publishMachine,
} from "./machines.ts";
import { probe } from "./probe.ts";

/** A machine with what became of the provision that made it. */
export interface Inspected extends Looked {
  /** Null where nothing is kept of it. */
  provisionState: ProvisionState | null;
}

/** Another state than was written down. */
export interface Change {
  from: MachineState;
  to: MachineState;
  reason: string;
}

/**
 * Compares a machine with what its provider says and with what it answers, and mends what differs: its state, its
 * address, its health, and what the edges know of it. Throws `ProviderError` where the provider cannot be asked, and then
 * nothing changes.
 *
 * @param isDry only says what would change
 */
export async function reconcileOne(scope: Scope, inspected: Inspected, isDry: boolean): Promise<Change | null> {
  const { machine: row } = inspected;
  if (isLeftOver(inspected)) return destroyOverdue(scope, row, isDry);
  if (!isAtRest(row.state)) return isDry ? null : goOn(scope, inspected);
  const published = row.lookedAt !== null || isDry || (await publishMachine(scope, row.orgId));
  const { driver, plan } = await atProvider(scope, inspected);
  const seen = await driver.observe(plan);
  const change = changeBy(row, seen);
  if (isDry) return change;
  const after = change === null ? row : await move(scope, row, { driver, plan, seen });
  const standing = after.state === "started" ? await checkUp(scope, after, seen) : after;
  // What changed now is looked at once more: the edges may not have heard of it.
  if (published && (standing === row || standing.lookedAt !== null)) await noteLooked(scope, standing);
  return change;
}

/** A machine whose provision is over without it, and that never ran: nobody waits for it, and nobody would miss it. */
const isLeftOver = ({ machine: { state }, provisionState }: Inspected): boolean =>
  provisionState === "failed" && (state === "created" || state === "starting");

async function destroyOverdue(scope: Scope, row: MachineRow, isDry: boolean): Promise<Change | null> {
  if (Date.now() - row.stateAt.getTime() <= MACHINE_TRANSITION_MS) return null;
  const reason = "Its provision is over, and it never started.";
  if (!isDry) await moveMachine(scope, row.id, "destroy", { error: { code: "exited", message: reason } });
  return { from: row.state, to: "destroying", reason };
}

/** Goes on with one that is on its way. */
async function goOn(scope: Scope, inspected: Inspected): Promise<Change | null> {
  const { machine: row } = inspected;
  await advance(scope, inspected);
  const after = await findLooked(scope, row.id);
  if (after === null || after.machine.state === row.state) return null;
  return { from: row.state, to: after.machine.state, reason: after.machine.error?.message ?? "Its provider says so." };
}

function changeBy(row: MachineRow, { state, reason }: Observed): Change | null {
  const to = nextMachineState(row.state, sawEvent(state)) ?? row.state;
  if (to === row.state) return null;
  const said = state === null ? "The provider has no such machine any more." : `Its provider says that it is ${state}.`;
  return { from: row.state, to, reason: reason ?? said };
}

interface Sighted {
  driver: Driver;
  plan: Plan;
  seen: Observed;
}

async function move(scope: Scope, row: MachineRow, { driver, plan, seen }: Sighted): Promise<MachineRow> {
  const event = sawEvent(seen.state);
  if (seen.state === "failed" || seen.state === null) {
    const code = seen.state === null ? "not_found" : "exited";
    const message = changeBy(row, seen)?.reason ?? "It ended by itself.";
    const error = await withLastLines(driver, plan, { code, message });
    return (await moveMachine(scope, row.id, event, { error, health: "unknown" })).row;
  }
  const facts: MachineFacts = seen.state === "started" ? { ...addressOf(seen), error: null } : { health: "unknown" };
  return (await moveMachine(scope, row.id, event, facts)).row;
}

const addressOf = ({ origin, network, region }: Observed): MachineFacts => ({
  origin,
  network,
  ...(region === null ? {} : { region }),
});

/** Where it answers now, and whether it does. */
async function checkUp(scope: Scope, row: MachineRow, seen: Observed): Promise<MachineRow> {
  const { origin, network } = seen;
  const probed =
    origin === null
      ? { answers: false as const, reason: "It has no address." }
      : await probe(scope.env, { origin, network }, row.spec);
  const probesFailed = probed.answers ? 0 : row.probesFailed + 1;
  const health = healthOf({ ...row, probesFailed }, Date.now(), probed);
  const moved = origin !== row.origin || network !== row.network;
  if (!moved && probesFailed === row.probesFailed && health === row.health) return row;
  const facts = { ...addressOf(seen), probesFailed, health };
  const after = await noteOfMachine(scope, row.id, facts);
  if (after === null) throw new PlatformError("not_found", "The machine is gone.");
  return after;
}
