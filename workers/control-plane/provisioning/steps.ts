import { and, eq } from "drizzle-orm";

import {
  ENROLMENT_TTL_MS,
  MACHINE_FAILURE_LINES_MAX,
  MACHINE_LOOK_MAX_MS,
  MACHINE_LOOK_MIN_MS,
  MACHINE_UNSTARTED_MS,
} from "../../../contracts/limits.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { sawEvent } from "../../../contracts/machine-life.ts";
import type { ProvisionStep } from "../../../contracts/machines.ts";
import { sha256Hex } from "../auth/hash.ts";
import { org, provision } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import type { Driver, Plan, ProviderRecord } from "./driver.ts";
import { change, fullRegions, type Journal, noteStep, withFullRegions } from "./journal.ts";
import { findMachineOf, insertMachine, moveMachine, noteOfMachine, publishMachine } from "./machines.ts";
import { tellOrg } from "../org-life/tell.ts";
import { enrolmentTokenOf, planOf } from "./plan.ts";
import { probe } from "./probe.ts";
import { ProviderError } from "./provider-error.ts";
import { type Run, Superseded } from "./run.ts";

/** What a step works with. */
export interface Work {
  scope: Scope;
  run: Run;
  driver: Driver;
  journal: Journal;
  /** How often this step was begun, this time included. */
  attempts: number;
  /** When it first began, in epoch milliseconds. */
  beganAt: number;
}

/** `done`, or to be looked at again after a pause in milliseconds. */
export type StepResult = "done" | { lookAgainAfterMs: number };

/**
 * What each step of a provision does, once or as often as it is cut off. What the provider has made is in the journal
 * before anything is waited for, and nothing is waited for here but answers.
 */
export const STEPS: Record<ProvisionStep, (work: Work) => Promise<StepResult>> = {
  credentials,
  infrastructure: (work) => make(work, (driver, plan) => driver.prepare(plan)),
  volume: async (work) =>
    work.journal.row.spec.volumeGb === undefined ? "done" : make(work, (driver, plan) => driver.makeVolume(plan)),
  machine: (work) => make(work, (driver, plan) => driver.makeMachine(plan), true),
  start,
  ready,
  publish,
};

async function credentials({ scope, run, journal }: Work): Promise<StepResult> {
  const { machineId, secretsVersion, enrolmentExpiresAt } = journal.row;
  // A token that was given out stays as it is: the machine may hold it already, or have used it.
  if (enrolmentExpiresAt !== null) return "done";
  const enrolmentHash = await sha256Hex(await enrolmentTokenOf(scope.env, machineId, secretsVersion));
  await change(scope.database, run, { enrolmentHash, enrolmentExpiresAt: new Date(Date.now() + ENROLMENT_TTL_MS) });
  return "done";
}

/** The regions that may have room, the first of which is to be tried. */
export function openRegions({ row }: Journal, driver: Driver): string[] {
  const full = new Set(fullRegions(row.provider));
  return (row.spec.regions ?? [...driver.defaults.regions]).filter((region) => !full.has(region));
}

/** What the driver is asked for now. */
export async function planNow(scope: Scope, { row, org }: Journal, regions: string[]): Promise<Plan> {
  const plan = await planOf(scope, { ...row, machineId: row.machineId }, org.slug);
  return regions.length === 0 ? plan : { ...plan, spec: { ...plan.spec, regions } };
}

async function make(
  { scope, run, journal, driver }: Work,
  call: (driver: Driver, plan: Plan) => Promise<ProviderRecord>,
  isMachine = false,
): Promise<StepResult> {
  const plan = await planNow(scope, journal, openRegions(journal, driver));
  const record = withFullRegions(await call(driver, plan), fullRegions(journal.row.provider));
  try {
    await scope.database.transaction(async (tx) => {
      const row = await change(tx, run, { provider: record });
      if (isMachine) await insertMachine(tx, row);
    });
  } catch (error) {
    if (error instanceof Superseded) await takeBack(scope, run, driver, { ...plan, known: record });
    throw error;
  }
  return "done";
}

/** Whoever takes everything down may have looked before this was made. A run that goes on would find and adopt it. */
async function takeBack(scope: Scope, run: Run, driver: Driver, plan: Plan): Promise<void> {
  const [row] = await scope.database
    .select({ state: provision.state })
    .from(provision)
    .where(eq(provision.id, run.provisionId));
  if (row?.state !== "running" && row?.state !== "done") await driver.destroy(plan);
}

async function start({ scope, driver, journal }: Work): Promise<StepResult> {
  const { machineId, orgId, isFirst } = journal.row;
  await moveMachine(scope, machineId, "start");
  if (isFirst && journal.org.state === "provisioning") {
    const isWaiting = and(eq(org.id, orgId), eq(org.state, "provisioning"));
    await scope.database.update(org).set({ state: "starting", openedAt: null }).where(isWaiting);
    await tellOrg(scope, orgId);
  }
  // One that registers itself is started by whoever has it.
  if (!driver.registersItself) await driver.start(await planNow(scope, journal, openRegions(journal, driver)));
  return "done";
}

/** Looks for about a second, quickly at first; what takes longer is looked at again after a growing pause. */
async function ready(work: Work): Promise<StepResult> {
  const sinceMs = Date.now() - work.beganAt;
  const isFresh = sinceMs < 1_000;
  let pauseMs = MACHINE_LOOK_MIN_MS;
  for (;;) {
    if (await isReady(work)) return "done";
    if (!isFresh || Date.now() - work.beganAt >= 1_000) break;
    await new Promise((done) => setTimeout(done, pauseMs));
    pauseMs *= 1.5;
  }
  return { lookAgainAfterMs: Math.min(MACHINE_LOOK_MAX_MS, Math.max(250, Math.round(sinceMs / 10))) };
}

async function isReady(work: Work): Promise<boolean> {
  return work.driver.registersItself ? hasRegistered(work) : isUp(work);
}

async function hasRegistered({ scope, journal }: Work): Promise<boolean> {
  const row = await findMachineOf(scope, journal.row.orgId);
  if (row === null) throw new ProviderError("not_found", "The machine is gone.");
  return row.origin !== null && row.enrolmentHash === null;
}

async function isUp({ scope, journal, driver, beganAt }: Work): Promise<boolean> {
  const { machineId, spec } = journal.row;
  const plan = await planNow(scope, journal, openRegions(journal, driver));
  const seen = await driver.observe(plan);
  if (seen.state === null) throw new ProviderError("not_found", "The machine is gone from its provider.");
  const isStill = seen.state === "stopped" || seen.state === "suspended" || seen.state === "stopping";
  const isOver = isStill && (seen.reason !== null || Date.now() - beganAt > MACHINE_UNSTARTED_MS);
  if (seen.state === "failed" || isOver) throw await exited(driver, plan, seen.reason);
  if (seen.state !== "started" || seen.origin === null) return false;
  const { origin, network, region } = seen;
  const { answers } = await probe(scope.env, { origin, network }, spec);
  if (!answers) return false;
  await noteOfMachine(scope, machineId, { origin, network, region });
  return true;
}

/** The machine ended by itself; its last lines say more than any code. */
async function exited(driver: Driver, plan: Plan, reason: string | null): Promise<ProviderError> {
  const told = await driver.logs(plan, MACHINE_FAILURE_LINES_MAX).catch(() => []);
  const lines = told.slice(-MACHINE_FAILURE_LINES_MAX).map(({ text }) => text);
  const why = reason === null ? "" : `: ${reason}`;
  return new ProviderError("exited", `The machine ended right after its start${why}.`, { lines });
}

async function publish({ scope, run, journal }: Work): Promise<StepResult> {
  const { machineId, orgId, driver, isFirst } = journal.row;
  await moveMachine(scope, machineId, sawEvent("started"), { health: "healthy", probesFailed: 0, error: null });
  await scope.database.transaction(async (tx) => {
    await change(tx, run, {});
    const [row] = await tx.select().from(org).where(eq(org.id, orgId)).for("update");
    const isWaiting = row?.state === "provisioning" || row?.state === "starting" || row?.state === "failed";
    await tx
      .update(org)
      .set({ driver, ...(isFirst && isWaiting ? { state: "running" as const, openedAt: null } : {}) })
      .where(eq(org.id, orgId));
    await noteStep(tx, run, "publish", "running");
  });
  if (!(await publishMachine(scope, orgId)))
    throw new PlatformError("unavailable", "The org's object does not answer.");
  await tellOrg(scope, orgId);
  return "done";
}
