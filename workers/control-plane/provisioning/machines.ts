import { and, eq, sql } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import { type MachineEvent, nextMachineState } from "../../../contracts/machine-life.ts";
import type { MachineState, ProjectedMachine } from "../../../contracts/machines.ts";
import { audit } from "../audit/write.ts";
import type { Queries } from "../database/connect.ts";
import { machine, org, type provision } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";

/** The one module that makes, changes and removes rows of `machine`, and the one that tells the edges of them. */

export type MachineRow = typeof machine.$inferSelect;
export type ProvisionRow = typeof provision.$inferSelect;

/** What may be noted of a machine beside its state. */
export type MachineFacts = Partial<
  Omit<MachineRow, "id" | "orgId" | "driver" | "state" | "stateAt" | "createdAt" | "updatedAt">
>;

/** Who acts where nobody asked: the platform looks after machines by itself. */
export const PLATFORM: Actor = { type: "platform", id: "machines", name: "Machines" };

/** How often a change is tried again because somebody else changed the machine in between. */
const TRIES_MAX = 5;
/** How often a machine is published again because it changed in between. */
const PUBLICATIONS_MAX = 5;

/** What the edges have to know of a machine. */
export function projectedMachine(row: MachineRow): ProjectedMachine {
  const { id, driver, state, origin, network, secretsVersion, spec } = row;
  return { id, driver, state, origin, network, secretsVersion, wake: spec.wake };
}

/** An org's machine; null where it has none. */
export async function findMachineOf({ database }: Pick<Scope, "database">, orgId: string): Promise<MachineRow | null> {
  const [row] = await database.select().from(machine).where(eq(machine.orgId, orgId));
  return row ?? null;
}

/**
 * Writes down a machine that its provider has, in the transaction that notes so in its provision. May be repeated. Throws
 * `conflict` when the org has another one.
 */
export async function insertMachine(tx: Queries, from: ProvisionRow, facts: MachineFacts = {}): Promise<void> {
  const { machineId: id, orgId, driver, spec, provider, secretsVersion, enrolmentHash, enrolmentExpiresAt } = from;
  const values = { id, orgId, driver, spec, provider, secretsVersion, enrolmentHash, enrolmentExpiresAt };
  await tx
    .insert(machine)
    .values({ ...values, state: "created", ...facts })
    .onConflictDoNothing();
  const [row] = await tx
    .update(machine)
    .set({ provider })
    .where(eq(machine.id, id))
    .returning({ orgId: machine.orgId });
  if (row?.orgId !== orgId) throw new PlatformError("conflict", "The org has another machine already.");
}

/** What became of a machine. */
export interface Moved {
  row: MachineRow;
  from: MachineState;
  /** Whether its state is another than before. */
  changed: boolean;
}

/**
 * Has an event happen to a machine: its new state by the table in `contracts/machine-life.ts`, with what else is known
 * now; an audit entry where the state changed; and the edges know when this returns. What could not be told them is left
 * with `lookedAt` null, so that reconciliation looks there first and publishes it. Throws `not_found` when there is no
 * such machine, `conflict` (with its `state`) when the event cannot happen to it.
 */
export async function moveMachine(
  scope: Scope,
  machineId: string,
  event: MachineEvent,
  facts: MachineFacts = {},
  actor: Actor = PLATFORM,
): Promise<Moved> {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const moved = await tryToMove(scope, machineId, event, facts, actor);
    if (moved === null) continue;
    if (moved.isNews) await publishMachine(scope, moved.row.orgId);
    return moved;
  }
  throw new PlatformError("conflict", "The machine changes too fast. Try again in a moment.");
}

/** Notes facts of a machine that leave its state as it is; null when there is no such machine. See {@link moveMachine}. */
export async function noteOfMachine(scope: Scope, machineId: string, facts: MachineFacts): Promise<MachineRow | null> {
  const [before] = await scope.database.select().from(machine).where(eq(machine.id, machineId));
  if (before === undefined || Object.keys(facts).length === 0) return before ?? null;
  const isNews = differs(before, { ...before, ...facts });
  const [row] = await scope.database
    .update(machine)
    .set({ ...facts, ...(isNews ? { lookedAt: null } : {}) })
    .where(eq(machine.id, machineId))
    .returning();
  if (row !== undefined && isNews) await publishMachine(scope, row.orgId);
  return row ?? null;
}

/** Null when somebody else changed it in between. */
async function tryToMove(
  scope: Scope,
  machineId: string,
  event: MachineEvent,
  facts: MachineFacts,
  actor: Actor,
): Promise<(Moved & { isNews: boolean }) | null> {
  const [found] = await scope.database
    .select({ machine, slug: org.slug })
    .from(machine)
    .innerJoin(org, eq(org.id, machine.orgId))
    .where(eq(machine.id, machineId));
  if (found === undefined) throw new PlatformError("not_found", "There is no such machine any more.");
  const { machine: before, slug } = found;
  const state = nextMachineState(before.state, event);
  if (state === null) throw refused(before.state, event);
  const changed = state !== before.state;
  const isNews = changed || differs(before, { ...before, ...facts });
  if (!changed && Object.keys(facts).length === 0) return { row: before, from: before.state, changed, isNews };
  return scope.database.transaction(async (tx) => {
    const [row] = await tx
      .update(machine)
      .set({ ...facts, state, ...(changed ? { stateAt: new Date() } : {}), ...(isNews ? { lookedAt: null } : {}) })
      .where(and(eq(machine.id, machineId), eq(machine.state, before.state)))
      .returning();
    if (row === undefined) return null;
    if (changed) {
      const details = { machine: machineId, before: before.state, after: state, event };
      await audit(tx, scope, { actor, action: "machine.state", target: slug, orgId: row.orgId, details });
    }
    return { row, from: before.state, changed, isNews };
  });
}

const differs = (before: MachineRow, after: MachineRow): boolean =>
  JSON.stringify(projectedMachine(before)) !== JSON.stringify(projectedMachine(after));

function refused(state: MachineState, event: MachineEvent): PlatformError {
  const why = state === "destroying" || state === "destroyed" ? "It is being destroyed." : "Wait until it stands.";
  return new PlatformError("conflict", `The machine is ${state}, so it cannot ${event}. ${why}`, { state });
}

/** Removes a machine that is confirmed absent; the org's scripts answer again. May be repeated; false when there was none. */
export async function removeMachine(scope: Scope, machineId: string, actor: Actor = PLATFORM): Promise<boolean> {
  const gone = await scope.database.transaction(async (tx) => {
    const [row] = await tx
      .delete(machine)
      .where(and(eq(machine.id, machineId), eq(machine.state, "destroying")))
      .returning();
    if (row === undefined) return null;
    const [owner] = await tx.update(org).set({ driver: "isolate" }).where(eq(org.id, row.orgId)).returning();
    const details = { machine: machineId, before: "destroying", after: "destroyed", driver: row.driver };
    const entry = { actor, action: "machine.destroyed", target: owner?.slug ?? row.orgId, orgId: row.orgId };
    await audit(tx, scope, { ...entry, details });
    return row;
  });
  if (gone === null) return false;
  await publishMachine(scope, gone.orgId);
  return true;
}

/**
 * Tells the org's object, and every edge, of its machine as it is now: of none where its scripts answer. Goes on until
 * nothing changed meanwhile, so that of two at once the last word is what is true. False where the object does not answer;
 * reconciliation finds what it was not told.
 */
export async function publishMachine(scope: Scope, orgId: string): Promise<boolean> {
  let told: string | null = null;
  for (let times = 0; times < PUBLICATIONS_MAX; times += 1) {
    const [found] = await scope.database
      .select({ slug: org.slug, driver: org.driver, state: org.state, machine })
      .from(org)
      .leftJoin(machine, eq(machine.orgId, org.id))
      .where(eq(org.id, orgId));
    if (found === undefined || found.state === "destroying") return true;
    const shown = found.driver === "isolate" || found.machine === null ? null : projectedMachine(found.machine);
    const text = JSON.stringify(shown);
    if (text === told) return true;
    try {
      await scope.state.setMachine(orgId, shown);
    } catch (error) {
      if (platformErrorOf(error) === null) throw error;
      reportFailure(scope.requestId, `the machine of ${orgId} could not be published`, error);
      return false;
    }
    await scope.edges.forget(found.slug);
    told = text;
  }
  return true;
}

/**
 * Takes the one-time token by which a machine registers itself, in a transaction: null when it is not good (any more).
 * From now on the machine's secrets are of the next version.
 */
export async function takeEnrolment(
  tx: Queries,
  hash: string,
  facts: (row: MachineRow) => MachineFacts,
): Promise<MachineRow | null> {
  const good = and(eq(machine.enrolmentHash, hash), sql`${machine.enrolmentExpiresAt} > now()`);
  const [before] = await tx.select().from(machine).where(good).for("update");
  if (before === undefined) return null;
  const taken = { enrolmentHash: null, enrolmentExpiresAt: null, secretsVersion: before.secretsVersion + 1 };
  const [row] = await tx
    .update(machine)
    .set({ ...facts(before), ...taken, lookedAt: null })
    .where(eq(machine.id, before.id))
    .returning();
  return row ?? null;
}

/** Notes that a machine was looked after and the edges know it, unless something changed meanwhile. */
export async function noteLooked({ database }: Scope, { id, updatedAt }: MachineRow): Promise<void> {
  await database
    .update(machine)
    .set({ lookedAt: new Date(), updatedAt: sql`${machine.updatedAt}` })
    .where(and(eq(machine.id, id), eq(machine.updatedAt, updatedAt)));
}
