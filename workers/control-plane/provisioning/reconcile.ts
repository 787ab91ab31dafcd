import { and, asc, eq, inArray, notInArray, sql } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { platformErrorOf } from "../../../contracts/errors.ts";
import { MACHINES_AT_ONCE, MACHINES_PASS_MS, MACHINES_PER_PASS } from "../../../contracts/limits.ts";
import { audit } from "../audit/write.ts";
import { machine, org, provision } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { ProviderError } from "./provider-error.ts";
import { type Change, type Inspected, reconcileOne } from "./reconcile-one.ts";

/** What a pass over machines came to. */
export interface Reconciled {
  dryRun: boolean;
  looked: number;
  changes: (Change & { machineId: string; slug: string })[];
  failures: { machineId: string; slug: string; error: string }[];
}

/** The clock's pass: those on their way first, then those that were not looked after for longest. */
export async function lookAfterMachines(scope: Scope): Promise<void> {
  const { failures } = await reconcile(scope, false);
  for (const { machineId, error } of failures) {
    reportFailure(scope.requestId, `machine ${machineId} could not be looked after`, error);
  }
}

/** The same for somebody who asks for it, with a note of that. */
export async function reconcileFor(scope: Scope, actor: Actor, dryRun: boolean): Promise<Reconciled> {
  const result = await reconcile(scope, dryRun);
  const { looked, changes, failures } = result;
  const details = { dryRun, looked, changes, failures: failures.length };
  await audit(scope.database, scope, { actor, action: "machines.reconcile", target: "platform", details });
  return result;
}

async function reconcile(scope: Scope, dryRun: boolean): Promise<Reconciled> {
  const endsAt = Date.now() + MACHINES_PASS_MS;
  const rows = await nextRows(scope);
  const result: Reconciled = { dryRun, looked: 0, changes: [], failures: [] };
  const queue = rows.values();
  const worker = async (): Promise<void> => {
    for (const row of queue) {
      if (Date.now() >= endsAt) return;
      await lookAt(scope, row, result);
    }
  };
  await Promise.all(Array.from({ length: MACHINES_AT_ONCE }, worker));
  return result;
}

async function lookAt(scope: Scope, row: Inspected, result: Reconciled): Promise<void> {
  const named = { machineId: row.machine.id, slug: row.org.slug };
  result.looked += 1;
  try {
    const change = await reconcileOne(scope, row, result.dryRun);
    if (change !== null) result.changes.push({ ...named, ...change });
  } catch (error) {
    result.failures.push({ ...named, error: wordsOf(error) });
    if (!(error instanceof ProviderError) && platformErrorOf(error) === null) {
      reportFailure(scope.requestId, `machine ${row.machine.id}`, error);
    }
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof ProviderError
    ? error.message
    : (platformErrorOf(error)?.message ?? "Something went wrong on our side.");

/** A machine that its provision still works on is that one's business. */
async function nextRows({ database }: Scope): Promise<Inspected[]> {
  const isOnItsWay = sql`case when ${machine.state} in ('starting', 'stopping') then 0 else 1 end`;
  return database
    .select({ machine, org, provisionState: provision.state })
    .from(machine)
    .innerJoin(org, eq(org.id, machine.orgId))
    .leftJoin(provision, eq(provision.machineId, machine.id))
    .where(
      and(
        notInArray(machine.state, ["destroying", "destroyed"]),
        sql`${provision.state} is distinct from 'running' and ${provision.state} is distinct from 'compensating'`,
      ),
    )
    .orderBy(asc(isOnItsWay), sql`${machine.lookedAt} nulls first`)
    .limit(MACHINES_PER_PASS);
}

/** States of machines that a provider should know. */
export const KNOWN_TO_PROVIDERS = inArray(machine.state, ["starting", "started", "stopping", "stopped", "suspended"]);
