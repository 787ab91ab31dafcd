import { asc } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PLANS_MAX, QUOTAS_PUBLISH_MS, QUOTAS_PUBLISH_WAIT_MS } from "../../../contracts/limits.ts";
import { actorOf } from "../auth/principal.ts";
import { plan } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import { budgetStandingOf, changeBudget } from "../plans/budget.ts";
import { type PlanRow, removePlan, savePlan } from "../plans/change.ts";
import { publishAllQuotas, publishQuotas } from "../plans/publish.ts";
import { standingOf } from "../plans/standing.ts";

/** Plans, what they leave an org, and what an org may cost. */
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
  }))
  .add(ENDPOINTS.getBudget, ({ scope, access }) => budgetStandingOf(scope, access.org))
  .add(ENDPOINTS.putBudget, async ({ scope, principal, access, body }) => {
    const changed = await changeBudget(scope, access.org, body, actorOf(principal));
    await publishQuotas(scope, changed.id);
    return budgetStandingOf(scope, changed);
  })
  .add(ENDPOINTS.deleteBudget, async ({ scope, principal, access }) => {
    const { id } = await changeBudget(scope, access.org, null, actorOf(principal));
    await publishQuotas(scope, id);
    return undefined;
  });

const toPlan = ({ name, title, quotas, prices, createdAt, updatedAt }: PlanRow) => ({
  name,
  title,
  quotas,
  prices,
  createdAt: createdAt.getTime(),
  updatedAt: updatedAt.getTime(),
});
