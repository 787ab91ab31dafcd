import { and, asc, eq, gt, lt, ne } from "drizzle-orm";

import { edgeBudget } from "../../../contracts/budgets.ts";
import type { SettingsPatch } from "../../../contracts/doors.ts";
import { platformErrorOf } from "../../../contracts/errors.ts";
import { QUOTAS_PUBLISH_CONCURRENCY } from "../../../contracts/limits.ts";
import { effectiveQuotas } from "../../../contracts/plans.ts";
import { org, plan } from "../database/schema.ts";
import { tellOrg } from "../org-life/tell.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";

/** Times that one org is told again because its quotas changed meanwhile, before it is left to the next pass. */
const ROUNDS_MAX = 3;
/** Orgs that are looked up at a time. */
const PAGE = 100;

/**
 * Tells an org's object what the org may have and cost now, and notes that it knows; may be repeated. Nothing is said where the
 * object knows already, or the org is gone or about to go.
 */
export async function publishQuotas(scope: Scope, orgId: string): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const [due] = await scope.database
      .select({ org, ofPlan: plan.quotas, prices: plan.prices })
      .from(org)
      .innerJoin(plan, eq(plan.name, org.plan))
      .where(and(eq(org.id, orgId), unpublished));
    if (due === undefined) return;
    const { id, slug, openedAt, quotas, budget, quotasRevision } = due.org;
    if (openedAt === null) await tellOrg(scope, id);
    await tell(scope, id, { quotas: effectiveQuotas(due.ofPlan, quotas), budget: edgeBudget(budget, due.prices) });
    await scope.edges.forget(slug);
    const noted = await scope.database
      .update(org)
      .set({ quotasPublished: quotasRevision })
      .where(and(eq(org.id, id), eq(org.quotasRevision, quotasRevision)))
      .returning({ id: org.id });
    if (noted.length > 0) return;
  }
}

/**
 * Tells all orgs that do not know yet what they may have, some at once, until a time (epoch milliseconds). What is left
 * then, and what failed, the next pass does: an org is due until it is noted that it knows.
 */
export async function publishAllQuotas(scope: Scope, until: number): Promise<void> {
  let after = "";
  while (Date.now() < until) {
    const due = await scope.database
      .select({ id: org.id })
      .from(org)
      .where(and(unpublished, gt(org.id, after)))
      .orderBy(asc(org.id))
      .limit(PAGE);
    const ids = due.map(({ id }) => id);
    const next = ids.values();
    const worker = async (): Promise<void> => {
      for (const id of next) {
        if (Date.now() >= until) return;
        await publishQuotas(scope, id).catch((error: unknown) => {
          reportFailure(scope.requestId, `org ${id} does not know its quotas yet`, error);
        });
      }
    };
    await Promise.all(Array.from({ length: QUOTAS_PUBLISH_CONCURRENCY }, worker));
    after = ids.at(-1) ?? "";
    if (ids.length < PAGE) return;
  }
}

const unpublished = and(lt(org.quotasPublished, org.quotasRevision), ne(org.state, "destroying"));

/** An org that its object does not know any more needs none. */
async function tell(scope: Scope, orgId: string, patch: SettingsPatch): Promise<void> {
  try {
    await scope.state.changeSettings(orgId, patch);
  } catch (error) {
    const code = platformErrorOf(error)?.code;
    if (code !== "not_found" && code !== "gone") throw error;
  }
}
