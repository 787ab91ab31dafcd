import { and, asc, eq, inArray, lt, or, sql } from "drizzle-orm";

import { MACHINES_PER_PASS, PROVISION_LEASE_MS } from "../../../contracts/limits.ts";
import { provision } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { UNFINISHED } from "./journal.ts";
import { noteBegun, noteEnded, type Run, wasBegunHere } from "./run.ts";

/** Begins a run of a provision. Never fails: what cannot be begun now is taken over by the clock. */
export async function launch(scope: Scope, run: Run): Promise<void> {
  noteBegun(run);
  try {
    await scope.env.PROVISIONING.create({ id: `${run.provisionId}-${run.attempt}`, params: run });
  } catch (error) {
    noteEnded(run);
    reportFailure(scope.requestId, `provision ${run.provisionId} will be taken up by the clock`, error);
    const mine = and(eq(provision.id, run.provisionId), eq(provision.attempt, run.attempt));
    // Where even that fails, the lease is over by itself in a while.
    scope.later(() => scope.database.update(provision).set({ leaseUntil: new Date() }).where(mine));
  }
}

/**
 * Goes on with provisions whose run is silent: those whose lease is over, and where nobody resumes a run but us, on one
 * computer, those that began in an earlier life of this process.
 */
export async function takeOverProvisions(scope: Scope): Promise<void> {
  const isAlone = scope.env.METERING === "instrument";
  const silent = lt(provision.leaseUntil, new Date());
  const left = await scope.database
    .select({ provisionId: provision.id, attempt: provision.attempt, isSilent: sql<boolean>`${silent}` })
    .from(provision)
    .where(and(inArray(provision.state, [...UNFINISHED]), isAlone ? or(silent, sql`true`) : silent))
    .orderBy(asc(provision.leaseUntil))
    .limit(MACHINES_PER_PASS);
  for (const { isSilent, ...run } of left) {
    if (isSilent || !wasBegunHere(run)) await takeOver(scope, run);
  }
}

/** Another run goes on from here, and the one before stops as soon as it writes anything. */
async function takeOver(scope: Scope, { provisionId, attempt }: Run): Promise<void> {
  const [taken] = await scope.database
    .update(provision)
    .set({ attempt: attempt + 1, leaseUntil: new Date(Date.now() + PROVISION_LEASE_MS) })
    .where(
      and(eq(provision.id, provisionId), eq(provision.attempt, attempt), inArray(provision.state, [...UNFINISHED])),
    )
    .returning({ attempt: provision.attempt });
  if (taken !== undefined) await launch(scope, { provisionId, attempt: taken.attempt });
}
