import { eq } from "drizzle-orm";

import { effectiveQuotas, QUOTA_NAMES, type QuotaName, type Quotas } from "../../../contracts/plans.ts";
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

/** The same with how much there is of each. */
export async function standingOf(scope: Scope, org: OrgRow): Promise<QuotaStanding[]> {
  const [row] = await scope.database
    .select({ quotas: plan.quotas, members: USED.members(org.id), keys: USED.keys(org.id) })
    .from(plan)
    .where(eq(plan.name, org.plan));
  const limits = effectiveQuotas(row?.quotas ?? {}, org.quotas);
  const used: Partial<Record<QuotaName, number>> = { members: row?.members ?? 0, keys: row?.keys ?? 0 };
  return QUOTA_NAMES.map((name) => ({ name, limit: limits[name] ?? null, used: used[name] ?? null }));
}
