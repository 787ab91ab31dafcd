import { type Budget, budgetMicros, warningsDue } from "../../../contracts/budgets.ts";
import { amountText } from "../../../contracts/money.ts";
import type { OrgRow } from "../access.ts";
import type { Queries } from "../database/connect.ts";
import { quotaWarning } from "../database/schema.ts";
import type { Letter } from "../mail/driver.ts";
import { budgetLetter } from "../mail/letters.ts";
import { BUDGET_WARNING, type BudgetStanding, microsIn } from "./budget.ts";

/** A warning of an org's budget that nobody was given this month. */
export interface BudgetWarning {
  budget: Budget;
  /** The highest of the budget's warnings that is due, in hundredths of it. */
  percent: number;
  spentMicros: number;
  monthAt: number;
  resetsAt: number;
}

/** Notes which of a budget's warnings are due; what is new is given once, as the highest of them. */
export async function noteBudget(
  tx: Queries,
  orgId: string,
  { budget, spent, monthAt, resetsAt }: BudgetStanding,
): Promise<BudgetWarning | null> {
  if (budget === null) return null;
  const spentMicros = microsIn(budget, spent);
  const due = warningsDue(budget, spentMicros);
  const percent = due.at(-1);
  if (percent === undefined) return null;
  const rows = due.map(
    (each) => ({ orgId, quota: BUDGET_WARNING, monthAt: new Date(monthAt), percent: each }) as const,
  );
  const noted = await tx.insert(quotaWarning).values(rows).onConflictDoNothing().returning();
  return noted.some((row) => row.percent === percent) ? { budget, percent, spentMicros, monthAt, resetsAt } : null;
}

/** The letter that tells an owner. */
export function letterOfBudget(to: string, { name, slug }: OrgRow, warning: BudgetWarning, url: string): Letter {
  const { budget, percent, spentMicros, monthAt, resetsAt } = warning;
  const { currency, onReached } = budget;
  return budgetLetter({
    to,
    org: { name, slug },
    percent,
    spent: amountText(spentMicros, currency),
    budget: amountText(budgetMicros(budget), currency),
    monthAt,
    resetsAt,
    stops: onReached === "stop",
    url,
  });
}

/** What the org's audit log has of it. */
export function detailsOf({ budget, percent, spentMicros }: BudgetWarning): Record<string, unknown> {
  const { currency, amountMinor, onReached } = budget;
  return { percent, currency, amountMinor, spentMicros, onReached };
}
