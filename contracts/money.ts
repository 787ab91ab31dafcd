import * as z from "zod";

/** Millionths of a currency's unit: amounts of money are whole numbers of them, so that nothing is lost in adding up. */
const UNIT_DIGITS = 6;

/** Decimals of a currency's smallest coin by ISO 4217, where they are not two. */
const COIN_DIGITS: readonly [digits: number, currencies: string][] = [
  [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"],
  [3, "BHD IQD JOD KWD LYD OMN TND"],
  [4, "CLF UYW"],
];
const DIGITS = new Map(COIN_DIGITS.flatMap(([digits, codes]) => codes.split(" ").map((code) => [code, digits])));

/** A currency by its code of ISO 4217, such as `EUR`. */
export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, "must be a currency's three letters, such as EUR")
  .refine((code) => Intl.supportedValuesOf("currency").includes(code), "must be a currency of ISO 4217, such as EUR");

/** How many decimals the minor unit of a currency stands for: 2 for the cents of EUR, 0 for JPY, which has none. */
export const minorDigits = (currency: string): number => DIGITS.get(currency) ?? 2;

/** Minor units (cents) in millionths of the currency's unit. */
export const minorToMicros = (amountMinor: number, currency: string): number =>
  amountMinor * 10 ** (UNIT_DIGITS - minorDigits(currency));

/** An amount in millionths as people write it, to the smallest coin, rounded down: `12.34 EUR`. */
export function amountText(micros: number, currency: string): string {
  return textOf(micros, currency, minorDigits(currency));
}

/** The same with all that there is below the smallest coin: `0.000125 EUR`. */
export function exactAmountText(micros: number, currency: string): string {
  const { length } = digitsOf(micros).fraction.replace(/0+$/, "");
  return textOf(micros, currency, Math.max(length, minorDigits(currency)));
}

/** Millionths of an amount as people write it, such as `12.34`; null where it is none, or says more decimals than given. */
export function parseAmount(text: string, decimals: number = UNIT_DIGITS): number | null {
  const [, units, fraction = ""] = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (units === undefined || fraction.length > decimals) return null;
  const micros = Number(units + fraction.padEnd(UNIT_DIGITS, "0"));
  return Number.isSafeInteger(micros) ? micros : null;
}

/** Minor units of an amount as people write it, likewise. */
export function parseMinor(text: string, currency: string): number | null {
  const digits = minorDigits(currency);
  const micros = parseAmount(text, digits);
  return micros === null ? null : micros / 10 ** (UNIT_DIGITS - digits);
}

function textOf(micros: number, currency: string, decimals: number): string {
  const { units, fraction } = digitsOf(micros);
  return `${units}${decimals === 0 ? "" : `.${fraction.slice(0, decimals)}`} ${currency}`;
}

/** Cut out of the number's text: no division, so no rounding. */
function digitsOf(micros: number): { units: string; fraction: string } {
  const text = String(micros).padStart(UNIT_DIGITS + 1, "0");
  return { units: text.slice(0, -UNIT_DIGITS), fraction: text.slice(-UNIT_DIGITS) };
}
