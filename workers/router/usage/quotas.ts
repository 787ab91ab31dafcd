import { PlatformError } from "../../../contracts/errors.ts";
import type { EdgeQuotas } from "../../../contracts/plans.ts";
import type { Projection } from "../../../contracts/projection.ts";
import { nextMonthStart } from "../../../contracts/usage.ts";
import { budgetRefusal } from "./budget.ts";
import { usageMeter } from "./meter.ts";

type MonthQuota = "requestsPerMonth" | "executionsPerMonth" | "cpuMsPerMonth";

const COUNTED = { requestsPerMonth: "requests", executionsPerMonth: "executions", cpuMsPerMonth: "cpuMs" } as const;
const WORDS = { requestsPerMonth: "requests", executionsPerMonth: "runs", cpuMsPerMonth: "ms of processor time" };

/** Why an org takes no more requests this month, which is counted; null where it does. Synchronous, and next to free without such a quota. */
export function requestRefusal(projection: Projection, now: number): PlatformError | null {
  const { quotas, budget } = projection.settings;
  if (quotas.requestsPerMonth === undefined && budget === undefined) return null;
  return refusal(projection.orgId, quotas, "requestsPerMonth", now) ?? budgetRefusal(projection, now);
}

/**
 * Why an org runs no more scripts this month, which is counted; null where it does. A run for a request that was let in
 * is not held to the budget again: what the request itself costs is no reason to take it and not to answer it.
 */
export function runRefusal(projection: Projection, isLetIn: boolean): PlatformError | null {
  const { orgId, settings } = projection;
  const { quotas, budget } = settings;
  if (quotas.executionsPerMonth === undefined && quotas.cpuMsPerMonth === undefined && budget === undefined)
    return null;
  const now = Date.now();
  return (
    refusal(orgId, quotas, "executionsPerMonth", now) ??
    refusal(orgId, quotas, "cpuMsPerMonth", now) ??
    (isLetIn ? null : budgetRefusal(projection, now))
  );
}

function refusal(orgId: string, quotas: EdgeQuotas, quota: MonthQuota, now: number): PlatformError | null {
  const limit = quotas[quota];
  if (limit === undefined) return null;
  const used = usageMeter.usedThisMonth(orgId, COUNTED[quota], now);
  if (used < limit) return null;
  usageMeter.refused(orgId, now);
  const resetsAt = nextMonthStart(now);
  const message =
    `This org has used ${Math.round(used)} of the ${limit} ${WORDS[quota]} that its plan allows a month. ` +
    `It goes on at ${new Date(resetsAt).toISOString()}, or as soon as an admin of the platform raises the quota.`;
  const retryAfterS = Math.ceil((resetsAt - now) / 1_000);
  return new PlatformError("too_many_requests", message, { quota, limit, used, resetsAt, retryAfterS });
}
