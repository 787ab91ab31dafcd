import { describe, expect, it } from "vitest";

import { dataCursorSchema } from "../../../contracts/data/schemas.ts";
import { KV_KEY_BYTES_MAX, RESOURCE_NAME_LENGTH_MAX, SORTED_FIELD_BYTES_MAX } from "../../../contracts/limits.ts";
import { refusalOf } from "../../testing/harness.ts";
import { type Asked, byField, docsCollection, put, remove } from "../../testing/docs.ts";

const TYPES = {
  missing: {},
  null: { v: null },
  false: { v: false },
  true: { v: true },
  low: { v: -10 },
  half: { v: -0.5 },
  zero: { v: 0 },
  two: { v: 2 },
  ten: { v: 10 },
  big: { v: 1e300 },
  empty: { v: "" },
  "text-10": { v: "10" },
  "text-2": { v: "2" },
  upper: { v: "Z" },
  lower: { v: "a" },
  accent: { v: "é" },
  last: { v: "\uffff" },
  emoji: { v: "😀" },
  array: { v: [1] },
  object: { v: { a: 1 } },
};

describe("finding", () => {
  it.each([[[]], [["v"]], [["-v"]]])("sorts by type and value, with an index %j and without", async (fields) => {
    const { insertAll, index, ids, find } = await docsCollection();
    if (fields.length > 0) await index("by-v", fields);
    const shuffled = Object.entries(TYPES).toSorted(([a], [b]) => a.length - b.length || (a < b ? 1 : -1));
    await insertAll(Object.fromEntries(shuffled));
    expect(await ids({ sort: ["v"] })).toEqual(Object.keys(TYPES));
    expect(await ids({ sort: ["-v"] })).toEqual(Object.keys(TYPES).reverse());
    expect((await find({ sort: ["v"] })).index).toBe(fields.length > 0 ? "by-v" : null);
  });

  it("goes by ids where no order is asked for, and by several fields where it is", async () => {
    const { ids } = await docsCollection({
      c: { a: 1, b: 2 },
      a: { a: 2, b: 1 },
      d: { a: 1, b: 3 },
      b: { a: 1, b: 2 },
    });
    expect(await ids({})).toEqual(["a", "b", "c", "d"]);
    expect(await ids({ sort: ["a", "-b"] })).toEqual(["d", "b", "c", "a"]);
    expect(await ids({ sort: ["-id"] })).toEqual(["d", "c", "b", "a"]);
    expect(await ids({ sort: ["a", "-id"] })).toEqual(["d", "c", "b", "a"]);
  });

  it("answers by id without going through the others", async () => {
    const { find } = await docsCollection({ a: { n: 1 }, b: { n: 2 }, c: { n: 3 } });
    expect(await find({ filter: { id: { $in: ["c", "a", "x"] } } })).toMatchObject({
      items: [{ id: "a" }, { id: "c" }],
      examined: 2,
    });
    expect(await find({ filter: { id: { $gt: "a" } }, sort: ["-id"] })).toMatchObject({
      items: [{ id: "c" }, { id: "b" }],
      cursor: null,
    });
    expect(await find({ filter: { id: 1 } })).toMatchObject({ items: [], examined: 0 });
    expect(await find({ filter: { id: "a", n: 2 } })).toMatchObject({ items: [], examined: 1 });
  });

  it.each([[[]], [["a"]], [["-a"]], [["a", "b"]], [["b"]]])(
    "gives every document once, page by page, by an index of %j",
    async (fields) => {
      const { insertAll, index, pages } = await docsCollection();
      if (fields.length > 0) await index("any", fields);
      await insertAll(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`d${n}`, { a: n % 3, b: n % 7 }])));
      for (const sort of [[], ["a"], ["-a"], ["a", "b"], ["-a", "-b"], ["a", "-b"]]) {
        const found = await pages({ sort, limit: 4 });
        expect(found.flat().toSorted()).toEqual(Array.from({ length: 30 }, (_, n) => `d${n}`).toSorted());
        expect(found.slice(0, -1).every((page) => page.length === 4)).toBe(true);
      }
    },
  );

  it("neither repeats nor skips what stays while others write", async () => {
    const { insertAll, write, index, find } = await docsCollection();
    await index("by-n", ["n"]);
    await insertAll(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`d${n}`, { n }])));
    for (const asked of [{ sort: ["n"] }, { sort: ["-n"] }, { filter: { n: { $lt: 100 } } }, { sort: ["m"] }, {}]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      let round = 0;
      do {
        const page = await find({ ...asked, limit: 3, cursor });
        seen.push(...page.items.map(({ id }) => id));
        ({ cursor } = page);
        const last = seen.at(-1) ?? "";
        round += 1;
        // Around the place where the page ended, and the place itself.
        await write(
          put(`x${round}`, { n: round }),
          remove(`x${round - 1}`),
          put(last, { n: Number(last.slice(1)), round }),
        );
      } while (cursor !== null);
      await write(remove(`x${round}`));
      const stayed = seen.filter((id) => id.startsWith("d"));
      expect(new Set(stayed).size).toBe(stayed.length);
      expect(stayed).toHaveLength(20);
    }
  });

  it("tells texts apart by their beginning when it sorts, and whole when it compares", async () => {
    const long = "x".repeat(SORTED_FIELD_BYTES_MAX);
    const docs = { c: { t: `${long}1` }, a: { t: `${long}2` }, b: { t: long }, d: { t: `${long.slice(1)}y` } };
    for (const fields of [[], ["t"], ["-t"]]) {
      const { insertAll, index, ids, count } = await docsCollection();
      if (fields.length > 0) await index("by-t", fields);
      await insertAll(docs);
      const sorted = await ids({ sort: ["t"] });
      expect([sorted[0], sorted.slice(1, 3).toSorted(), sorted[3]]).toEqual(["b", ["a", "c"], "d"]);
      expect(await ids({ filter: { t: `${long}1` } })).toEqual(["c"]);
      expect(await ids({ filter: { t: long } })).toEqual(["b"]);
      expect(await ids({ filter: { t: { $gt: `${long}1`, $lt: "y" } }, sort: ["id"] })).toEqual(["a", "d"]);
      expect(await ids({ filter: { t: { $lt: `${long}2` } }, sort: ["id"] })).toEqual(["b", "c"]);
      expect(await count({ t: { $in: [`${long}1`, `${long}2`] } })).toEqual({ count: 2, exact: true });
    }
  });
});

describe("a cursor", () => {
  it("is good for its own list alone", async () => {
    const { find, index, store, name } = await docsCollection({ a: { n: 1 }, b: { n: 2 }, c: { n: 3 } });
    await index("by-n", ["n"]);
    const { cursor } = await find({ sort: ["n"], limit: 1 });
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    const others: Asked[] = [
      { sort: ["-n"] },
      { sort: [] },
      { sort: ["n"], filter: { n: { $gt: 0 } } },
      { sort: ["n", "m"] },
    ];
    for (const other of others) {
      expect(await refusalOf(find({ ...other, cursor }))).toMatchObject({
        code: "invalid",
        details: { issues: [{ field: "cursor" }] },
      });
    }
    const elsewhere = store.docsFind(
      { ...name, name: "others" },
      { filter: "{}", sort: [byField("n")], cursor, limit: 1 },
    );
    expect(await refusalOf(elsewhere)).toMatchObject({ code: "invalid" });
    expect((await find({ sort: ["n"], cursor })).items.map(({ id }) => id)).toEqual(["b", "c"]);
    await store.dropIndex(name, "by-n");
    expect(await refusalOf(find({ sort: ["n"], cursor }))).toMatchObject({ code: "invalid" });
    await index("by-n", ["-n"]);
    expect(await refusalOf(find({ sort: ["n"], cursor }))).toMatchObject({ code: "invalid" });
  });

  it.each([
    "x",
    "",
    "W10",
    "[]",
    btoa("[null,null,null,null]"),
    btoa('[null,"","a","0000000000000000"]'),
    btoa('["by-n","zz","a","0000000000000000"]'),
    btoa('[null,"","%zz","0000000000000000"]'),
    btoa('{"__proto__":[null,"","a","0"]}'),
    "A".repeat(8_000),
  ])("that was made up is refused: %#", async (cursor) => {
    const { find } = await docsCollection({ a: { n: 1 } });
    expect(await refusalOf(find({ cursor }))).toMatchObject({
      code: "invalid",
      details: { issues: [{ field: "cursor" }] },
    });
    const empty = await docsCollection();
    expect(await refusalOf(empty.find({ cursor }))).toMatchObject({ code: "invalid" });
  });

  it("is short enough to be taken back, whatever it was sorted by", async () => {
    for (const text of ["\u0000".repeat(5_000), "é".repeat(5_000), "\ud800".repeat(5_000), "x".repeat(5_000)]) {
      const doc = { a: text, b: text, c: text, d: text };
      const [first, second] = ["a", "b"].map((letter) => letter.repeat(KV_KEY_BYTES_MAX)) as [string, string];
      const { find, index } = await docsCollection({ [first]: doc, [second]: doc });
      for (const sort of [
        ["a", "b", "c", "d"],
        ["-a", "-b", "-c", "-d"],
      ]) {
        // Once by sorting, and once by the index that the first round made.
        const { cursor, items } = await find({ sort, limit: 1 });
        const next = await find({ sort, limit: 1, cursor: dataCursorSchema.parse(cursor) });
        expect(new Set([items[0]?.id, next.items[0]?.id])).toEqual(new Set([first, second]));
        expect(next.cursor).toBeNull();
        if (sort[0] === "a") await index("n".repeat(RESOURCE_NAME_LENGTH_MAX), sort);
      }
    }
  });

  it("that was changed by one character is refused", async () => {
    const { find } = await docsCollection({ a: { n: 1 }, "é/%": { n: 2 }, "\u{1f600}": { n: 3 } });
    const { cursor } = await find({ limit: 2 });
    expect((await find({ cursor })).items.map(({ id }) => id)).toEqual(["\u{1f600}"]);
    for (let at = 0; at < (cursor ?? "").length; at += 1) {
      const other = cursor?.[at] === "A" ? "B" : "A";
      const changed = `${cursor?.slice(0, at)}${other}${cursor?.slice(at + 1)}`;
      expect(await refusalOf(find({ cursor: changed }))).toMatchObject({ code: "invalid" });
    }
  });
});

describe("a search", () => {
  it("is refused when its filter or sort is none, also where nothing was written", async () => {
    for (const { find, count } of [await docsCollection(), await docsCollection({ a: {} })]) {
      expect(await refusalOf(find({ filter: { a: { $near: 1 } } }))).toMatchObject({ code: "invalid" });
      expect(await refusalOf(find({ filter: "nonsense" }))).toMatchObject({ code: "invalid" });
      expect(await refusalOf(count({ $where: 1 }))).toMatchObject({ code: "invalid" });
      for (const sort of [[""], ["a..b"], ["a", "a"], ["$a"], ["a".repeat(1_000)]]) {
        expect(await refusalOf(find({ sort }))).toMatchObject({ code: "invalid" });
      }
      expect((await find({ sort: ["__proto__", "constructor.name", "toString"] })).cursor).toBeNull();
      expect((await find({ filter: { constructor: { $exists: true } } })).items).toEqual([]);
    }
  });
});

describe("counting", () => {
  it("stops at the number that was asked for", async () => {
    const { count, index } = await docsCollection(
      Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`d${n}`, { even: n % 2 === 0, n }])),
    );
    for (const fields of [[], ["even"], ["-even", "n"]]) {
      if (fields.length > 0) await index(fields.join("_").replace("-", ""), fields);
      expect(await count({})).toEqual({ count: 10, exact: true });
      expect(await count({}, 10)).toEqual({ count: 10, exact: true });
      expect(await count({}, 9)).toEqual({ count: 9, exact: false });
      expect(await count({ even: true })).toEqual({ count: 5, exact: true });
      expect(await count({ even: true }, 5)).toEqual({ count: 5, exact: true });
      expect(await count({ even: true }, 4)).toEqual({ count: 4, exact: false });
      expect(await count({ even: true, n: { $gte: 4 } })).toEqual({ count: 3, exact: true });
      expect(await count({ even: true, m: { $exists: true } })).toEqual({ count: 0, exact: true });
    }
  });
});
