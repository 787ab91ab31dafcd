import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileFilter } from "../../../contracts/data/filter.ts";
import { SORTED_FIELD_BYTES_MAX } from "../../../contracts/limits.ts";
import { allPages, byField, docsCollection, indexOf, insert, queryOf } from "../../testing/docs.ts";
import { origin } from "../../testing/store-outside.ts";

const LONG = "l".repeat(SORTED_FIELD_BYTES_MAX);
/** Values that are easily taken for one another, in groups. */
const GROUPS: unknown[][] = [
  [LONG, `${LONG}a`, `${LONG}b`, `${LONG}\u0000`, LONG.slice(1), `${LONG.slice(1)}\u0000`, `${LONG.slice(1)}é`],
  ["\ud800", "\udfff", "\ufffd", "\uffff", "😀", "é", "\ud800x", "\u{10ffff}"],
  ["", "\u0000", "\u0000\u0000", "\u0000\u0001", "\u0001", "a", "a\u0000", "\u00ff"],
  [0, 1, -1, 1.5, 1e300, -1e300, 5e-324, -5e-324, 2 ** 53, 2 ** 53 + 2, 2 ** 60, 2 ** 63, 0.1 + 0.2, 0.3],
  [null, false, true, 0, 1, "", "0", "1", "null", "true", [], {}],
  [[], [1], ["1"], [1, 2], [2, 1], {}, { x: 1 }, { y: 2, x: 1 }, { x: 1, y: 2 }, { x: [LONG] }, { x: [`${LONG}a`] }],
];
const order = fc.uniqueArray(fc.constantFrom("a", "-a", "b", "-b", "c.x", "-c.x"), {
  maxLength: 3,
  selector: (text) => text.replace("-", ""),
});
const indexes = fc.array(
  order.filter(({ length }) => length > 0),
  { minLength: 1, maxLength: 3 },
);

/** Documents, and what is looked for in them; all values are of one small pool, so that they meet. */
const [LONG_GROUP = []] = GROUPS;
const pool = fc
  .constantFrom(LONG_GROUP, ...GROUPS)
  .chain((group) => fc.uniqueArray(fc.constantFrom(...group), { minLength: 2, maxLength: 5 }))
  .chain((twins) => fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => [...twins, number]));
const world = pool.chain((pool) => {
  const value = fc.constantFrom(...pool);
  const ordered = pool.filter((each) => ["number", "string", "boolean"].includes(typeof each));
  const bound = fc.constantFrom(...ordered);
  const doc = fc
    .record(
      { a: value, b: value, c: fc.oneof(value, fc.record({ x: value }), fc.tuple(value)), p: value },
      { requiredKeys: [] },
    )
    .map(({ p, ...rest }) =>
      JSON.stringify(rest)
        .replace(/\}$/, p === undefined ? "}" : `,"__proto__":${JSON.stringify(p)}}`)
        .replace("{,", "{"),
    );
  const spans = fc.record({ $gt: bound, $gte: bound, $lt: bound, $lte: bound }, { requiredKeys: [] });
  const test = fc.oneof(
    value,
    fc.record({ $eq: value }),
    fc.record({ $ne: value }),
    fc.record({ $in: fc.array(value, { maxLength: 4 }) }),
    fc.record({ $nin: fc.array(value, { maxLength: 2 }) }),
    fc.record({ $exists: fc.boolean() }),
    spans.filter((span) => Object.keys(span).length > 0),
    fc.record({ $in: fc.array(value, { minLength: 1, maxLength: 4 }), $gte: bound }),
  );
  const tests = fc.tuple(fc.constantFrom("a", "a", "b", "b", "c.x", "c.0", "__proto__"), test);
  const one = fc.uniqueArray(tests, { maxLength: 3, selector: ([path]) => path }).map(Object.fromEntries);
  const some = fc.array(one, { minLength: 1, maxLength: 3 });
  const filter = fc.oneof(
    { weight: 6, arbitrary: one },
    { weight: 1, arbitrary: fc.record({ $and: some }) },
    { weight: 1, arbitrary: fc.record({ $or: some }) },
    { weight: 1, arbitrary: fc.record({ $not: one }) },
  );
  return fc.record({
    docs: fc.array(doc, { minLength: 1, maxLength: 25 }),
    indexes,
    searches: fc.array(fc.tuple(filter, order), { minLength: 4, maxLength: 8 }),
    limit: fc.integer({ min: 1, max: 9 }),
  });
});

const RANKS = ["undefined", "null", "boolean", "number", "string", "array", "object"];
const typeOf = (each: unknown): string => (each === null ? "null" : Array.isArray(each) ? "array" : typeof each);
const at = (content: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (inner, name) => (Object(inner) === inner ? (inner as Record<string, unknown>)[name] : undefined),
      content,
    );
/** UTF-8 by hand: code points, in which half a pair stands for itself. */
const points = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0) ?? 0);

/** The order of values that texts beyond the length that counts may not keep; null there. Shares no code with the keys. */
function compare(a: unknown, b: unknown): number | null {
  const [rankA, rankB] = [RANKS.indexOf(typeOf(a)), RANKS.indexOf(typeOf(b))];
  if (rankA !== rankB) return rankA - rankB;
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (typeof a !== "string" || typeof b !== "string") return rankA < RANKS.indexOf("array") ? 0 : null;
  const [as, bs] = [points(a), points(b)];
  const first = as.findIndex((point, index) => point !== bs[index]);
  if (first >= SORTED_FIELD_BYTES_MAX) return null;
  return first === -1 ? as.length - bs.length : (as[first] ?? 0) - (bs[first] ?? -1);
}

function isInOrder(before: unknown, after: unknown, sort: readonly string[]): boolean {
  for (const { field: path, descending } of sort.map(byField)) {
    const compared = compare(at(before, path), at(after, path));
    if (compared === null) return true;
    if (compared !== 0) return compared < 0 !== descending;
  }
  return true;
}

describe("finding by whatever indexes there are", () => {
  it("finds what the matcher says, each once and in its order, on pages of any size", { timeout: 60_000 }, async () => {
    const { name, store, inside } = await docsCollection({ keep: {} });
    let used = 0;
    await inside((own) =>
      fc.assert(
        fc.asyncProperty(world, async ({ docs, indexes: made, searches, limit }) => {
          await own.drop(name);
          // Half of the indexes see the documents come, the others find them there.
          for (const [n, each] of made.entries()) if (n % 2 === 0) await own.createIndex(name, indexOf(`i${n}`, each));
          await own.docsWrite(
            name,
            docs.map((text, n) => insert(`d${n}`, text)),
            origin,
          );
          for (const [n, each] of made.entries()) if (n % 2 === 1) await own.createIndex(name, indexOf(`i${n}`, each));
          const all = docs.map((text, n) => ({ id: `d${n}`, content: JSON.parse(text) as object }));
          for (const [wanted, sort] of searches) {
            const text = JSON.stringify(wanted);
            const fits = compileFilter(text);
            const expected = all.filter(({ content }) => fits(content)).map(({ id }) => id);
            const found = await allPages({ filter: text, sort, limit }, (asked) => own.docsFind(name, queryOf(asked)));
            if (found[0]?.index !== null) used += 1;
            const ids = found.flatMap(({ items }) => items.map(({ id }) => id));
            expect(ids.toSorted()).toEqual(expected.toSorted());
            const contents = found.flatMap(({ items }) => items.map((item) => JSON.parse(item.value) as object));
            for (const [n, content] of contents.entries()) {
              if (n > 0) expect(isInOrder(contents[n - 1], content, sort)).toBe(true);
            }
            expect(own.docsCount(name, text, 100)).toEqual({ count: expected.length, exact: true });
          }
        }),
        { numRuns: 150 },
      ),
    );
    expect(used).toBeGreaterThan(100);
    expect(await store.docsCount(name, "{}", 100)).toMatchObject({ exact: true });
  });
});
