import { and, eq, gt, inArray, notInArray, or } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { ORPHAN_GRACE_MS, ORPHAN_WATCH_MS, ORPHANS_PER_SWEEP_MAX } from "../../../contracts/limits.ts";
import { MACHINE_DRIVERS, type MachineDriverName } from "../../../contracts/machines.ts";
import { audit } from "../audit/write.ts";
import { machine, orphan, provision } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import type { Driver, Resource } from "./driver.ts";
import { findDriver } from "./drivers/index.ts";
import { PLATFORM } from "./machines.ts";
import { ProviderError } from "./provider-error.ts";
import { KNOWN_TO_PROVIDERS } from "./reconcile.ts";
import { judgeListing } from "./sweep-judge.ts";

/** What was found at one driver's provider. */
export interface SweptDriver {
  driver: MachineDriverName;
  skipped: string | null;
  listed: number;
  orphans: { resource: string; firstSeenAt: number; outcome: "kept" | "removed" | "failed"; error: string | null }[];
}

/** The minute of each hour in which the clock sweeps. */
const SWEEP_MINUTE = 17;

/** The clock's sweep: once an hour, where there is or lately was anything. */
export async function sweepByClock(scope: Scope, now: number): Promise<void> {
  if (new Date(now).getUTCMinutes() !== SWEEP_MINUTE) return;
  await sweepInUse(scope, now);
}

/** Sweeps the drivers that are in use: a platform that has no machines asks no provider anything. */
async function sweepInUse(scope: Scope, now: number): Promise<SweptDriver[]> {
  const drivers = await driversInUse(scope, now);
  return sweep(scope, { dryRun: false, actor: PLATFORM, now, drivers });
}

/** Sweeps every driver there is, for somebody who asks for it, with a note of that. */
export async function sweepFor(scope: Scope, actor: Actor, dryRun: boolean) {
  const drivers = await sweep(scope, { dryRun, actor, now: Date.now(), drivers: MACHINE_DRIVERS });
  const found = drivers.flatMap(({ driver, orphans }) =>
    orphans.map(({ resource, outcome }) => ({ driver, resource, outcome })),
  );
  const skipped = drivers.filter(({ skipped }) => skipped !== null).map(({ driver }) => driver);
  const details = { dryRun, found, skipped };
  await audit(scope.database, scope, { actor, action: "machines.sweep", target: "platform", details });
  return { dryRun, drivers };
}

interface Sweep {
  dryRun: boolean;
  actor: Actor;
  now: number;
  drivers: readonly MachineDriverName[];
}

async function sweep(scope: Scope, told: Sweep): Promise<SweptDriver[]> {
  const swept: SweptDriver[] = [];
  for (const name of told.drivers) {
    const driver = findDriver(scope, name);
    // What registers itself is made by nobody here, so nothing of it can be left over.
    if (driver === null || driver.registersItself) continue;
    swept.push(await sweepDriver(scope, driver, told));
  }
  return swept;
}

async function sweepDriver(scope: Scope, driver: Driver, told: Sweep): Promise<SweptDriver> {
  let listed: Resource[];
  try {
    listed = await driver.list(scope.env.PLATFORM_ID);
  } catch (error) {
    const why = error instanceof ProviderError ? error.message : "Something went wrong on our side.";
    reportFailure(scope.requestId, `what lies at ${driver.name} could not be listed`, error);
    return { driver: driver.name, skipped: `It could not be listed: ${why}`, listed: 0, orphans: [] };
  }
  // Read after the listing: whatever was made meanwhile has its row by now.
  const judged = judgeListing(listed, await ownersAt(scope, driver.name));
  const common = { driver: driver.name, listed: listed.length };
  if (judged.skipped !== null) return { ...common, skipped: judged.skipped, orphans: [] };
  const seen = await noteSightings(scope, driver.name, judged.orphans, told.now);
  const due = seen.filter(({ firstSeenAt }) => told.now - firstSeenAt >= ORPHAN_GRACE_MS);
  const oldest = [...due].sort((one, other) => one.firstSeenAt - other.firstSeenAt);
  const chosen = new Set(told.dryRun ? [] : oldest.slice(0, ORPHANS_PER_SWEEP_MAX));
  const orphans: SweptDriver["orphans"] = [];
  // In the order of the listing: what holds something else comes after it.
  for (const one of seen) {
    const kept = {
      resource: one.resource.resource,
      firstSeenAt: one.firstSeenAt,
      outcome: "kept",
      error: null,
    } as const;
    orphans.push(chosen.has(one) ? await removeOrphan(scope, driver, one, told.actor) : kept);
  }
  return { ...common, skipped: null, orphans };
}

/** Whom the directory knows at a provider: those who may have something there, and those who must. */
async function ownersAt({ database }: Scope, driver: MachineDriverName) {
  const [machines, sure, provisions] = await Promise.all([
    database.select({ id: machine.id, orgId: machine.orgId }).from(machine).where(eq(machine.driver, driver)),
    database
      .select({ id: machine.id })
      .from(machine)
      .where(and(eq(machine.driver, driver), KNOWN_TO_PROVIDERS)),
    database
      .select({ id: provision.machineId, orgId: provision.orgId })
      .from(provision)
      .where(and(eq(provision.driver, driver), inArray(provision.state, ["running", "compensating"]))),
  ]);
  const owners = [...machines, ...provisions];
  return {
    machineIds: new Set(owners.map(({ id }) => id)),
    orgIds: new Set(owners.map(({ orgId }) => orgId)),
    sure: new Set(sure.map(({ id }) => id)),
  };
}

interface Sighting {
  resource: Resource;
  firstSeenAt: number;
}

/** Notes what is seen for the first time, and forgets what is not seen any more. */
async function noteSightings(
  { database }: Scope,
  driver: MachineDriverName,
  found: readonly Resource[],
  now: number,
): Promise<Sighting[]> {
  const names = found.map(({ resource }) => resource);
  await database
    .delete(orphan)
    .where(and(eq(orphan.driver, driver), names.length === 0 ? undefined : notInArray(orphan.resource, names)));
  if (names.length === 0) return [];
  await database
    .insert(orphan)
    .values(names.map((resource) => ({ driver, resource, firstSeenAt: new Date(now) })))
    .onConflictDoNothing();
  const rows = await database.select().from(orphan).where(eq(orphan.driver, driver));
  const since = new Map(rows.map(({ resource, firstSeenAt }) => [resource, firstSeenAt.getTime()]));
  return found.map((resource) => ({ resource, firstSeenAt: since.get(resource.resource) ?? now }));
}

async function removeOrphan(
  scope: Scope,
  driver: Driver,
  { resource, firstSeenAt }: Sighting,
  actor: Actor,
): Promise<SweptDriver["orphans"][number]> {
  const named = { resource: resource.resource, firstSeenAt };
  try {
    await driver.remove(resource);
  } catch (error) {
    if (!(error instanceof ProviderError && error.code === "not_found")) {
      reportFailure(scope.requestId, `${driver.name} ${resource.resource} could not be removed`, error);
      const message = error instanceof ProviderError ? error.message : "Something went wrong on our side.";
      return { ...named, outcome: "failed", error: message };
    }
  }
  await scope.database
    .delete(orphan)
    .where(and(eq(orphan.driver, driver.name), eq(orphan.resource, resource.resource)));
  const { orgId, machineId, createdAt } = resource;
  const details = { driver: driver.name, orgId, machineId, createdAt, firstSeenAt };
  const target = `${driver.name}:${resource.resource}`;
  await audit(scope.database, scope, { actor, action: "machine.orphan-removed", target, details });
  return { ...named, outcome: "removed", error: null };
}

async function driversInUse({ database }: Scope, now: number): Promise<MachineDriverName[]> {
  const lately = or(
    inArray(provision.state, ["running", "compensating"]),
    gt(provision.createdAt, new Date(now - ORPHAN_WATCH_MS)),
  );
  const [machines, provisions, orphans] = await Promise.all([
    database.selectDistinct({ driver: machine.driver }).from(machine),
    database.selectDistinct({ driver: provision.driver }).from(provision).where(lately),
    database.selectDistinct({ driver: orphan.driver }).from(orphan),
  ]);
  return [...new Set([...machines, ...provisions, ...orphans].map(({ driver }) => driver))];
}
