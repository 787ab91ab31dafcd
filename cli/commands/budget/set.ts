import { BUDGET_WARN_PERCENTS, type Budget } from "../../../contracts/budgets.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { minorDigits, parseMinor } from "../../../contracts/money.ts";
import { BUDGET_WARNING_PERCENT_MAX } from "../../../contracts/limits.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";
import { standingText } from "./standing.ts";

const NAME = "budget set";
/** Given instead of hundredths. */
const NEVER = "none";

export const setBudget = defineCommand({
  name: NAME,
  summary: "Set what an org may cost in a month, when its owners are warned, and whether it stops",
  details:
    "What is not named stays as it is; a new budget warns at 50, 80 and 100 % and stops nothing. One that stops has\n" +
    "requests refused and events wait when it is spent, until the next month (UTC) or until it is raised.",
  options: {
    org: ORG_OPTION,
    amount: { type: "string", value: "amount", about: "for a month, such as 50.00, in the platform's currency" },
    warn: { type: "string", value: "percents", about: "hundredths at which owners get a letter: 50,80,100, or none" },
    stop: { type: "boolean", about: "stop the org when it is spent" },
    "no-stop": { type: "boolean", about: "only warn" },
  },
  examples: ["budget set --org hello --amount 50.00 --warn 50,80,100 --stop", "budget set --amount 75"],
  async run({ options, host }) {
    const { amount, warn, stop, "no-stop": noStop } = options;
    if (stop && noStop) throw new UsageError("--stop or --no-stop, not both.", NAME);
    if (amount === undefined && warn === undefined && !stop && !noStop) {
      throw new UsageError("Nothing to change: say --amount, --warn, --stop or --no-stop.", NAME);
    }
    const percents = warn === undefined ? undefined : percentsOf(warn);
    const { client, slug } = await openWorkplace(host, options.org);
    const { budget: before, currency } = await client.getBudget({ params: { slug } });
    if (currency === null) {
      throw new PlatformError("conflict", "Nothing has a price on this platform, so there is nothing to budget.");
    }
    const body: Budget = {
      kind: "money",
      currency,
      amountMinor: amount === undefined ? amountOf(before) : parsedAmount(amount, currency),
      warnPercents: percents ?? before?.warnPercents ?? BUDGET_WARN_PERCENTS,
      onReached: stop ? "stop" : noStop ? "warn" : (before?.onReached ?? "warn"),
    };
    const standing = await client.putBudget({ params: { slug }, body });
    return { json: standing, text: clean(standingText(slug, standing)) };
  },
});

function amountOf(before: Budget | null): number {
  if (before !== null) return before.amountMinor;
  throw new UsageError("There is no budget yet: say how much it is, such as --amount 50.00.", NAME);
}

function parsedAmount(text: string, currency: string): number {
  const minor = parseMinor(text, currency);
  if (minor !== null && minor > 0) return minor;
  const example = minorDigits(currency) === 0 ? "5000" : `50.${"0".repeat(minorDigits(currency))}`;
  throw new UsageError(`--amount must be an amount of ${currency} such as ${example}, not "${text}".`, NAME);
}

function percentsOf(text: string): number[] {
  if (text === NEVER) return [];
  return text.split(",").map((each) => {
    const percent = /^\d{1,4}$/.test(each.trim()) ? Number(each) : 0;
    if (percent >= 1 && percent <= BUDGET_WARNING_PERCENT_MAX) return percent;
    throw new UsageError(
      `--warn must be hundredths from 1 to ${BUDGET_WARNING_PERCENT_MAX} with commas between, such as 50,80,100, or ${NEVER}; not "${text}".`,
      NAME,
    );
  });
}
