import { and, asc, eq, exists, inArray, sql } from "drizzle-orm";

import { PROVISION_LEASE_MS } from "../../../contracts/limits.ts";
import { PROVISION_STEPS, type ProvisionStep } from "../../../contracts/machines.ts";
import type { OrgRow } from "../access.ts";
import type { Queries } from "../database/connect.ts";
import { org, provision, provisionStep } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import type { ProviderRecord } from "./driver.ts";
import type { ProvisionRow } from "./machines.ts";
import { type Run, Superseded } from "./run.ts";

/**
 * What a provision has done so far. It is the truth of a run, whatever the engine that drives it remembers: each step asks
 * it first and may be repeated. Every write is fenced by the run's attempt.
 */

export type StepRow = typeof provisionStep.$inferSelect;

/** States in which a provision has a run. */
export const UNFINISHED = ["running", "compensating"] as const;

/** A provision as its run finds it. */
export interface Journal {
  row: ProvisionRow;
  org: OrgRow;
  /** In order. */
  steps: StepRow[];
}

const mine = ({ provisionId, attempt }: Run) =>
  and(eq(provision.id, provisionId), eq(provision.attempt, attempt), inArray(provision.state, [...UNFINISHED]));

const leaseEnd = (): Date => new Date(Date.now() + PROVISION_LEASE_MS);

/** Reads the journal and prolongs the lease. Throws {@link Superseded} when the run is not the provision's any more. */
export async function openJournal(scope: Scope, run: Run): Promise<Journal> {
  const row = await renewLease(scope, run);
  const [[owner], steps] = await Promise.all([
    scope.database.select().from(org).where(eq(org.id, row.orgId)),
    stepsOf(scope, run.provisionId),
  ]);
  if (owner === undefined) throw new Superseded();
  return { row, org: owner, steps };
}

/** The steps of a provision, in order. */
export function stepsOf({ database }: Pick<Scope, "database">, provisionId: string): Promise<StepRow[]> {
  return database
    .select()
    .from(provisionStep)
    .where(eq(provisionStep.provisionId, provisionId))
    .orderBy(asc(provisionStep.place));
}

/** Says that the run still lives. Throws {@link Superseded}. */
export async function renewLease(scope: Scope, run: Run): Promise<ProvisionRow> {
  const [row] = await scope.database.update(provision).set({ leaseUntil: leaseEnd() }).where(mine(run)).returning();
  if (row === undefined) throw new Superseded();
  return row;
}

/** Keeps the lease for as long as some work takes. */
export async function withLease<T>(scope: Scope, run: Run, work: () => Promise<T>): Promise<T> {
  // A beat that fails is no reason to end the work: the fence is where something is written.
  const beat = setInterval(() => void renewLease(scope, run).catch(() => {}), PROVISION_LEASE_MS / 3);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}

/** Writes down all steps of a new provision. */
export async function insertSteps(tx: Queries, provisionId: string): Promise<void> {
  await tx.insert(provisionStep).values(PROVISION_STEPS.map((step, place) => ({ provisionId, step, place })));
}

/** A step of the provision, for as long as the run is the provision's. */
const stepOf = (queries: Queries, run: Run, ...steps: ProvisionStep[]) =>
  and(
    eq(provisionStep.provisionId, run.provisionId),
    inArray(provisionStep.step, steps),
    exists(queries.select({ id: provision.id }).from(provision).where(mine(run))),
  );

/** Notes that a step has begun; it counts as tried again unless it was cut off. Throws {@link Superseded}. */
export async function beginStep(scope: Scope, run: Run, step: ProvisionStep): Promise<StepRow> {
  const tried = sql`case when ${provisionStep.state} = 'running' then ${provisionStep.attempts} else ${provisionStep.attempts} + 1 end`;
  const startedAt = sql`coalesce(${provisionStep.startedAt}, now())`;
  const [row] = await scope.database
    .update(provisionStep)
    .set({ state: "running", attempts: tried, startedAt, endedAt: null })
    .where(stepOf(scope.database, run, step))
    .returning();
  if (row === undefined) throw new Superseded();
  return row;
}

/** Notes what became of a step. Throws {@link Superseded}. */
export async function noteStep(
  queries: Queries,
  run: Run,
  step: ProvisionStep,
  state: StepRow["state"],
  error: string | null = null,
): Promise<void> {
  const noted = await queries
    .update(provisionStep)
    .set({ state, error, endedAt: state === "waiting" || state === "running" ? null : new Date() })
    .where(stepOf(queries, run, step))
    .returning({ step: provisionStep.step });
  if (noted.length === 0) throw new Superseded();
}

/** Has steps done once more. Throws {@link Superseded}. */
export async function resetSteps(queries: Queries, run: Run, steps: readonly ProvisionStep[]): Promise<void> {
  const noted = await queries
    .update(provisionStep)
    .set({ state: "waiting", startedAt: null, endedAt: null })
    .where(stepOf(queries, run, ...steps))
    .returning({ step: provisionStep.step });
  if (noted.length === 0) throw new Superseded();
}

/** Changes the provision of a run. Throws {@link Superseded}. */
export async function change(
  queries: Queries,
  run: Run,
  values: Partial<Pick<ProvisionRow, "state" | "provider" | "enrolmentHash" | "enrolmentExpiresAt" | "error">>,
): Promise<ProvisionRow> {
  const [row] = await queries
    .update(provision)
    .set({ ...values, leaseUntil: leaseEnd() })
    .where(mine(run))
    .returning();
  if (row === undefined) throw new Superseded();
  return row;
}

/** Regions that had no room, which the journal keeps beside what the driver calls its own. */
const FULL = "regionsFull";

/** Regions that turned out to have no room. */
export function fullRegions(record: ProviderRecord): string[] {
  const full = record[FULL];
  return Array.isArray(full) ? full.filter((region) => typeof region === "string") : [];
}

/** A driver's record with those regions. */
export const withFullRegions = (record: ProviderRecord, regions: readonly string[]): Record<string, unknown> =>
  regions.length === 0 ? { ...record } : { ...record, [FULL]: regions };
