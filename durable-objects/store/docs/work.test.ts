import { describe, expect, it } from "vitest";

import { DOCS_EXAMINED_BYTES_MAX, DOCS_EXAMINED_MAX, DOCS_SORTED_MAX } from "../../../contracts/limits.ts";
import { Database } from "../../database.ts";
import { type Asked, docsCollection, indexOf, insert, queryOf } from "../../testing/docs.ts";
import { origin } from "../../testing/store-outside.ts";
import { STORE_MIGRATIONS } from "../schema.ts";
import { countDocs, findDocs } from "./find.ts";

const COUNT = DOCS_EXAMINED_MAX + 50;
const idOf = (n: number): string => `d${String(n).padStart(6, "0")}`;

/** A collection of more documents than one call looks at. */
async function bigCollection() {
  const { name, inside } = await docsCollection({ x: {} });
  await inside(async (own) => {
    await own.drop(name);
    for (let begin = 0; begin < COUNT; begin += 1_000) {
      const ids = Array.from({ length: Math.min(1_000, COUNT - begin) }, (_, n) => begin + n);
      const values = ids.map((n) => insert(idOf(n), { n, even: n % 2 === 0, few: n % 5_000 === 0, rank: -n }));
      await own.docsWrite(name, values, origin);
    }
  });
  /** Runs work on its database, and tells how many rows SQLite read for it. */
  const measured = <T>(work: (db: Database) => T) =>
    inside((_, { storage }) => {
      const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
      const exec: SqlStorage["exec"] = (query: string, ...values: SqlStorageValue[]) => {
        const cursor = storage.sql.exec<never>(query, ...values);
        cursors.push(cursor);
        return cursor;
      };
      const db = new Database({ kv: storage.kv, sql: { exec } } as unknown as DurableObjectStorage, STORE_MIGRATIONS);
      const result = work(db);
      return { result, rowsRead: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0) };
    });
  return { name, inside, find: (asked: Asked) => measured((db) => findDocs(db, name.name, queryOf(asked))), measured };
}

describe("the work of one call", { timeout: 60_000 }, () => {
  it("is bounded without an index, and little with one", async () => {
    const { name, inside, find, measured } = await bigCollection();

    // Without an index: so much, and a cursor to go on.
    const nobody = await find({ filter: { n: "nobody" } });
    expect(nobody.result).toMatchObject({ items: [], examined: DOCS_EXAMINED_MAX, index: null });
    const rest = await find({ filter: { n: "nobody" }, cursor: nobody.result.cursor });
    expect(rest.result).toMatchObject({ items: [], examined: 50, cursor: null });
    const last = await find({ filter: { n: COUNT - 1 } });
    expect(last.result.items).toEqual([]);
    expect((await find({ filter: { n: COUNT - 1 }, cursor: last.result.cursor })).result.items).toHaveLength(1);
    expect((await find({ limit: 5 })).rowsRead).toBeLessThan(20);
    const counted = await measured((db) => countDocs(db, '{"even":true}', DOCS_EXAMINED_MAX));
    expect(counted.result).toEqual({ count: DOCS_EXAMINED_MAX / 2, exact: false });
    expect((await measured((db) => countDocs(db, "{}", 1e9))).result).toEqual({
      count: DOCS_EXAMINED_MAX,
      exact: false,
    });

    // An order that would take sorting them all is refused, and one of few is not.
    const refusal = { code: "invalid", details: { issues: [{ field: "sort" }] } };
    await expect(find({ sort: ["rank"] })).rejects.toMatchObject(refusal);
    expect(COUNT).toBeGreaterThan(DOCS_SORTED_MAX);
    await inside((own) => own.createIndex(name, indexOf("few", ["few"])));
    const few = await find({ filter: { few: true }, sort: ["rank"] });
    expect(few.result).toMatchObject({ index: "few", examined: 3, items: [{ id: idOf(10_000) }, {}, { id: idOf(0) }] });
    await expect(find({ filter: { few: { $exists: true } }, sort: ["rank"] })).rejects.toMatchObject(refusal);

    // With indexes hardly more is read than is found: on later pages, from the end, and of several values, too.
    await inside((own) => own.createIndex(name, indexOf("by-n", ["n"])));
    await inside((own) => own.createIndex(name, indexOf("even-n", ["even", "-n"])));
    const one = await find({ filter: { n: 7_000 } });
    expect(one.result).toMatchObject({ items: [{ id: idOf(7_000) }], examined: 1, index: "by-n" });
    expect(one.rowsRead).toBeLessThan(20);
    for (const asked of [
      { sort: ["n"] },
      { sort: ["-n"] },
      { sort: ["-id"] },
      { filter: { even: true }, sort: ["n"] },
      { filter: { even: true }, sort: ["-n"] },
      { filter: { even: { $in: [true, false] }, n: { $gt: 5_000 } }, sort: ["even", "-n"] },
      { filter: { n: { $gte: 3_000, $lt: 9_000 } } },
    ]) {
      // Far in, so that it shows whether it begins where it left off.
      let { cursor } = (await find({ ...asked, limit: 1_000 })).result;
      for (let page = 0; page < 3; page += 1) {
        const next = await find({ ...asked, limit: 3, cursor });
        expect([asked, next.result.examined, next.result.items.length]).toEqual([asked, 3, 3]);
        expect([asked, next.rowsRead < 50]).toEqual([asked, true]);
        ({ cursor } = next.result);
      }
    }
    // A filter that finds many does not keep an order that there is from being used.
    const both = await find({ filter: { even: true }, sort: ["-n"], limit: 3 });
    expect(both.result.index).toBe("even-n");
    expect((await find({ filter: { few: false }, sort: ["n"], limit: 3 })).result.index).toBe("by-n");
    expect((await find({ filter: { few: true }, sort: ["n"], limit: 3 })).result.index).toBe("few");
    expect((await measured((db) => countDocs(db, '{"even":true}', 9_000))).result.exact).toBe(true);
  });

  it("is bounded by the bytes that it reads and answers", async () => {
    const { name, inside } = await docsCollection();
    const value = JSON.stringify({ text: "x".repeat(250_000) });
    const count = Math.ceil(DOCS_EXAMINED_BYTES_MAX / 250_000) + 5;
    await inside(async (own) => {
      for (let n = 0; n < count; n += 1) await own.docsWrite(name, [insert(idOf(n), value)], origin);
      const none = own.docsFind(name, queryOf({ filter: { a: 1 } }));
      expect(none.items).toEqual([]);
      expect(none.examined).toBeLessThan(count);
      expect(own.docsFind(name, queryOf({ filter: { a: 1 }, cursor: none.cursor }))).toMatchObject({
        items: [],
        cursor: null,
      });
      expect(own.docsCount(name, '{"a":1}', 100)).toEqual({ count: 0, exact: false });
      const page = own.docsFind(name, queryOf());
      expect(page.items.length).toBe(33);
      expect(own.docsFind(name, queryOf({ cursor: page.cursor })).items[0]?.id).toBe(idOf(33));
      expect(() => own.docsFind(name, queryOf({ sort: ["text"] }))).toThrow(/Make an index/);
      expect(() =>
        own.docsGet(
          name,
          Array.from({ length: 40 }, (_, n) => idOf(n)),
        ),
      ).toThrow(/Ask for fewer/);
    });
  });
});
