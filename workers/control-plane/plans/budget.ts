import { and, eq, gt, sql } from "drizzle-orm";

import { type Budget, budgetMicros, spentPercent, tidyBudget, warningsDue } from "../../../contracts/budgets.ts";
import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { type Cost, costOf, type Prices } from "../../../contracts/prices.ts";
import { monthStart, nextMonthStart } from "../../../contracts/usage.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import type { Queries } from "../database/connect.ts";
import { org, plan as planTable, quotaWarning } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { sumOfHour, sumOf } from "../usage/sums.ts";
import { currencyAsColumn, holdCurrency } from "./currency.ts";
import { pricesOf } from "./standing.ts";

/** What warnings of budgets are kept as, beside those of quotas. */
export const BUDGET_WARNING = "budget";

/** How an org stands with its budget. */
export interface BudgetStanding {
  budget: Budget | null;
  /** That of the platform's prices; null where nothing has a price. */
  currency: string | null;
  /** In the month that is running; null where the org's plan has no prices. */
  spent: Cost | null;
  spentPercent: number | null;
  monthAt: number;
  resetsAt: number;
}

/** How an org stands now: what it used this month, up to the moment, at the prices that its plan has now. */
export async function budgetStandingOf(
  scope: Scope,
  { id, plan, budget }: Pick<OrgRow, "id" | "plan" | "budget">,
): Promise<BudgetStanding> {
  const now = Date.now();
  const [row] = await scope.database
    .select({ prices: planTable.prices, currency: currencyAsColumn })
    .from(planTable)
    .where(eq(planTable.name, plan));
  const spent = await spentAt(scope, id, row?.prices ?? {}, now);
  const currency = row?.currency ?? null;
  const percent = budget === null ? null : spentPercent(microsIn(budget, spent), budgetMicros(budget));
  return {
    budget,
    currency,
    spent,
    spentPercent: percent,
    monthAt: monthStart(now),
    resetsAt: nextMonthStart(now),
  };
}

/** What an org cost this month; null where its plan has no prices. */
async function spentThisMonth(scope: Scope, row: Pick<OrgRow, "id" | "plan">, now: number): Promise<Cost | null> {
  return spentAt(scope, row.id, await pricesOf(scope, row), now);
}

/** The same at these prices. */
async function spentAt(scope: Scope, orgId: string, prices: Prices, now: number): Promise<Cost | null> {
  if (prices.currency === undefined) return null;
  const hours = await scope.state.usageHours(orgId, monthStart(now), nextMonthStart(now));
  return costOf(sumOf(hours.map(sumOfHour)), prices);
}

/** What of a budget is spent, in millionths of its currency's unit. */
export const microsIn = ({ currency }: Budget, spent: Cost | null): number =>
  spent !== null && spent.currency === currency ? spent.micros : 0;

/**
 * Sets an org's budget, or with null removes it, with a note of who wanted it; its object is still to be told. What the
 * new one has not reached yet is warned of again. Throws `not_found` when the org is gone or has none to remove,
 * `invalid` for another currency than the platform's, `conflict` where the platform has none.
 */
export async function changeBudget(scope: Scope, row: OrgRow, wanted: Budget | null, actor: Actor): Promise<OrgRow> {
  const { id, slug } = row;
  const now = Date.now();
  const budget = wanted === null ? null : tidyBudget(wanted);
  const spent = budget === null ? null : await spentThisMonth(scope, row, now);
  return scope.database.transaction(async (tx) => {
    if (budget !== null) await requireCurrency(tx, budget);
    const [before] = await tx.select({ budget: org.budget }).from(org).where(eq(org.id, id)).for("no key update");
    if (before === undefined) throw new PlatformError("not_found", `The org ${slug} is gone.`);
    if (budget === null && before.budget === null) {
      throw new PlatformError("not_found", `The org ${slug} has no budget.`);
    }
    const [changed] = await tx
      .update(org)
      .set({ budget, quotasRevision: sql`${org.quotasRevision} + 1` })
      .where(eq(org.id, id))
      .returning();
    if (changed === undefined) throw new PlatformError("not_found", `The org ${slug} is gone.`);
    await forgetWarnings(tx, id, { budget, spent }, now);
    const details = { before: before.budget, after: budget };
    await audit(tx, scope, { actor, action: "org.budget", target: slug, orgId: id, details });
    return changed;
  });
}

async function requireCurrency(tx: Queries, { currency }: Budget): Promise<void> {
  const platforms = await holdCurrency(tx);
  if (platforms === currency) return;
  if (platforms === null) {
    const message = "Nothing has a price on this platform, so there is nothing to budget. Its admins set the prices.";
    throw new PlatformError("conflict", message);
  }
  throw new PlatformError("invalid", `Prices on this platform are in ${platforms}. Give the budget in it.`, {
    issues: [{ field: "currency", reason: `must be ${platforms}` }],
  });
}

/** Forgets that anybody was warned this month of what lies ahead again. */
async function forgetWarnings(
  tx: Queries,
  orgId: string,
  { budget, spent }: { budget: Budget | null; spent: Cost | null },
  now: number,
): Promise<void> {
  const reached = budget === null ? 0 : Math.max(0, ...warningsDue(budget, microsIn(budget, spent)));
  await tx
    .delete(quotaWarning)
    .where(
      and(
        eq(quotaWarning.orgId, orgId),
        eq(quotaWarning.quota, BUDGET_WARNING),
        eq(quotaWarning.monthAt, new Date(monthStart(now))),
        gt(quotaWarning.percent, reached),
      ),
    );
}
