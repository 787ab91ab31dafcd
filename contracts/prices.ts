import * as z from "zod";

import { PRICE_MICROS_MAX } from "./limits.ts";
import { currencySchema } from "./money.ts";

const price = z.number().int().min(0).max(PRICE_MICROS_MAX);

/** What something costs, by its name; in millionths of the currency's unit. What is not there is free. */
const pricesShape = {
  millionRequestsMicros: price,
  millionExecutionsMicros: price,
  /** A million milliseconds of processor time. */
  millionCpuMsMicros: price,
  /** 10⁹ bytes stored for a month of {@link STORAGE_MONTH_HOURS}. */
  gigabyteMonthMicros: price,
};
export type PriceName = keyof typeof pricesShape;
export const PRICE_NAMES = Object.keys(pricesShape) as PriceName[];

/** The prices of a plan. Without a currency nothing is counted in money. */
export const pricesSchema = z
  .object({ currency: currencySchema, ...pricesShape })
  .partial()
  .strict()
  .refine((prices) => prices.currency !== undefined || PRICE_NAMES.every((name) => prices[name] === undefined), {
    path: ["currency"],
    message: "must say which money the prices are in",
  });
export type Prices = z.infer<typeof pricesSchema>;

/** Hours for which a month of storage is stored: a twelfth of a year, whichever month it is. */
export const STORAGE_MONTH_HOURS = 730;

/** What costs something. */
export interface Metered {
  requests: number;
  executions: number;
  /** Milliseconds. */
  cpuMs: number;
  /** Bytes times the hours in which they were stored, as far as anybody looked. */
  storageByteHours: number;
}

/** What it costs, in millionths of the currency's unit; the parts add up to the whole. */
export const costSchema = z.object({
  currency: z.string(),
  micros: z.number().int(),
  parts: z.object({
    requests: z.number().int(),
    executions: z.number().int(),
    cpuMs: z.number().int(),
    storage: z.number().int(),
  }),
});
export type Cost = z.infer<typeof costSchema>;
type Part = keyof Cost["parts"];

const MILLION = 1_000_000n;

/** Of each part: its price, what is counted of it in whole numbers, and how many of those the price is for. */
const PARTS: Record<Part, readonly [price: PriceName, count: (used: Metered) => number, per: bigint]> = {
  requests: ["millionRequestsMicros", ({ requests }) => requests, MILLION],
  executions: ["millionExecutionsMicros", ({ executions }) => executions, MILLION],
  cpuMs: ["millionCpuMsMicros", ({ cpuMs }) => cpuMs * 1_000, MILLION * 1_000n],
  storage: [
    "gigabyteMonthMicros",
    ({ storageByteHours }) => storageByteHours,
    1_000_000_000n * BigInt(STORAGE_MONTH_HOURS),
  ],
};
const PART_NAMES = Object.keys(PARTS) as Part[];

/**
 * What several stretches of time cost, in their order; null where the prices are in no currency. Fractions of a
 * millionth are carried over to the next, so that all of them together cost what their sum costs, rounded down.
 */
export function costsOf(steps: readonly Metered[], prices: Prices): Cost[] | null {
  const { currency } = prices;
  if (currency === undefined) return null;
  const carried: Record<Part, bigint> = { requests: 0n, executions: 0n, cpuMs: 0n, storage: 0n };
  return steps.map((step) => {
    const parts: Cost["parts"] = { requests: 0, executions: 0, cpuMs: 0, storage: 0 };
    for (const name of PART_NAMES) {
      const [priceName, count, per] = PARTS[name];
      const price = prices[priceName] ?? 0;
      if (price === 0) continue;
      const exact = carried[name] + BigInt(Math.round(count(step))) * BigInt(price);
      parts[name] = inBounds(exact / per);
      carried[name] = exact % per;
    }
    return { currency, micros: sumOf(parts), parts };
  });
}

/** What something costs, rounded down to millionths; null where the prices are in no currency. */
export const costOf = (used: Metered, prices: Prices): Cost | null => costsOf([used], prices)?.[0] ?? null;

/** What several costs in one currency are together. */
export function totalCost(costs: readonly Cost[], currency: string): Cost {
  const parts: Cost["parts"] = { requests: 0, executions: 0, cpuMs: 0, storage: 0 };
  for (const cost of costs) for (const name of PART_NAMES) parts[name] = bounded(parts[name] + cost.parts[name]);
  return { currency, micros: sumOf(parts), parts };
}

const sumOf = (parts: Cost["parts"]): number => bounded(PART_NAMES.reduce((sum, name) => sum + parts[name], 0));

/** Beyond that a number is not exact any more, nor is there so much money. */
const bounded = (micros: number): number => Math.min(micros, Number.MAX_SAFE_INTEGER);
const inBounds = (micros: bigint): number => bounded(Number(micros));
