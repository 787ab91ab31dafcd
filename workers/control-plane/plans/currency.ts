import { and, count, isNotNull, ne, sql } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import type { Queries } from "../database/connect.ts";
import { org, plan } from "../database/schema.ts";

const ofPlan = sql<string>`${plan.prices}->>'currency'`;
const ofBudget = sql<string>`${org.budget}->>'currency'`;
const LOCK = sql`hashtextextended('currency', 0)`;

/**
 * The one currency of the platform's prices and of its orgs' budgets; null where nothing has a price. Nobody changes it
 * until the transaction ends.
 */
export async function holdCurrency(tx: Queries): Promise<string | null> {
  await tx.execute(sql`select pg_advisory_xact_lock_shared(${LOCK})`);
  return findCurrency(tx);
}

/** The same as part of a query of somebody's; null where nothing has a price. */
export const currencyAsColumn = sql<
  string | null
>`(select ${sql.raw("prices->>'currency' from plan where prices->>'currency' is not null limit 1")})`;

/** The same for who only wants to know. */
async function findCurrency(queries: Queries): Promise<string | null> {
  const [found] = await queries.select({ currency: ofPlan }).from(plan).where(isNotNull(ofPlan)).limit(1);
  return found?.currency ?? null;
}

/**
 * Makes sure that a plan's prices are in the platform's currency, which is another only when nobody else counts in it:
 * what is spent and what may be spent are compared as they are. Throws `conflict`.
 */
export async function requireOneCurrency(tx: Queries, name: string, currency: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
  const [other] = await tx
    .select({ name: plan.name, currency: ofPlan })
    .from(plan)
    .where(and(ne(plan.name, name), ne(ofPlan, currency)))
    .limit(1);
  if (other !== undefined) {
    const message = `The plan ${other.name} has prices in ${other.currency}, and a platform counts in one currency. Give these in it, or take the prices from the other plans first.`;
    throw new PlatformError("conflict", message, { plan: other.name, currency: other.currency });
  }
  const [held] = await tx.select({ orgs: count() }).from(org).where(ne(ofBudget, currency));
  const orgs = held?.orgs ?? 0;
  if (orgs === 0) return;
  const message = `${orgs} ${orgs === 1 ? "org has a budget" : "orgs have budgets"} in another currency. Keep to it, or have the budgets cleared first.`;
  throw new PlatformError("conflict", message, { orgs });
}
