import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  amountText,
  currencySchema,
  exactAmountText,
  minorDigits,
  minorToMicros,
  parseAmount,
  parseMinor,
} from "./money.ts";

describe("an amount of money", () => {
  it("is written to its currency's smallest coin, rounded down, or in full", () => {
    expect(amountText(12_345_678, "EUR")).toBe("12.34 EUR");
    expect(amountText(12_999_999, "JPY")).toBe("12 JPY");
    expect(amountText(1_234_567, "KWD")).toBe("1.234 KWD");
    expect(amountText(0, "EUR")).toBe("0.00 EUR");
    expect(exactAmountText(125, "EUR")).toBe("0.000125 EUR");
    expect(exactAmountText(12_300_000, "EUR")).toBe("12.30 EUR");
    expect(exactAmountText(12_500_000, "JPY")).toBe("12.5 JPY");
    expect(amountText(Number.MAX_SAFE_INTEGER, "EUR")).toBe("9007199254.74 EUR");
  });

  it("is read as it is written, whichever it is, without a rounding", () => {
    const amounts = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(amounts, fc.constantFrom("EUR", "JPY", "KWD"), (micros, currency) => {
        const [text = ""] = exactAmountText(micros, currency).split(" ");
        expect(parseAmount(text)).toBe(micros);
      }),
    );
  });

  it.each([
    ["50", "EUR", 5_000],
    ["50.5", "EUR", 5_050],
    ["50.00", "EUR", 5_000],
    ["0.29", "EUR", 29],
    ["500", "JPY", 500],
    ["1.5", "KWD", 1_500],
    ["50.5", "JPY", null],
    ["50.555", "EUR", null],
    ["50,00", "EUR", null],
    ["-1", "EUR", null],
    ["1e3", "EUR", null],
    [".5", "EUR", null],
    ["", "EUR", null],
  ])("of %s %s is read as %s of the smallest coin", (text, currency, minor) => {
    expect(parseMinor(text, currency)).toBe(minor);
    if (minor !== null) expect(minorToMicros(minor, currency)).toBe(Math.round(Number(text) * 1_000_000));
  });

  it("beyond what a number counts is none", () => {
    expect(parseAmount("9007199254.740991")).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseAmount("9007199254.740992")).toBeNull();
  });
});

describe("a currency", () => {
  it("is one that there is", () => {
    for (const code of ["EUR", "USD", "JPY", "KWD"]) expect(currencySchema.parse(code)).toBe(code);
    for (const code of ["eur", "EURO", "QQQ", "", "E1R"]) expect(currencySchema.safeParse(code).success).toBe(false);
  });

  it("has the decimals that those who know currencies say", () => {
    for (const code of ["EUR", "JPY", "KWD", "CHF", "KRW", "TND", "CLF", "ISK"]) {
      const format = new Intl.NumberFormat("en", { style: "currency", currency: code });
      expect([code, minorDigits(code)]).toEqual([code, format.resolvedOptions().maximumFractionDigits]);
    }
  });
});
