import { exactAmountText, parseAmount } from "../../contracts/money.ts";
import { PRICE_NAMES, type PriceName, type Prices } from "../../contracts/prices.ts";
import { suggest } from "../framework/suggest.ts";
import { UsageError } from "../framework/usage.ts";

/** What prices are called here: an amount of money says its unit by itself. */
const WORDS = new Map(PRICE_NAMES.map((name) => [name.replace(/Micros$/, ""), name]));
const NAMES = [...WORDS.keys()];

export const PRICES_TEXT = `Prices: ${NAMES.join(", ")}; with up to 6 decimals. What has no price is free.`;

/** The prices that `name=amount` words name, in a currency such as EUR. Throws a `UsageError`. */
export function pricesOf(words: readonly string[], currency: string | undefined, command: string): Prices {
  if (currency === undefined) {
    if (words.length === 0) return {};
    throw new UsageError("Which money are the prices in? Say --currency, such as --currency EUR.", command);
  }
  return { currency, ...Object.fromEntries(words.map((word) => priceOf(word, command))) };
}

function priceOf(word: string, command: string): [PriceName, number] {
  const [, given = "", amount = ""] = /^([A-Za-z]+)=(.*)$/.exec(word) ?? [];
  const micros = parseAmount(amount);
  if (micros === null) {
    throw new UsageError(`--price must be such as millionRequests=0.30, not "${word}".`, command);
  }
  const name = WORDS.get(given);
  if (name !== undefined) return [name, micros];
  const near = suggest(given, NAMES);
  throw new UsageError(`There is no price "${given}".${near === null ? "" : ` Did you mean ${near}?`}`, command);
}

/** Prices in words, such as `millionRequests 0.30 EUR`. */
export function pricesText(prices: Prices): string {
  const { currency } = prices;
  if (currency === undefined) return "no prices";
  const named = [...WORDS].flatMap(([word, name]) => {
    const micros = prices[name];
    return micros === undefined ? [] : [`${word} ${exactAmountText(micros, currency)}`];
  });
  return named.length === 0 ? `all free, in ${currency}` : named.join(", ");
}
