import { eq } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import { ENROLMENT_TTL_MS, MACHINE_LOOK_MAX_MS, MACHINE_TRANSITION_MS } from "../../../contracts/limits.ts";
import { isAtRest } from "../../../contracts/machine-life.ts";
import type { OrgRow } from "../access.ts";
import { sha256Hex } from "../auth/hash.ts";
import { machine, org } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import type { Driver, Observed, Plan } from "./driver.ts";
import { driverOf } from "./drivers/index.ts";
import { decide, type Decision } from "./life-decide.ts";
import { keptError, withLastLines } from "./life-errors.ts";
import { type MachineFacts, type MachineRow, moveMachine, noteOfMachine, publishMachine } from "./machines.ts";
import { enrolmentTokenOf, planOf, sourceOfMachine } from "./plan.ts";
import { probe } from "./probe.ts";
import { ProviderError } from "./provider-error.ts";

/** A machine with what else is needed to look after it. */
export interface Looked {
  machine: MachineRow;
  org: Pick<OrgRow, "id" | "slug" | "state" | "driver">;
}

/** A machine as it is now; null when it is gone. */
export async function findLooked({ database }: Pick<Scope, "database">, machineId: string): Promise<Looked | null> {
  const [found] = await database
    .select({ machine, org })
    .from(machine)
    .innerJoin(org, eq(org.id, machine.orgId))
    .where(eq(machine.id, machineId));
  return found ?? null;
}

/** The driver of a machine, and what it works by. Throws `invalid` where the platform is without that driver now. */
export async function atProvider(scope: Scope, { machine: row, org }: Looked): Promise<{ driver: Driver; plan: Plan }> {
  return { driver: driverOf(scope, row.driver), plan: await planOf(scope, sourceOfMachine(row), org.slug) };
}

/**
 * Takes a machine that is starting or stopping as far as it gets now: asks the provider, and does what follows. May be
 * repeated at any time, by several at once. Throws `ProviderError` where the provider cannot be asked: then nothing changes.
 */
export async function advance(scope: Scope, looked: Looked): Promise<void> {
  const { machine: row } = looked;
  if (isAtRest(row.state) || row.state === "destroying") return;
  const { driver, plan } = await atProvider(scope, looked);
  const seen = await driver.observe(plan);
  const answers = row.state === "starting" && seen.state === "started" && (await answersAt(scope, looked, seen));
  const isOverdue = Date.now() - row.stateAt.getTime() > MACHINE_TRANSITION_MS;
  const decision = decide(row.state, { seen, answers, isOverdue });
  if ("wait" in decision) return;
  if ("event" in decision) return settle(scope, looked, { driver, plan, seen, decision });
  if (decision.call === "stop") return driver.stop(plan);
  await startAtProvider(scope, looked);
}

/**
 * Has the provider start a machine, once the edges know which of its secrets it will have. A refusal that the same again
 * would not mend is the end of the attempt.
 */
async function startAtProvider(scope: Scope, { machine: { id } }: Looked): Promise<void> {
  const row = await noteOfMachine(scope, id, await enrolmentFor(scope, id));
  const looked = row === null ? null : await findLooked(scope, id);
  if (looked === null) return;
  await requirePublished(scope, looked);
  const { driver, plan } = await atProvider(scope, looked);
  try {
    await driver.start(plan);
  } catch (error) {
    if (!(error instanceof ProviderError) || error.retry) throw error;
    await moveMachine(scope, id, error.code === "not_found" ? "saw:gone" : "fail", { error: keptError(error) });
  }
}

/** Has the token in its environment be good for one more time; one that somebody was given stays as it is. */
async function enrolmentFor(scope: Scope, id: string): Promise<MachineFacts> {
  const found = await findLooked(scope, id);
  if (found === null) return {};
  const { enrolmentHash, enrolmentExpiresAt, secretsVersion } = found.machine;
  if (enrolmentHash !== null && (enrolmentExpiresAt?.getTime() ?? 0) > Date.now()) return {};
  return {
    enrolmentHash: await sha256Hex(await enrolmentTokenOf(scope.env, id, secretsVersion)),
    enrolmentExpiresAt: new Date(Date.now() + ENROLMENT_TTL_MS),
  };
}

/** Throws `unavailable` as long as the edges do not know this version of the machine's secrets. */
async function requirePublished(scope: Scope, { machine: row, org }: Looked): Promise<void> {
  if (org.driver === "isolate" || (await knownVersion(scope, org.id)) >= row.secretsVersion) return;
  await publishMachine(scope, org.id);
  if ((await knownVersion(scope, org.id)) >= row.secretsVersion) return;
  throw new PlatformError("unavailable", "The edges could not be told of the machine yet. It starts when they know.");
}

async function knownVersion({ state }: Scope, orgId: string): Promise<number> {
  return (await state.projection(orgId))?.machine?.secretsVersion ?? 0;
}

async function answersAt(scope: Scope, { machine: row }: Looked, { origin, network }: Observed): Promise<boolean> {
  return origin !== null && (await probe(scope.env, { origin, network }, row.spec)).answers;
}

interface Settling {
  driver: Driver;
  plan: Plan;
  seen: Observed;
  decision: Extract<Decision, { event: string }>;
}

async function settle(scope: Scope, { machine: row }: Looked, settling: Settling): Promise<void> {
  const { driver, plan, seen, decision } = settling;
  const { error, event } = decision;
  const kept = error === null ? null : await withLastLines(driver, plan, error);
  const isUp = event === "saw:started";
  const facts: MachineFacts = isUp ? upFacts(seen, decision.isUnwell === true) : { health: "unknown" };
  await moveMachine(scope, row.id, event, { ...facts, error: kept });
}

const upFacts = ({ origin, network, region }: Observed, isUnwell: boolean): MachineFacts => ({
  origin,
  network,
  ...(region === null ? {} : { region }),
  health: isUnwell ? "unhealthy" : "healthy",
  probesFailed: 0,
  // Heartbeats of the run before say nothing of this one, and nobody has asked it for anything yet.
  heartbeatAt: null,
  requestedAt: new Date(),
});

const LOOK_MS = 250;

/** Goes on with a machine until it stands, its provider refuses, or the time is over; the clock does the rest. */
export async function follow(scope: Scope, machineId: string, untilMs: number): Promise<void> {
  for (let pauseMs = LOOK_MS; Date.now() < untilMs; pauseMs = Math.min(pauseMs * 1.5, MACHINE_LOOK_MAX_MS)) {
    const looked = await findLooked(scope, machineId);
    if (looked === null || isAtRest(looked.machine.state) || looked.machine.state === "destroying") return;
    let waitMs = pauseMs;
    try {
      await advance(scope, looked);
    } catch (error) {
      if (!(error instanceof ProviderError) || !error.retry) throw error;
      waitMs = Math.max(waitMs, error.retryAfterMs ?? 0);
    }
    await new Promise((done) => setTimeout(done, waitMs));
  }
}
