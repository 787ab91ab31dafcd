import { spentMicros } from "../../../contracts/budgets.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { amountText } from "../../../contracts/money.ts";
import type { Projection } from "../../../contracts/projection.ts";
import { nextMonthStart } from "../../../contracts/usage.ts";
import { usageMeter } from "./meter.ts";

/**
 * Why an org that has spent its budget takes nothing more this month, which is counted; null where it goes on. What it
 * spent is what all edges counted, as far as it is known here, at its plan's prices. Synchronous, and free without a budget.
 */
export function budgetRefusal({ orgId, settings }: Projection, now: number): PlatformError | null {
  const { budget } = settings;
  if (budget === undefined) return null;
  const { prices, amountMicros } = budget;
  const { currency = "" } = prices;
  const spent = spentMicros(usageMeter.meteredThisMonth(orgId, now), prices, currency);
  if (spent < amountMicros) return null;
  usageMeter.refused(orgId, now);
  const resetsAt = nextMonthStart(now);
  const message =
    `This org has spent ${amountText(spent, currency)} of the ${amountText(amountMicros, currency)} that its budget allows a month. ` +
    `It goes on at ${new Date(resetsAt).toISOString()}, or as soon as an owner or admin of the org raises the budget.`;
  return new PlatformError("over_quota", message, {
    quota: "budget",
    currency,
    budgetMicros: amountMicros,
    spentMicros: spent,
    resetsAt,
  });
}
