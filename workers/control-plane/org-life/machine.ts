import { and, asc, eq, inArray } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { MACHINES_PER_PASS } from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import { machine, org } from "../database/schema.ts";
import { destroyMachineOf } from "../provisioning/destroy.ts";
import { startMachineOf, stopMachineOf } from "../provisioning/life.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";

type Owner = Pick<OrgRow, "id" | "slug">;

/** States of a machine that costs something and answers nobody while its org is suspended. */
const AWAKE = ["created", "starting", "started"] as const;

/**
 * Has an org's machine stopped, for the org is suspended. Never fails: what cannot be stopped now, the clock stops, and an
 * org without one, or with one that is run elsewhere, needs nothing.
 */
export async function restMachine(scope: Scope, owner: Owner, actor: Actor): Promise<void> {
  await stopMachineOf(scope, owner, actor).catch((error: unknown) => {
    reportFailure(scope.requestId, `the machine of ${owner.id} is to rest and does not yet`, error);
  });
}

/** Has it started again. Never fails: a machine that is stopped says so, and can be started. */
export async function wakeMachineAfterRest(scope: Scope, owner: Owner, actor: Actor): Promise<void> {
  await startMachineOf(scope, owner, actor).catch((error: unknown) => {
    reportFailure(scope.requestId, `the machine of ${owner.id} was not started when the org was resumed`, error);
  });
}

/** Stops machines of suspended orgs that run all the same. */
export async function keepMachinesAtRest(scope: Scope): Promise<void> {
  const awake = await scope.database
    .select({ id: org.id, slug: org.slug })
    .from(machine)
    .innerJoin(org, eq(org.id, machine.orgId))
    .where(and(eq(org.state, "suspended"), inArray(machine.state, [...AWAKE])))
    .orderBy(asc(machine.stateAt))
    .limit(MACHINES_PER_PASS);
  for (const owner of awake) await restMachine(scope, owner, { type: "platform", id: "machines", name: "Machines" });
}

/**
 * Has everything that a provider keeps for an org destroyed, and a provision that is under way taken down. Throws
 * `unavailable` until the provider has confirmed that nothing is left.
 */
export async function destroyMachine(scope: Scope, owner: Owner, actor: Actor): Promise<void> {
  if (await destroyMachineOf(scope, owner, actor)) return;
  throw new PlatformError(
    "unavailable",
    `The org ${owner.slug} answers no more, but its machine is not gone yet. Nothing need be done: this goes on by itself.`,
    { state: "destroying", part: "machine" },
  );
}
