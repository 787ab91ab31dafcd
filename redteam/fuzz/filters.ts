import { compileFilter } from "../../contracts/data/filter.ts";
import { platformErrorOf } from "../../contracts/errors.ts";
import { FILTER_DEPTH_MAX, FILTER_LENGTH_MAX, FILTER_OPERATORS_MAX } from "../../contracts/limits.ts";
import { fits, judge } from "./filter-reference.ts";
import { Finding, Random } from "./random.ts";

const VALUES = [
  "null",
  "true",
  "false",
  "0",
  "-0",
  "1",
  "2.5",
  "1e3",
  "-7",
  "1e400",
  '""',
  '"1"',
  '"a"',
  '"é"',
  '"\\ud83d\\ude00"',
  '"\\uffff"',
  '"\\ud800"',
  '"$gt"',
  "[]",
  "[1]",
  '[1,"a"]',
  "{}",
  '{"a":1}',
  '{"b":2,"a":1}',
  '{"$gt":1}',
  '{"__proto__":1}',
  "NaN",
  "undefined",
] as const;
const NAMES = [
  "a",
  "a",
  "b",
  "a.b",
  "a.0",
  "b.a.b",
  "__proto__",
  "constructor",
  "toString.name",
  "a.length",
  "",
] as const;
const ODD_NAMES = ["a..b", ".a", "a.$b", "$a", "a.".repeat(20), "x".repeat(300), "\u0000"] as const;
const OPERATORS = ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$not"] as const;
const ODD_OPERATORS = ["$regex", "$where", "$__proto__", "$", "eq", "$EQ", "$and"] as const;
const JOINTS = ["$and", "$or", "$nor", "$not"] as const;
const DOCS = [
  "{}",
  "null",
  '"a"',
  "[1]",
  '{"a":1}',
  '{"a":"1"}',
  '{"a":null,"b":true}',
  '{"a":[1,"a"],"b":2.5}',
  '{"a":{"b":"a"},"b":{"a":{"b":1}}}',
  '{"a":{"a":1,"b":2},"b":-0}',
  '{"a":{"0":"x","length":1}}',
  '{"__proto__":1,"constructor":{"name":1},"toString":{"name":"é"}}',
  '{"a":"\\ud83d\\ude00","b":"\\uffff"}',
  '{"a":"\\ud800","b":"\\ud83d"}',
  '{"a":{"__proto__":1}}',
  '{"a":1000,"b":""}',
] as const;
const CHARACTERS = ['"', "{", "}", "[", "]", ":", ",", "$", ".", "0", "e", "-", "a", "\\", " ", "\u0000"] as const;

const object = (fields: string[]): string => `{${fields.join(",")}}`;
const array = (items: string[]): string => `[${items.join(",")}]`;
const entry = (name: string, value: string): string => `${JSON.stringify(name)}:${value}`;

function operand(random: Random, operator: string): string {
  if (random.chance(1, 12)) return random.pick(VALUES);
  if (operator === "$in" || operator === "$nin") return array(random.list(0, 4, () => random.pick(VALUES)));
  if (operator === "$exists") return random.chance(1, 2) ? "true" : "false";
  if (operator === "$not") return operators(random, 1);
  return random.pick(VALUES);
}

function operators(random: Random, most: number): string {
  const fields = random.list(1, most, () => {
    const operator = random.chance(1, 25) ? random.pick(ODD_OPERATORS) : random.pick(OPERATORS);
    return entry(operator, operand(random, operator));
  });
  return object(fields);
}

function filterText(random: Random, depth: number): string {
  const fields = random.list(0, 3, () => {
    if (depth > 0 && random.chance(1, 3)) {
      const joint = random.pick(JOINTS);
      const single = joint === "$not" ? !random.chance(1, 20) : random.chance(1, 20);
      const inner = () => filterText(random, depth - 1);
      return entry(joint, single ? inner() : array(random.list(random.chance(1, 30) ? 0 : 1, 3, inner)));
    }
    const name = random.chance(1, 25) ? random.pick(ODD_NAMES) : random.pick(NAMES);
    return entry(name, random.chance(1, 2) ? operators(random, 3) : random.pick(VALUES));
  });
  return object(fields);
}

/** The text with a few characters taken out, put in or doubled. */
function hurt(random: Random, text: string): string {
  let result = text;
  for (let times = random.below(3) + 1; times > 0; times -= 1) {
    const at = random.below(result.length + 1);
    const put = random.chance(1, 3) ? "" : random.pick(CHARACTERS);
    result = result.slice(0, at) + put + result.slice(at + random.below(2));
  }
  return result;
}

/** Text that goes to the bounds, and beyond them. */
function extreme(random: Random): string {
  const near = (most: number): number => most - 2 + random.below(5);
  const levels = near(FILTER_DEPTH_MAX);
  const count = near(FILTER_OPERATORS_MAX);
  const many = (length: number, of: (index: number) => string) =>
    array(Array.from({ length }, (_, index) => of(index)));
  return random.pick([
    `${'{"$not":'.repeat(levels)}{}${"}".repeat(levels)}`,
    `{"a":${'{"$not":'.repeat(levels)}{"$gt":1}${"}".repeat(levels)}}`,
    `{"$or":${many(count, (index) => `{"a":${index}}`)}}`,
    `{"a":{"$in":${many(near(200), (index) => `${index}`)}}}`,
    `{"a":${"[".repeat(near(64))}${"]".repeat(64)}}`,
    `{"a":${JSON.stringify("x".repeat(near(FILTER_LENGTH_MAX) - 8))}}`,
    `${'{"$and":['.repeat(1_000)}{}${"]}".repeat(1_000)}`,
  ]);
}

/**
 * Reads generated, hurt and extreme filters: what a plain second reading refuses is refused as `invalid`, by a message
 * of bounded length; and everything else fits the documents that it says.
 */
export function fuzzFilters(seed: number, runs: number): Record<string, number> {
  const random = new Random(seed);
  const tried = { filters: 0, refused: 0, fitting: 0 };
  for (let run = 0; run < runs; run += 1) {
    const whole = random.chance(1, 50) ? extreme(random) : filterText(random, 2);
    const text = random.chance(1, 4) ? hurt(random, whole) : whole;
    tried.filters += 1;
    const isGood = judge(text);
    try {
      const matches = compileFilter(text);
      if (!isGood) throw new Finding(seed, run, "was read, though it is no filter", text);
      for (const docText of DOCS) {
        const doc: unknown = JSON.parse(docText);
        const found = matches(doc);
        if (found !== fits(JSON.parse(text), doc)) throw new Finding(seed, run, `${docText} fits: ${found}`, text);
        if (found) tried.fitting += 1;
      }
    } catch (error) {
      const refusal = error instanceof Finding ? null : platformErrorOf(error);
      if (refusal?.code !== "invalid") throw error;
      if (isGood) throw new Finding(seed, run, `was refused, though it is a filter: ${refusal.message}`, text);
      if (refusal.message.length > 2_000) throw new Finding(seed, run, "was refused at length", text);
      tried.refused += 1;
    }
  }
  return tried;
}
