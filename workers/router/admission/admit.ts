import type { PlatformError } from "../../../contracts/errors.ts";
import type { Projection } from "../../../contracts/projection.ts";
import type { RouterEnv } from "../env.ts";
import { usageMeter } from "../usage/meter.ts";
import { requestRefusal } from "../usage/quotas.ts";
import { orgRates } from "./org-rates.ts";
import { unknownHosts } from "./unknown-hosts.ts";

/**
 * Lets a request to an org's host in and counts it, or says why not, and counts that: for the rate that the org's plan
 * allows, or for what it allows in a month. Nothing waits; `now` in epoch milliseconds.
 */
export function refusalAtOrg(projection: Projection, now: number): PlatformError | null {
  const tooSoon = orgRates.refusal(projection, now);
  if (tooSoon !== null) {
    usageMeter.refused(projection.orgId, now);
    return tooSoon;
  }
  const tooMany = requestRefusal(projection, now);
  if (tooMany === null) usageMeter.requested(projection.orgId, now);
  return tooMany;
}

/**
 * Lets the directory be asked for a host that nothing is known of.
 *
 * @throws PlatformError `too_many_requests`
 */
export function admitStranger(request: Request, env: RouterEnv, now: number): void {
  const refusal = unknownHosts.refusal(request, env, now);
  if (refusal !== null) throw refusal;
}
