import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { PlatformError } from "../errors.ts";
import {
  FIELD_PATH_STEPS_MAX,
  FILTER_DEPTH_MAX,
  FILTER_IN_MAX,
  FILTER_LENGTH_MAX,
  FILTER_OPERATORS_MAX,
} from "../limits.ts";
import { compareText } from "./filter-value.ts";
import { compileFilter } from "./filter.ts";

/** Whether a document fits a filter. Both are given as JSON text, for not every JSON can be written as an object here. */
const fits = (filter: string, doc: string): boolean => compileFilter(filter)(JSON.parse(doc));

/** The refusal of a filter. */
function refusal(filter: string): PlatformError {
  try {
    compileFilter(filter);
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error(`taken for good: ${filter.slice(0, 100)}`);
}

describe("a filter", () => {
  it.each([
    ["{}", "{}", true],
    ['{"a":1}', '{"a":1}', true],
    ['{"a":1}', '{"a":1.0}', true],
    ['{"a":1}', '{"a":"1"}', false],
    ['{"a":1}', '{"a":true}', false],
    ['{"a":0}', '{"a":false}', false],
    ['{"a":0}', '{"a":-0}', true],
    ['{"a":1,"b":2}', '{"a":1,"b":2}', true],
    ['{"a":1,"b":2}', '{"a":1}', false],
    ['{"a":{"b":1}}', '{"a":{"b":1}}', true],
    ['{"a":{"b":1}}', '{"a":{"b":1,"c":2}}', false],
    ['{"a":{"b":1,"c":2}}', '{"a":{"c":2,"b":1}}', true],
    ['{"a":{}}', '{"a":{}}', true],
    ['{"a":{}}', '{"a":[]}', false],
    ['{"a":[1,2]}', '{"a":[1,2]}', true],
    ['{"a":[1,2]}', '{"a":[2,1]}', false],
    ['{"a":1}', '{"a":[1]}', false],
    ['{"a":{"$eq":{"$gt":1}}}', '{"a":{"$gt":1}}', true],
  ])("%s on %s: equality is of type and value (%s)", (filter, doc, expected) => {
    expect(fits(filter, doc)).toBe(expected);
  });

  it.each([
    ['{"a":{"$gt":1}}', '{"a":2}', true],
    ['{"a":{"$gt":1}}', '{"a":1}', false],
    ['{"a":{"$gte":1}}', '{"a":1}', true],
    ['{"a":{"$lt":1}}', '{"a":0.5}', true],
    ['{"a":{"$lt":1}}', '{"a":1}', false],
    ['{"a":{"$lte":1}}', '{"a":1}', true],
    ['{"a":{"$gt":9}}', '{"a":10}', true],
    ['{"a":{"$gt":"9"}}', '{"a":"10"}', false],
    ['{"a":{"$gt":1}}', '{"a":"2"}', false],
    ['{"a":{"$lte":1}}', '{"a":null}', false],
    ['{"a":{"$lte":1}}', "{}", false],
    ['{"a":{"$gte":0}}', '{"a":true}', false],
    ['{"a":{"$lt":true}}', '{"a":false}', true],
    ['{"a":{"$gt":"Z"}}', '{"a":"a"}', true],
    ['{"a":{"$gt":"\uffff"}}', '{"a":"😀"}', true],
    ['{"a":{"$gte":2,"$lt":4}}', '{"a":3}', true],
    ['{"a":{"$gte":2,"$lt":4}}', '{"a":4}', false],
  ])("%s on %s: order is within one type (%s)", (filter, doc, expected) => {
    expect(fits(filter, doc)).toBe(expected);
  });

  it.each([
    ['{"a":null}', '{"a":null}', true],
    ['{"a":null}', "{}", false],
    ['{"a":{"$exists":true}}', '{"a":null}', true],
    ['{"a":{"$exists":true}}', "{}", false],
    ['{"a":{"$exists":false}}', "{}", true],
    ['{"a":{"$ne":null}}', "{}", true],
    ['{"a":{"$ne":1}}', "{}", true],
    ['{"a":{"$ne":1}}', '{"a":1}', false],
  ])("%s on %s: null is not missing (%s)", (filter, doc, expected) => {
    expect(fits(filter, doc)).toBe(expected);
  });

  it.each([
    ['{"a":{"$in":[1,"x",null,[2]]}}', '{"a":"x"}', true],
    ['{"a":{"$in":[1,"x",null,[2]]}}', '{"a":[2]}', true],
    ['{"a":{"$in":[1,"x",null,[2]]}}', '{"a":null}', true],
    ['{"a":{"$in":[1,"x",null,[2]]}}', "{}", false],
    ['{"a":{"$in":[1,"x",null,[2]]}}', '{"a":true}', false],
    ['{"a":{"$in":[0]}}', '{"a":-0}', true],
    ['{"a":{"$in":[]}}', '{"a":1}', false],
    ['{"a":{"$nin":[1]}}', '{"a":1}', false],
    ['{"a":{"$nin":[1]}}', "{}", true],
    ['{"$and":[{"a":1},{"b":1}]}', '{"a":1,"b":1}', true],
    ['{"$and":[{"a":1},{"b":1}]}', '{"a":1,"b":2}', false],
    ['{"$or":[{"a":1},{"b":1}]}', '{"a":2,"b":1}', true],
    ['{"$or":[{"a":1},{"b":1}]}', '{"a":2,"b":2}', false],
    ['{"$nor":[{"a":1},{"b":1}]}', '{"a":2,"b":2}', true],
    ['{"$nor":[{"a":1},{"b":1}]}', '{"a":2,"b":1}', false],
    ['{"$not":{"a":1,"b":1}}', '{"a":1,"b":2}', true],
    ['{"$not":{"a":1,"b":1}}', '{"a":1,"b":1}', false],
    ['{"a":{"$not":{"$gt":1,"$lt":5}}}', '{"a":7}', true],
    ['{"a":{"$not":{"$gt":1,"$lt":5}}}', '{"a":3}', false],
    ['{"a":{"$not":{"$gt":1}}}', "{}", true],
  ])("%s on %s: operators join (%s)", (filter, doc, expected) => {
    expect(fits(filter, doc)).toBe(expected);
  });

  it.each([
    ['{"a.b.c":1}', '{"a":{"b":{"c":1}}}', true],
    ['{"a.b":1}', '{"a.b":1}', false],
    ['{"a.1.b":2}', '{"a":[{"b":1},{"b":2}]}', true],
    ['{"a.01":2}', '{"a":[1,2]}', false],
    ['{"a.b":1}', '{"a":[{"b":1}]}', false],
    ['{"a.0":"x"}', '{"a":"xyz"}', false],
    ['{"a.length":{"$exists":true}}', '{"a":[1,2]}', false],
    ['{"a.length":{"$exists":true}}', '{"a":"xyz"}', false],
    ['{"a.5":{"$exists":true}}', '{"a":[1]}', false],
    ['{"__proto__":{"$exists":true}}', "{}", false],
    ['{"__proto__":{"$exists":true}}', '{"__proto__":1}', true],
    ['{"__proto__":1}', '{"__proto__":1}', true],
    ['{"constructor":{"$exists":true}}', "{}", false],
    ['{"constructor.name":"Object"}', "{}", false],
    ['{"toString":{"$exists":true}}', "{}", false],
    ['{"toString":1}', '{"toString":1}', true],
    ['{"a":{"__proto__":1}}', '{"a":{"__proto__":1}}', true],
    ['{"a":{"__proto__":1}}', '{"a":{"b":1}}', false],
    ['{"a":{"toString":1}}', '{"a":{"b":1}}', false],
  ])("%s on %s: a path leads through own fields and positions (%s)", (filter, doc, expected) => {
    expect(fits(filter, doc)).toBe(expected);
  });

  it("fits no value that has no fields, but by what it denies", () => {
    for (const value of [null, 1, "text", true, undefined]) {
      expect(compileFilter('{"a":{"$exists":true}}')(value)).toBe(false);
      expect(compileFilter('{"a":{"$ne":1}}')(value)).toBe(true);
    }
  });

  it.each([
    ["", "filter", "JSON"],
    ["nonsense", "filter", "JSON"],
    ['{"a":NaN}', "filter", "JSON"],
    ["[]", "filter", "object"],
    ["null", "filter", "object"],
    ['"a"', "filter", "object"],
    ['{"a":1e999}', "filter.a", "too big"],
    ['{"a":{"$in":[{"b":-1e999}]}}', "filter.a.$in[0]", "too big"],
    ['{"a":{"$gt":null}}', "filter.a.$gt", "number"],
    ['{"a":{"$lte":[1]}}', "filter.a.$lte", "number"],
    ['{"a":{"$in":1}}', "filter.a.$in", "array"],
    ['{"a":{"$exists":1}}', "filter.a.$exists", "true or false"],
    ['{"a":{"$regex":"x"}}', "filter.a.$regex", "operator"],
    ['{"a":{"$where":"x"}}', "filter.a.$where", "operator"],
    ['{"a":{"$gt":1,"b":2}}', "filter.a.b", "operator"],
    ['{"a":{"$__proto__":1}}', "filter.a.$__proto__", "operator"],
    ['{"a":{"$constructor":1}}', "filter.a.$constructor", "operator"],
    ['{"a":{"$not":1}}', "filter.a.$not", "object"],
    ['{"$eq":1}', "filter.$eq", "operator"],
    ['{"$and":[]}', "filter.$and", "at least one"],
    ['{"$or":{"a":1}}', "filter.$or", "array"],
    ['{"$and":[{"$or":[{"x":1},2]}]}', "filter.$and[0].$or[1]", "object"],
    ['{"$not":[]}', "filter.$not", "object"],
    ['{"":1}', "filter", "path"],
    ['{"a..b":1}', "filter.a..b", "path"],
    ['{"a.":1}', "filter.a.", "path"],
    ['{"a.$b":1}', "filter.a.$b", "path"],
  ])("is refused as %s, by its place", (filter, field, reason) => {
    const { code, message, details } = refusal(filter);
    expect(code).toBe("invalid");
    expect(message).toContain(reason);
    expect(details["issues"]).toEqual([{ field, reason: expect.stringContaining(reason) as unknown }]);
  });

  it("has bounds: length, depth, operators, values, paths", () => {
    expect(refusal(JSON.stringify({ a: "x".repeat(FILTER_LENGTH_MAX) })).message).toContain("characters");
    const nested = (levels: number): string => (levels <= 1 ? "{}" : `{"$not":${nested(levels - 1)}}`);
    expect(fits(nested(FILTER_DEPTH_MAX), "{}")).toBe(false);
    expect(refusal(nested(FILTER_DEPTH_MAX + 1)).message).toContain("levels");
    const inner = (levels: number): string => (levels <= 1 ? '{"$gt":1}' : `{"$not":${inner(levels - 1)}}`);
    expect(fits(`{"a":${inner(FILTER_DEPTH_MAX)}}`, "{}")).toBe(true);
    expect(refusal(`{"a":${inner(FILTER_DEPTH_MAX + 1)}}`).message).toContain("levels");
    const tests = (count: number) => JSON.stringify({ $or: Array.from({ length: count - 1 }, () => ({ a: 1 })) });
    expect(fits(tests(FILTER_OPERATORS_MAX), '{"a":1}')).toBe(true);
    expect(refusal(tests(FILTER_OPERATORS_MAX + 1)).message).toContain("operators");
    const among = (count: number) => JSON.stringify({ a: { $in: Array.from({ length: count }, (_, index) => index) } });
    expect(fits(among(FILTER_IN_MAX), '{"a":0}')).toBe(true);
    expect(refusal(among(FILTER_IN_MAX + 1)).message).toContain("values");
    expect(refusal(among(1_000_000)).code).toBe("invalid");
    const path = (steps: number) => JSON.stringify({ [Array.from({ length: steps }, () => "a").join(".")]: 1 });
    expect(fits(path(FIELD_PATH_STEPS_MAX), "{}")).toBe(false);
    expect(refusal(path(FIELD_PATH_STEPS_MAX + 1)).message).toContain("steps");
    expect(refusal(JSON.stringify({ ["a".repeat(10_000)]: 1 })).message.length).toBeLessThan(300);
  });

  it("is refused and breaks nothing when brackets stand in one another by the thousand", () => {
    const depth = FILTER_LENGTH_MAX / 2 - 10;
    expect(refusal(`{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`).message).toContain("levels deep");
    expect(refusal('{"$not":'.repeat(2_000) + "{}" + "}".repeat(2_000)).code).toBe("invalid");
    expect(refusal('{"$or":['.repeat(1_500) + "{}" + "]}".repeat(1_500)).message).toContain("levels deep");
  });
});

describe("the order of texts", () => {
  const bytesOf = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0) ?? -1);

  it("is that of their code points", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "b", "\u0000", "é", "\ud800", "\udc00", "\ue000", "😀", "😁"),
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [as, bs] = [bytesOf(a), bytesOf(b)];
        const at = as.findIndex((point, index) => point !== bs[index]);
        const expected = at === -1 ? as.length - bs.length : (as[at] ?? 0) - (bs[at] ?? -1);
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(expected));
      }),
      { numRuns: 2_000 },
    );
  });
});
