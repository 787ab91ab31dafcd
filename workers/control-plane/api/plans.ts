import { asc } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PLANS_MAX, QUOTAS_PUBLISH_MS, QUOTAS_PUBLISH_WAIT_MS } from "../../../contracts/limits.ts";
import { actorOf } from "../auth/principal.ts";
import { plan } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import { type PlanRow, removePlan, savePlan } from "../plans/change.ts";
import { publishAllQuotas } from "../plans/publish.ts";
import { standingOf } from "../plans/standing.ts";

/** Plans, and what they leave an org. */
export const plans = new Mounts()
  .add(ENDPOINTS.listPlans, async ({ scope }) => {
    const found = await scope.database.select().from(plan).orderBy(asc(plan.name)).limit(PLANS_MAX);
    return { items: found.map(toPlan), cursor: null };
  })
  .add(ENDPOINTS.putPlan, async ({ scope, principal, params, body }) => {
    const saved = await savePlan(scope, { name: params.name, ...body }, actorOf(principal));
    const now = Date.now();
    await publishAllQuotas(scope, now + QUOTAS_PUBLISH_WAIT_MS);
    scope.later(() => publishAllQuotas(scope, now + QUOTAS_PUBLISH_MS));
    return toPlan(saved);
  })
  .add(ENDPOINTS.deletePlan, async ({ scope, principal, params }) => {
    await removePlan(scope, params.name, actorOf(principal));
    return undefined;
  })
  .add(ENDPOINTS.getQuotas, async ({ scope, access }) => ({
    plan: access.org.plan,
    quotas: await standingOf(scope, access.org),
  }));

const toPlan = ({ name, title, quotas, createdAt, updatedAt }: PlanRow) => ({
  name,
  title,
  quotas,
  createdAt: createdAt.getTime(),
  updatedAt: updatedAt.getTime(),
});
