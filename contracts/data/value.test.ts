import { describe, expect, test } from "vitest";

import { DATA_BATCH_BYTES_MAX, VALUE_BYTES_MAX, VALUE_DEPTH_MAX } from "../limits.ts";
import {
  checkBatchBytes,
  isDeeperThan,
  isLongerThan,
  parseDocText,
  parseValueText,
  utf8Length,
  valueTextOf,
} from "./value.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const text = (bytes: number): string => JSON.stringify("x".repeat(bytes - 2));

describe("the length of a text", () => {
  test.each([
    ["a", 1],
    ["é", 2],
    ["€", 3],
    ["😀", 4],
    ["\ud800", 3],
  ])("%j is that of its UTF-8", (each, bytes) => {
    expect(utf8Length(each)).toBe(bytes);
    expect(isLongerThan(each, bytes)).toBe(false);
    expect(isLongerThan(each, bytes - 1)).toBe(true);
    expect(isLongerThan(each.repeat(100), bytes * 100)).toBe(false);
    expect(isLongerThan(each.repeat(100), bytes * 100 - 1)).toBe(true);
  });
});

describe("depth", () => {
  test("counts arrays and objects, and is not looked for beyond its bound", () => {
    expect([isDeeperThan(1, 0), isDeeperThan([], 0), isDeeperThan([], 1), isDeeperThan([{ a: [] }], 2)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(isDeeperThan(JSON.parse(nested(200_000)), VALUE_DEPTH_MAX)).toBe(true);
  });
});

describe("a value that is to be kept", () => {
  test.each(["null", "0", `""`, `{"a":[1,{"b":null}]}`, nested(VALUE_DEPTH_MAX), text(VALUE_BYTES_MAX), "1e308"])(
    "may be %.40s",
    (each) => {
      expect(parseValueText(each)).toEqual(JSON.parse(each));
      expect(valueTextOf(JSON.parse(each))).toBe(JSON.stringify(JSON.parse(each)));
    },
  );

  test.each([
    "",
    "undefined",
    "NaN",
    "{",
    "{} {}",
    `"\ud800"`,
    nested(VALUE_DEPTH_MAX + 1),
    "1e309",
    "[-1e999]",
    "9".repeat(400),
  ])("may not be %.40j", (each) => {
    expect(() => parseValueText(each)).toThrow(expect.objectContaining({ code: "invalid" }));
  });

  test("may not be larger than its bound, and says which", () => {
    const tooLarge = expect.objectContaining({ code: "too_large", details: { limitBytes: VALUE_BYTES_MAX } });
    expect(() => parseValueText(text(VALUE_BYTES_MAX + 1))).toThrow(tooLarge);
    expect(() => valueTextOf("x".repeat(VALUE_BYTES_MAX - 1))).toThrow(tooLarge);
    expect(() => parseValueText(text(11), "message", 10)).toThrow(/The message is over 10 bytes/);
  });

  test("that came as JSON is not deeper than its bound", () => {
    expect(() => valueTextOf(JSON.parse(nested(VALUE_DEPTH_MAX + 1)))).toThrow(
      expect.objectContaining({ code: "invalid" }),
    );
  });

  test("is an object where it is a document", () => {
    expect(parseDocText(`{"a":1}`)).toEqual({ a: 1 });
    for (const each of ["[]", "null", "1", `"x"`]) {
      expect(() => parseDocText(each)).toThrow(expect.objectContaining({ code: "invalid" }));
    }
  });
});

test("values of one call are bounded together", () => {
  const half = "x".repeat(DATA_BATCH_BYTES_MAX / 2);
  expect(() => checkBatchBytes([half, half])).not.toThrow();
  expect(() => checkBatchBytes([half, half, "x"])).toThrow(expect.objectContaining({ code: "too_large" }));
});
