import { and, eq, inArray } from "drizzle-orm";

import { PROVISION_TRIES_MAX } from "../../../contracts/limits.ts";
import { PROVISION_STEPS, type ProvisionStep } from "../../../contracts/machines.ts";
import { audit } from "../audit/write.ts";
import { org, provision } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { findDriver } from "./drivers/index.ts";
import { change, type Journal, noteStep } from "./journal.ts";
import { findMachineOf, moveMachine, PLATFORM, removeMachine } from "./machines.ts";
import { tellOrg } from "../org-life/tell.ts";
import { pauseBefore } from "./pauses.ts";
import { planOf } from "./plan.ts";
import { ProviderError } from "./provider-error.ts";
import { at, type Run, type Told } from "./run.ts";

/** Why a provision is taken down, for people; `cancelled` where somebody wanted it so. */
export interface Failure {
  code: string;
  message: string;
  lines?: string[];
}

/** States of an org that has no machine yet and nothing else to answer with. */
const WAITING = ["provisioning", "starting"] as const;

/** Marks a provision as one that is taken down. From here on nothing of it is made any more. */
export async function beginCompensating(
  scope: Scope,
  run: Run,
  failure: Failure,
  step: ProvisionStep | null,
): Promise<void> {
  const error = {
    code: failure.code,
    message: failure.message,
    ...(failure.lines?.length ? { lines: failure.lines } : {}),
  };
  const row = await scope.database.transaction(async (tx) => {
    const changed = await change(tx, run, { state: "compensating", error });
    if (step !== null) await noteStep(tx, run, step, "failed", failure.message);
    const fails = changed.isFirst && failure.code !== "cancelled";
    if (fails) {
      const waiting = and(eq(org.id, changed.orgId), inArray(org.state, [...WAITING]));
      await tx.update(org).set({ state: "failed", openedAt: null }).where(waiting);
    }
    const [owner] = await tx.select({ slug: org.slug }).from(org).where(eq(org.id, changed.orgId));
    const details = { provision: changed.id, before: "running", after: "compensating", step, error };
    const entry = {
      actor: PLATFORM,
      action: "machine.fail",
      target: owner?.slug ?? changed.orgId,
      orgId: changed.orgId,
    };
    await audit(tx, scope, { ...entry, details });
    return changed;
  });
  await tellOrg(scope, row.orgId);
}

/**
 * Takes down what a provision has made, in reverse, and ends it once the provider has confirmed that all of it is absent.
 * Until then it stays `compensating`, however long that takes.
 *
 * @param times how many turns of this were taken in a row
 */
export async function compensate(scope: Scope, run: Run, journal: Journal, times: number): Promise<Told> {
  const { row, org: owner, steps } = journal;
  const machine = await findMachineOf(scope, row.orgId);
  const isOurs = machine?.id === row.machineId;
  if (isOurs) await moveMachine(scope, row.machineId, "destroy");
  const begun = steps.filter(({ state }) => state !== "waiting" && state !== "undone").map(({ step }) => step);
  const failure = await destroyAtProvider(scope, journal);
  if (failure !== null) {
    reportFailure(scope.requestId, `provision ${row.id} is still not taken down`, failure);
    if (times >= PROVISION_TRIES_MAX) return await giveUpForNow(scope, run);
    return at("compensate", pauseBefore(times, failure.retryAfterMs, Math.random()));
  }
  if (isOurs) await removeMachine(scope, row.machineId);
  for (const step of PROVISION_STEPS.toReversed()) {
    const was = steps.find((one) => one.step === step);
    if (begun.includes(step) && was?.state !== "failed")
      await noteStep(scope.database, run, step, "undone", was?.error);
  }
  const wasCancelled = row.error?.code === "cancelled";
  await scope.database.transaction(async (tx) => {
    await change(tx, run, { state: "failed", provider: {}, enrolmentHash: null });
    const state = wasCancelled ? ("running" as const) : ("failed" as const);
    const values = { state, openedAt: null, ...(wasCancelled ? { driver: "isolate" as const } : {}) };
    const waiting = and(eq(org.id, row.orgId), inArray(org.state, [...WAITING]));
    if (row.isFirst) await tx.update(org).set(values).where(waiting);
    const details = {
      provision: row.id,
      machine: row.machineId,
      before: "compensating",
      after: "failed",
      error: row.error,
    };
    await audit(tx, scope, {
      actor: PLATFORM,
      action: "machine.undone",
      target: owner.slug,
      orgId: row.orgId,
      details,
    });
  });
  await tellOrg(scope, row.orgId);
  return at(null);
}

/** Null once the provider has confirmed that nothing is there. */
async function destroyAtProvider(scope: Scope, { row, org: owner }: Journal): Promise<ProviderError | null> {
  const driver = findDriver(scope, row.driver);
  if (driver === null) return new ProviderError("refused", `The driver ${row.driver} is not enabled here any more.`);
  try {
    await driver.destroy(await planOf(scope, row, owner.slug));
    return null;
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
}

/** The clock has another run go on with it. */
async function giveUpForNow({ database }: Scope, run: Run): Promise<Told> {
  await database
    .update(provision)
    .set({ leaseUntil: new Date() })
    .where(and(eq(provision.id, run.provisionId), eq(provision.attempt, run.attempt)));
  return at(null);
}
