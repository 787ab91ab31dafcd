import { and, asc, eq, inArray, notExists } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { MACHINES_AT_ONCE, MACHINES_PER_PASS, PROVISION_LEASE_MS } from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import { machine, org, provision } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { newestProvision } from "./create.ts";
import { findDriver } from "./drivers/index.ts";
import { UNFINISHED } from "./journal.ts";
import { launch } from "./launch.ts";
import { findMachineOf, type MachineRow, moveMachine, noteOfMachine, PLATFORM, removeMachine } from "./machines.ts";
import { tellOrg } from "../org-life/tell.ts";
import { planOf, sourceOfMachine } from "./plan.ts";
import { ProviderError } from "./provider-error.ts";
import { noteBegun, noteEnded, type Run } from "./run.ts";
import { takeTurn } from "./saga.ts";

type Owner = Pick<OrgRow, "id" | "slug">;

/**
 * Has an org's machine, or what it is being given, destroyed with its volume; its scripts answer again. Returns when that
 * is begun for good: the rest is done by {@link destroyInHand} and the clock. Throws `conflict` when there is nothing.
 */
export async function beginDestroyingMachine(scope: Scope, owner: Owner, actor: Actor): Promise<void> {
  const run = await cancelProvision(scope, owner, actor);
  if (run !== null) return launch(scope, run);
  const row = await findMachineOf(scope, owner.id);
  if (row !== null) {
    await moveMachine(scope, row.id, "destroy", {}, actor);
    scope.later(() => destroyNow(scope, row.id));
    return;
  }
  if (!(await answerByScripts(scope, owner, actor))) {
    throw new PlatformError("conflict", `The org ${owner.slug} has no machine.`);
  }
}

/** An org that could not get its first machine goes on without one. False where it is no such org. */
async function answerByScripts(scope: Scope, { id, slug }: Owner, actor: Actor): Promise<boolean> {
  const isChanged = await scope.database.transaction(async (tx) => {
    const last = await newestProvision(tx, id);
    if (last?.state !== "failed") return false;
    const [row] = await tx
      .update(org)
      .set({ state: "running", driver: "isolate", openedAt: null })
      .where(and(eq(org.id, id), eq(org.state, "failed")))
      .returning();
    if (row === undefined) return false;
    const details = {
      before: { state: "failed", driver: last.driver },
      after: { state: "running", driver: "isolate" },
    };
    await audit(tx, scope, { actor, action: "machine.forgo", target: slug, orgId: id, details });
    return true;
  });
  if (isChanged) await tellOrg(scope, id);
  return isChanged;
}

/** Stops a provision under way, so that everything it made is taken down; the run that does so, or null when there is none. */
async function cancelProvision(scope: Scope, { id, slug }: Owner, actor: Actor): Promise<Run | null> {
  return scope.database.transaction(async (tx) => {
    const isUnfinished = and(eq(provision.orgId, id), inArray(provision.state, [...UNFINISHED]));
    const [row] = await tx.select().from(provision).where(isUnfinished).for("update");
    if (row === undefined) return null;
    const attempt = row.attempt + 1;
    const message = "It was cancelled while it was under way.";
    const error = row.state === "compensating" ? row.error : { code: "cancelled", message };
    const leaseUntil = new Date(Date.now() + PROVISION_LEASE_MS);
    await tx
      .update(provision)
      .set({ state: "compensating", attempt, leaseUntil, error })
      .where(eq(provision.id, row.id));
    if (row.state !== "compensating") {
      const details = { provision: row.id, before: "running", after: "compensating" };
      await audit(tx, scope, { actor, action: "machine.cancel", target: slug, orgId: id, details });
    }
    return { provisionId: row.id, attempt };
  });
}

/**
 * Destroys an org's machine and whatever a provision of it has made, now. True once the provider has confirmed that nothing
 * is left, or there never was anything; false while something may be, in which case the clock goes on. May be repeated.
 */
export async function destroyMachineOf(scope: Scope, owner: Owner, actor: Actor = PLATFORM): Promise<boolean> {
  const run = await cancelProvision(scope, owner, actor);
  if (run !== null) {
    noteBegun(run);
    try {
      if ((await takeTurn(scope, run, 1)).next !== null) return false;
    } finally {
      noteEnded(run);
    }
  }
  const row = await findMachineOf(scope, owner.id);
  if (row === null) return true;
  await moveMachine(scope, row.id, "destroy", {}, actor);
  return destroyNow(scope, row.id);
}

/** Destroys a machine that is `destroying`. False while its provider has not confirmed that it is gone; never recreates. */
async function destroyNow(scope: Scope, machineId: string): Promise<boolean> {
  const [found] = await scope.database
    .select({ row: machine, slug: org.slug })
    .from(machine)
    .innerJoin(org, eq(org.id, machine.orgId))
    .where(and(eq(machine.id, machineId), eq(machine.state, "destroying")));
  if (found === undefined) return true;
  const failure = await destroyAtProvider(scope, found.row, found.slug);
  if (failure === null) {
    await removeMachine(scope, machineId);
    return true;
  }
  reportFailure(scope.requestId, `machine ${machineId} is still not destroyed`, failure);
  await noteOfMachine(scope, machineId, { error: { code: failure.code, message: failure.message } });
  return false;
}

async function destroyAtProvider(scope: Scope, row: MachineRow, slug: string): Promise<ProviderError | null> {
  const driver = findDriver(scope, row.driver);
  if (driver === null) return new ProviderError("refused", `The driver ${row.driver} is not enabled here any more.`);
  try {
    await driver.destroy(await planOf(scope, sourceOfMachine(row), slug));
    return null;
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
}

/** Goes on with machines that are being destroyed; those that failed longest ago come first. */
export async function destroyInHand(scope: Scope): Promise<void> {
  // What a provision has made is taken down by its own run.
  const underWay = scope.database
    .select({ id: provision.id })
    .from(provision)
    .where(and(eq(provision.machineId, machine.id), inArray(provision.state, [...UNFINISHED])));
  const left = await scope.database
    .select({ id: machine.id })
    .from(machine)
    .where(and(eq(machine.state, "destroying"), notExists(underWay)))
    .orderBy(asc(machine.updatedAt))
    .limit(MACHINES_PER_PASS);
  for (let from = 0; from < left.length; from += MACHINES_AT_ONCE) {
    const batch = left.slice(from, from + MACHINES_AT_ONCE);
    const ended = await Promise.allSettled(batch.map(({ id }) => destroyNow(scope, id)));
    for (const one of ended) if (one.status === "rejected") throw one.reason;
  }
}
