import * as z from "zod";

import { BUDGET_MICROS_MAX, BUDGET_WARNING_PERCENT_MAX, BUDGET_WARNINGS_MAX } from "./limits.ts";
import { currencySchema, minorToMicros } from "./money.ts";
import { costOf, type Metered, PRICE_NAMES, type Prices } from "./prices.ts";

/** When somebody is warned who does not say otherwise, in hundredths of the budget. */
export const BUDGET_WARN_PERCENTS = [50, 80, 100];

/** How much money an org may cost in a month, UTC. */
const moneyBudgetSchema = z
  .object({
    kind: z.literal("money"),
    /** That of the platform's prices. */
    currency: currencySchema,
    /** In the currency's minor unit: cents where it has them. */
    amountMinor: z.number().int().min(1),
    /** Each calls for one letter a month to the org's owners; in hundredths of the amount. */
    warnPercents: z
      .array(z.number().int().min(1).max(BUDGET_WARNING_PERCENT_MAX))
      .max(BUDGET_WARNINGS_MAX)
      .default(BUDGET_WARN_PERCENTS),
    /** When it is used up: nothing but the warning, or no more requests and runs until the next month. */
    onReached: z.enum(["warn", "stop"]).default("warn"),
  })
  .strict();

/** How much of something an org may use in a month. */
export const budgetSchema = z
  .discriminatedUnion("kind", [moneyBudgetSchema])
  .refine(({ amountMinor, currency }) => minorToMicros(amountMinor, currency) <= BUDGET_MICROS_MAX, {
    path: ["amountMinor"],
    message: "is more than can be counted",
  });
export type Budget = z.infer<typeof budgetSchema>;

/** What the edges need to know of a budget that stops an org. */
export interface EdgeBudget {
  kind: Budget["kind"];
  amountMicros: number;
  /** With a currency, and not all of them nothing. */
  prices: Prices;
}

/** A budget as it is kept: its warnings in order and each once, and one that stops an org is never reached silently. */
export function tidyBudget(budget: Budget): Budget {
  const percents = budget.onReached === "stop" ? [...budget.warnPercents, 100] : budget.warnPercents;
  return { ...budget, warnPercents: [...new Set(percents)].sort((one, other) => one - other) };
}

export const budgetMicros = ({ amountMinor, currency }: Budget): number => minorToMicros(amountMinor, currency);

/** What the edges have to hold an org to; null where they need not look at what it costs. */
export function edgeBudget(budget: Budget | null, prices: Prices): EdgeBudget | null {
  if (budget === null || budget.onReached !== "stop") return null;
  if (prices.currency !== budget.currency || PRICE_NAMES.every((name) => (prices[name] ?? 0) === 0)) return null;
  return { kind: budget.kind, amountMicros: budgetMicros(budget), prices };
}

/** What of a budget is spent, in millionths of the unit of its currency. */
export function spentMicros(used: Metered, prices: Prices, currency: string): number {
  return prices.currency === currency ? (costOf(used, prices)?.micros ?? 0) : 0;
}

/** Whether so much is spent that a hundredth part of the budget is reached; all in millionths. */
export const isReached = (spent: number, amountMicros: number, percent: number): boolean =>
  BigInt(spent) * 100n >= BigInt(amountMicros) * BigInt(percent);

/** How much of a budget is spent, in whole hundredths of it, rounded down. */
export const spentPercent = (spent: number, amountMicros: number): number =>
  Number((BigInt(spent) * 100n) / BigInt(amountMicros));

/** Those of a budget's warnings that are due when so much is spent (in millionths), the lowest first. */
export const warningsDue = (budget: Budget, spent: number): number[] =>
  budget.warnPercents.filter((percent) => isReached(spent, budgetMicros(budget), percent));
