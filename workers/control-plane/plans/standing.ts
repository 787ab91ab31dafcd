import { eq } from "drizzle-orm";

import { effectiveQuotas, QUOTA_NAMES, type QuotaName, type Quotas } from "../../../contracts/plans.ts";
import type { Prices } from "../../../contracts/prices.ts";
import { monthStart, nextMonthStart } from "../../../contracts/usage.ts";
import type { OrgRow } from "../access.ts";
import { plan } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { USED } from "./used.ts";

/** One thing that an org may have so and so much of. */
export interface QuotaStanding {
  name: QuotaName;
  /** Null where nothing but the platform's own bounds holds. */
  limit: number | null;
  /** Null where there is nothing to count. */
  used: number | null;
}

/** What an org may have by its plan and by itself. */
export async function quotasOf(scope: Scope, org: Pick<OrgRow, "plan" | "quotas">): Promise<Quotas> {
  const [row] = await scope.database.select({ quotas: plan.quotas }).from(plan).where(eq(plan.name, org.plan));
  return effectiveQuotas(row?.quotas ?? {}, org.quotas);
}

/** What use costs by an org's plan. */
export async function pricesOf({ database }: Scope, { plan: name }: Pick<OrgRow, "plan">): Promise<Prices> {
  const [row] = await database.select({ prices: plan.prices }).from(plan).where(eq(plan.name, name));
  return row?.prices ?? {};
}

/** The same with how much there is of each. */
export async function standingOf(scope: Scope, org: OrgRow): Promise<QuotaStanding[]> {
  const now = Date.now();
  const [[row], counts, hours] = await Promise.all([
    scope.database
      .select({
        quotas: plan.quotas,
        members: USED.members(org.id),
        keys: USED.keys(org.id),
        machines: USED.machines(org.id),
        domains: USED.domains(org.id),
      })
      .from(plan)
      .where(eq(plan.name, org.plan)),
    scope.state.orgCounts(org.id),
    scope.state.usageHours(org.id, monthStart(now), nextMonthStart(now)),
  ]);
  const limits = effectiveQuotas(row?.quotas ?? {}, org.quotas);
  const used: Partial<Record<QuotaName, number>> = {
    ...counts,
    members: row?.members ?? 0,
    keys: row?.keys ?? 0,
    machines: row?.machines ?? 0,
    domains: row?.domains ?? 0,
    requestsPerMonth: sumOf(hours.map(({ requests }) => requests)),
    executionsPerMonth: sumOf(hours.map(({ executions }) => executions)),
    cpuMsPerMonth: sumOf(hours.map(({ cpuMs }) => cpuMs)),
  };
  return QUOTA_NAMES.map((name) => ({ name, limit: limits[name] ?? null, used: used[name] ?? null }));
}

const sumOf = (counts: number[]): number => counts.reduce((sum, count) => sum + count, 0);
