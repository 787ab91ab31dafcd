import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { CAPABILITIES } from "../../../contracts/rights.ts";
import { claimOwner, isClaimed } from "../auth/owner.ts";
import { mayOnPlatform, type Principal, type PrincipalKey } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";

/** Who one is, and the claim of the first owner. */
export const identity = new Mounts()
  .addOpen(ENDPOINTS.getSetup, async ({ scope }) => ({ claimed: await isClaimed(scope) }))
  .addOpen(ENDPOINTS.claimOwner, ({ scope, body }) => claimOwner(scope, body))
  .add(ENDPOINTS.getMe, async ({ principal }) => ({
    principal: {
      type: principal.key === null ? ("user" as const) : ("key" as const),
      key: principal.key === null ? null : keyOf(principal.key),
    },
    user: { ...principal.user, twoFactor: principal.twoFactor },
    capabilities: capabilitiesOf(principal),
  }));

const keyOf = ({ id, name, scopes, org }: PrincipalKey) => ({ id, name, scopes, org: org?.slug ?? null });

/** What may be done outside any org; inside one, its roles decide. */
const capabilitiesOf = (principal: Principal) =>
  CAPABILITIES.filter((capability) => mayOnPlatform(principal, capability));
