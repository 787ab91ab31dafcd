import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { seesEveryOrg } from "../access.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";
import { renameOrg } from "../org-life/rename.ts";
import { type Demand, resumeOrg, suspendOrg } from "../org-life/suspend.ts";
import { toOrg } from "./orgs.ts";

/** What becomes of an org as a whole: it rests, answers again, is called something else. */
export const orgLife = new Mounts()
  .add(ENDPOINTS.suspendOrg, async ({ scope, principal, access, body }) => {
    const row = await suspendOrg(scope, access.org, body?.reason ?? null, demandOf(principal));
    return toOrg(scope.env, row, access.role);
  })
  .add(ENDPOINTS.resumeOrg, async ({ scope, principal, access }) => {
    const row = await resumeOrg(scope, access.org, demandOf(principal));
    return toOrg(scope.env, row, access.role);
  })
  .add(ENDPOINTS.renameOrg, async ({ scope, principal, access, body }) => {
    const row = await renameOrg(scope, access.org, body.slug, actorOf(principal));
    return toOrg(scope.env, row, access.role);
  });

/** Who looks after the platform speaks for it in every org, their own too: no member lifts what they have suspended. */
function demandOf(principal: Principal): Demand {
  return { actor: actorOf(principal), authority: seesEveryOrg(principal) ? "platform" : "org" };
}
