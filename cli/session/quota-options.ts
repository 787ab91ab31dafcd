import { QUOTA_NAMES, type OwnQuotas, type QuotaName, type Quotas } from "../../contracts/plans.ts";
import { suggest } from "../framework/suggest.ts";
import { UsageError } from "../framework/usage.ts";

/** Given instead of a number. */
const NO_BOUND = "none";

export const QUOTAS_TEXT = `Quotas: ${QUOTA_NAMES.join(", ")}. Sizes are bytes, times milliseconds, retention days.`;

/** The quotas that `name=number` words name; those of `none` are left out. Throws a `UsageError`. */
export function quotasOf(words: readonly string[], command: string): Quotas {
  const own = ownQuotasOf(words, command);
  const bounded = Object.entries(own).filter((entry): entry is [QuotaName, number] => entry[1] !== null);
  return Object.fromEntries(bounded);
}

/** The same where `none` means as much as an org likes, whatever its plan says. */
export function ownQuotasOf(words: readonly string[], command: string): OwnQuotas {
  return Object.fromEntries(words.map((word) => quotaOf(word, command)));
}

function quotaOf(word: string, command: string): [QuotaName, number | null] {
  const [, given, bound] = /^([A-Za-z]+)=(none|[0-9]{1,16})$/.exec(word) ?? [];
  if (given === undefined || bound === undefined) {
    throw new UsageError(`--quota must be such as scripts=20 or scripts=${NO_BOUND}, not "${word}".`, command);
  }
  const name = QUOTA_NAMES.find((known) => known === given);
  if (name !== undefined) return [name, bound === NO_BOUND ? null : Number(bound)];
  const near = suggest(given, QUOTA_NAMES);
  throw new UsageError(`There is no quota "${given}".${near === null ? "" : ` Did you mean ${near}?`}`, command);
}

/** Quotas in words, such as `scripts 20, members 5`. */
export function quotasText(quotas: Quotas): string {
  const named = Object.entries(quotas).map(([name, bound]) => `${name} ${bound}`);
  return named.length === 0 ? "nothing bounded" : named.join(", ");
}
