import { describe, expect, test } from "vitest";

import { KV_KEY_BYTES_MAX } from "../limits.ts";
import {
  docIndexSchema,
  ifVersionSchema,
  kvKeySchema,
  kvPrefixSchema,
  sqlStatementsSchema,
  ttlMsSchema,
} from "./schemas.ts";

describe("a key", () => {
  test.each([
    "a",
    "a/b:c d",
    "é😀",
    "x".repeat(KV_KEY_BYTES_MAX),
    "€".repeat(Math.floor(KV_KEY_BYTES_MAX / 3)),
    "__proto__",
    ".",
    " ",
  ])("may be %.40j", (key) => {
    expect(kvKeySchema.parse(key)).toBe(key);
  });

  test.each([
    "",
    "x".repeat(KV_KEY_BYTES_MAX + 1),
    "€".repeat(171),
    "a\u0000",
    "a\n",
    "\u007f",
    "\u0085",
    "\u2028",
    "\ud800",
    "\udc00\ud800",
  ])("may not be %.40j", (key) => {
    expect(kvKeySchema.safeParse(key).success).toBe(false);
  });

  test("begins with anything, nothing too", () => {
    expect(kvPrefixSchema.parse("")).toBe("");
    expect(kvPrefixSchema.safeParse("a\u0000").success).toBe(false);
  });
});

test("a version is a whole number, 0 for none, null for any", () => {
  expect([0, 1, null].map((each) => ifVersionSchema.parse(each))).toEqual([0, 1, null]);
  expect([-1, 0.5, 2 ** 53, NaN, "1", undefined].filter((each) => ifVersionSchema.safeParse(each).success)).toEqual([]);
});

test("a life is from a second to ten years, or for ever", () => {
  expect([1_000, null].map((each) => ttlMsSchema.parse(each))).toEqual([1_000, null]);
  expect([0, 999, -1, 1_000.5, Infinity, 1e15].filter((each) => ttlMsSchema.safeParse(each).success)).toEqual([]);
});

test("an index has a name and one field to four", () => {
  const field = { field: "a.b", descending: false };
  const index = (fields: unknown[], name = "by-a") => docIndexSchema.safeParse({ name, fields, unique: false }).success;
  expect([
    index([field]),
    index(
      Array(4)
        .fill("x")
        .map(() => field),
    ),
  ]).toEqual([true, true]);
  expect([
    index([]),
    index(
      Array(5)
        .fill("x")
        .map(() => field),
    ),
    index(["a"]),
    index([field], "by a"),
  ]).toEqual([false, false, false, false]);
});

test("a parameter of SQL is text, a finite number, a boolean or null", () => {
  const takes = (parameter: unknown) =>
    sqlStatementsSchema.safeParse([{ text: "select ?", parameters: [parameter] }]).success;
  expect(["a", 1, 0.5, true, null].map(takes)).toEqual([true, true, true, true, true]);
  expect([NaN, Infinity, undefined, {}, [1], 1n, new Date()].map(takes)).toEqual(Array(7).fill(false));
});
