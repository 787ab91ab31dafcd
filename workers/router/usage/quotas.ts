import { PlatformError } from "../../../contracts/errors.ts";
import type { EdgeQuotas } from "../../../contracts/plans.ts";
import type { Projection } from "../../../contracts/projection.ts";
import { nextMonthStart } from "../../../contracts/usage.ts";
import { usageMeter } from "./meter.ts";

type MonthQuota = "requestsPerMonth" | "executionsPerMonth" | "cpuMsPerMonth";

const COUNTED = { requestsPerMonth: "requests", executionsPerMonth: "executions", cpuMsPerMonth: "cpuMs" } as const;
const WORDS = { requestsPerMonth: "requests", executionsPerMonth: "runs", cpuMsPerMonth: "ms of processor time" };

/** Why an org takes no more requests this month, which is counted; null where it does. Synchronous, and next to free without such a quota. */
export function requestRefusal({ orgId, settings }: Projection, now: number): PlatformError | null {
  const { requestsPerMonth } = settings.quotas;
  return requestsPerMonth === undefined ? null : refusal(orgId, settings.quotas, "requestsPerMonth", now);
}

/** Why an org runs no more scripts this month, which is counted; null where it does. */
export function runRefusal({ orgId, settings }: Projection): PlatformError | null {
  const { quotas } = settings;
  if (quotas.executionsPerMonth === undefined && quotas.cpuMsPerMonth === undefined) return null;
  const now = Date.now();
  return refusal(orgId, quotas, "executionsPerMonth", now) ?? refusal(orgId, quotas, "cpuMsPerMonth", now);
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
