import { and, count, eq, isNotNull, ne, type SQL, sql } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { PLANS_MAX } from "../../../contracts/limits.ts";
import { DEFAULT_PLAN, type Plan } from "../../../contracts/plans.ts";
import { audit } from "../audit/write.ts";
import type { Queries } from "../database/connect.ts";
import { org, plan } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { requireOneCurrency } from "./currency.ts";

export type PlanRow = typeof plan.$inferSelect;

/**
 * Makes a plan, or changes one and has its orgs told: with the change, all of them are due whom it concerns. Throws
 * `conflict` for one plan too many, and for prices in another currency than the platform's.
 */
export async function savePlan(scope: Scope, { name, title, quotas, prices }: Plan, actor: Actor): Promise<PlanRow> {
  return scope.database.transaction(async (tx) => {
    const before = await lockPlan(tx, name);
    if (before === null) await requireRoom(tx);
    if (prices.currency !== undefined) await requireOneCurrency(tx, name, prices.currency);
    const [saved] = await tx
      .insert(plan)
      .values({ name, title, quotas, prices })
      .onConflictDoUpdate({ target: plan.name, set: { title, quotas, prices, updatedAt: new Date() } })
      .returning();
    if (saved === undefined) throw new Error(`The plan ${name} was not stored`);
    if (before !== null && !isSame(before.quotas, quotas)) await markOrgs(tx, name);
    else if (before !== null && !isSame(before.prices, prices)) await markOrgs(tx, name, isNotNull(org.budget));
    const details = { before: before === null ? null : offered(before), after: offered(saved) };
    await audit(tx, scope, { actor, action: before === null ? "plan.create" : "plan.change", target: name, details });
    return saved;
  });
}

/** Removes a plan. Throws `not_found`, and `conflict` for the default one and one that orgs have. */
export async function removePlan(scope: Scope, name: string, actor: Actor): Promise<void> {
  if (name === DEFAULT_PLAN) {
    throw new PlatformError("conflict", "The default plan is always there. Change its quotas instead.", { plan: name });
  }
  await scope.database.transaction(async (tx) => {
    const before = await lockPlan(tx, name);
    if (before === null) throw new PlatformError("not_found", `There is no plan ${name}. \`GET /plans\` lists them.`);
    const [having] = await tx.select({ orgs: count() }).from(org).where(eq(org.plan, name));
    const orgs = having?.orgs ?? 0;
    if (orgs > 0) {
      const message = `The plan ${name} is that of ${orgs} ${orgs === 1 ? "org" : "orgs"}. Give them another first.`;
      throw new PlatformError("conflict", message, { plan: name, orgs });
    }
    await tx.delete(plan).where(eq(plan.name, name));
    const details = { before: offered(before) };
    await audit(tx, scope, { actor, action: "plan.delete", target: name, details });
  });
}

/** The plan, held so that it does not go before the transaction ends. Throws `invalid` when there is none. */
export async function holdPlan(tx: Queries, name: string): Promise<PlanRow> {
  const [row] = await tx.select().from(plan).where(eq(plan.name, name)).for("key share");
  return row ?? noSuchPlan(name);
}

export function noSuchPlan(name: string): never {
  throw new PlatformError("invalid", `There is no plan ${name}. \`GET /plans\` lists them.`, {
    issues: [{ field: "plan", reason: "must be the name of a plan" }],
  });
}

async function lockPlan(tx: Queries, name: string): Promise<PlanRow | null> {
  const [row] = await tx.select().from(plan).where(eq(plan.name, name)).for("update");
  return row ?? null;
}

async function requireRoom(tx: Queries): Promise<void> {
  const [counted] = await tx.select({ plans: count() }).from(plan);
  if ((counted?.plans ?? 0) < PLANS_MAX) return;
  throw new PlatformError("conflict", `There are ${PLANS_MAX} plans already. Remove one first.`, { limit: PLANS_MAX });
}

const offered = ({ title, quotas, prices }: PlanRow) => ({ title, quotas, prices });

async function markOrgs(tx: Queries, name: string, which?: SQL): Promise<void> {
  await tx
    .update(org)
    .set({ quotasRevision: sql`${org.quotasRevision} + 1` })
    .where(and(eq(org.plan, name), ne(org.state, "destroying"), which));
}

function isSame<T extends object>(a: T, b: T): boolean {
  const entries = Object.entries(a);
  return entries.length === Object.keys(b).length && entries.every(([name, value]) => b[name as keyof T] === value);
}
