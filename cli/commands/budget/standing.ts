import type { z } from "zod";

import type { getBudget } from "../../../contracts/api/budgets.ts";
import { amountText, minorToMicros } from "../../../contracts/money.ts";
import { columns } from "../../framework/text.ts";

/** An org's budget as the API shows it. */
type Standing = z.output<(typeof getBudget)["response"]>;

/** How an org stands with its budget, in words. */
export function standingText(slug: string, { budget, spent, spentPercent, resetsAt }: Standing): string {
  const cost = spent === null ? null : amountText(spent.micros, spent.currency);
  if (budget === null) {
    const costs = cost === null ? "Nothing that it uses has a price." : `It cost ${cost} this month so far.`;
    return `${slug} has no budget. ${costs}`;
  }
  const { currency, amountMinor, warnPercents, onReached } = budget;
  return columns([
    ["budget", `${amountText(minorToMicros(amountMinor, currency), currency)} a month`],
    ["spent", cost === null ? "nothing that it uses has a price" : `${cost} (${spentPercent ?? 0} %)`],
    ["warns at", warnPercents.length === 0 ? "no stage" : `${warnPercents.join(", ")} %`],
    ["when spent", onReached === "stop" ? "requests are refused, events wait" : "goes on"],
    ["begins anew", `${new Date(resetsAt).toISOString().slice(0, 10)}, 00:00 UTC`],
  ]).join("\n");
}
