import { and, desc, eq, inArray, notInArray } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { ENROLMENT_TTL_MS, PROVISION_LEASE_MS, PROVISION_MS, PROVISIONS_KEPT_MAX } from "../../../contracts/limits.ts";
import type { MachineDriverName, MachineSpec } from "../../../contracts/machines.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import type { Queries } from "../database/connect.ts";
import { machine, org, provision } from "../database/schema.ts";
import { requireQuota } from "../plans/quota.ts";
import type { Scope } from "../scope.ts";
import { driverOf } from "./drivers/index.ts";
import { insertSteps, UNFINISHED } from "./journal.ts";
import { launch } from "./launch.ts";
import type { ProvisionRow } from "./machines.ts";
import { tellOrg } from "../org-life/tell.ts";

/** What somebody wants an org to have. */
export interface Wanted {
  driver: MachineDriverName;
  spec: MachineSpec;
}

/** Throws `invalid` where no such machine can be had here. */
export function requirePossible(scope: Scope, { driver: name, spec }: Wanted): void {
  const driver = driverOf(scope, name);
  if (spec.volumeGb === undefined || driver.hasVolumes) return;
  throw new PlatformError("invalid", `Machines of the driver ${name} have no volumes. Leave out volumeGb.`, {
    issues: [{ field: "volumeGb", reason: `is not possible with the driver ${name}` }],
  });
}

/**
 * Writes down that an org is to get a machine, in the transaction that makes it so; its run is still to be launched. Throws
 * `over_quota`, and `conflict` when another provision of the org is under way or it has a machine.
 *
 * @param isFirst whether the org came into being with it
 */
export async function beginProvision(
  tx: Queries,
  scope: Scope,
  owner: Pick<OrgRow, "id" | "slug">,
  wanted: Wanted,
  { isFirst, actor, action }: { isFirst: boolean; actor: Actor; action: "machine.create" | "machine.retry" },
): Promise<ProvisionRow> {
  const { id: orgId, slug } = owner;
  // An org that is made in this very transaction has nothing yet.
  const isNew = isFirst && action === "machine.create";
  await requireQuota(tx, owner, "machines");
  const [other] = isNew ? [] : await tx.select({ id: machine.id }).from(machine).where(eq(machine.orgId, orgId));
  if (other !== undefined) {
    throw new PlatformError(
      "conflict",
      `The org ${slug} has a machine. Delete it first: DELETE /orgs/${slug}/machine.`,
    );
  }
  const now = Date.now();
  const lastsMs = driverOf(scope, wanted.driver).registersItself ? ENROLMENT_TTL_MS : PROVISION_MS;
  const [row] = await tx
    .insert(provision)
    .values({
      id: newId("provision"),
      machineId: newId("machine"),
      orgId,
      ...wanted,
      isFirst,
      leaseUntil: new Date(now + PROVISION_LEASE_MS),
      deadlineAt: new Date(now + lastsMs),
      createdBy: actor.id,
    })
    .onConflictDoNothing()
    .returning();
  if (row === undefined) {
    throw new PlatformError(
      "conflict",
      `The org ${slug} is being given a machine already. Follow it at /machine/progress.`,
    );
  }
  await insertSteps(tx, row.id);
  if (!isNew) await forgetOldProvisions(tx, orgId);
  const after = { provision: row.id, machine: row.machineId, driver: row.driver, spec: wanted.spec };
  await audit(tx, scope, { actor, action, target: slug, orgId, details: { before: null, after } });
  return row;
}

async function forgetOldProvisions(tx: Queries, orgId: string): Promise<void> {
  const newest = await tx
    .select({ id: provision.id })
    .from(provision)
    .where(eq(provision.orgId, orgId))
    .orderBy(desc(provision.createdAt))
    .limit(PROVISIONS_KEPT_MAX);
  const kept = newest.map(({ id }) => id);
  const isOver = notInArray(provision.state, [...UNFINISHED]);
  await tx.delete(provision).where(and(eq(provision.orgId, orgId), isOver, notInArray(provision.id, kept)));
}

/** Gives an org that answers by its scripts a machine; they answer until it is ready. Throws as {@link beginProvision} does. */
export async function giveMachine(scope: Scope, owner: OrgRow, wanted: Wanted, actor: Actor): Promise<void> {
  requirePossible(scope, wanted);
  const row = await scope.database.transaction(async (tx) => {
    const [now] = await tx.select().from(org).where(eq(org.id, owner.id)).for("update");
    if (now?.state !== "running") throw notRunning(owner.slug, now?.state ?? "gone");
    return beginProvision(tx, scope, owner, wanted, { isFirst: false, actor, action: "machine.create" });
  });
  await launch(scope, { provisionId: row.id, attempt: row.attempt });
}

/** Tries once more what failed last. Throws `conflict` when nothing did, or the org has a machine or is getting one. */
export async function retryProvision(scope: Scope, owner: OrgRow, actor: Actor): Promise<void> {
  const row = await scope.database.transaction(async (tx) => {
    const [now] = await tx.select().from(org).where(eq(org.id, owner.id)).for("update");
    const last = await newestProvision(tx, owner.id);
    if (last === null || last.state === "done") {
      throw new PlatformError("conflict", `No provision of the org ${owner.slug} failed. Create a machine instead.`);
    }
    if (last.state === "compensating") {
      throw new PlatformError("conflict", "What the last try has made is still being taken down. Try again shortly.", {
        retryAfterSeconds: 2,
      });
    }
    const isFirst = now?.state === "failed";
    if (!isFirst && now?.state !== "running") throw notRunning(owner.slug, now?.state ?? "gone");
    const wanted = { driver: last.driver, spec: last.spec };
    requirePossible(scope, wanted);
    if (isFirst) {
      const values = { state: "provisioning", driver: last.driver, openedAt: null } as const;
      await tx
        .update(org)
        .set(values)
        .where(and(eq(org.id, owner.id), inArray(org.state, ["failed"])));
    }
    return beginProvision(tx, scope, owner, wanted, { isFirst, actor, action: "machine.retry" });
  });
  await tellOrg(scope, owner.id);
  await launch(scope, { provisionId: row.id, attempt: row.attempt });
}

/** The newest attempt to give an org a machine; null when there was none. */
export async function newestProvision(queries: Queries, orgId: string): Promise<ProvisionRow | null> {
  const [row] = await queries
    .select()
    .from(provision)
    .where(eq(provision.orgId, orgId))
    .orderBy(desc(provision.createdAt))
    .limit(1);
  return row ?? null;
}

const notRunning = (slug: string, state: string): PlatformError =>
  new PlatformError("conflict", `The org ${slug} is ${state}; only a running one can be given a machine.`, { state });
