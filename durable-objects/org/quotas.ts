import { PlatformError } from "../../contracts/errors.ts";
import type { ORG_QUOTAS } from "../../contracts/plans.ts";
import type { Database } from "../database.ts";
import { getOrg, storedSettings } from "./settings.ts";

type OrgQuota = (typeof ORG_QUOTAS)[number];

/**
 * Holds an org to its quota where one more of something is made, in that transaction.
 *
 * @param used how many it has.
 * @throws PlatformError `over_quota` when it has as many as it may.
 */
export function requireQuota(db: Database, quota: OrgQuota, used: number): void {
  const limit = storedSettings(getOrg(db)).quotas[quota];
  if (limit === undefined || used < limit) return;
  const message = `This org has ${used} of the ${limit} ${quota} that its plan allows. Delete one that is not needed, or ask an admin of the platform for a larger plan.`;
  throw new PlatformError("over_quota", message, { quota, limit, used });
}
