import { beforeEach, describe, expect, it } from "vitest";

import { VALUE_BYTES_MAX } from "../../../contracts/limits.ts";
import { answerOf } from "../testing/answer.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  await authority.takeAsked("kvWrite");
  tenant = await newTenant();
});

/** With a collection at hand. */
const answer = (body: string): Promise<unknown> =>
  answerOf(tenant, "kv", `const notes = kv.collection("notes"); ${body}`);

describe("kv in a script", () => {
  it("gives back what was set, with what is known of it", async () => {
    const [value, entry, has, missing] = (await answer(`
      const { version } = await notes.set("a", { list: [1, null, "ü"] }, { ttlSeconds: 60 });
      const entry = await notes.getEntry("a");
      return [await notes.get("a"), { ...entry, same: entry.version === version }, await notes.has("a"), (await notes.get("b")) === undefined];
    `)) as [unknown, Record<string, number>, boolean, boolean];
    expect(value).toEqual({ list: [1, null, "ü"] });
    expect(entry).toMatchObject({ key: "a", same: true });
    expect(entry["expiresAt"]).toBeCloseTo((entry["updatedAt"] ?? 0) + 60_000, -1);
    expect([has, missing]).toEqual([true, true]);
  });

  it("writes in the name of its run", async () => {
    const id = await answer(`await notes.set("a", 1); return ctx.executionId;`);
    const [[orgId, collection, , origin]] = (await authority.takeAsked("kvWrite")) as [unknown[]];
    expect([orgId, collection, origin]).toEqual([tenant.orgId, "notes", { executionId: id, depth: 0 }]);
  });

  it("reads and writes many in one call", async () => {
    const result = await answer(`
      const set = await notes.setMany({ a: 1, b: 2 }) + await notes.setMany(new Map([["c", 3]])) + await notes.setMany([["d", 4]]);
      const found = await notes.getMany(["a", "d", "x"]);
      return [set, [...found], await notes.deleteMany(["a", "x"]), await notes.setMany({}), [...await notes.getMany([])]];
    `);
    expect(result).toEqual([
      4,
      [
        ["a", 1],
        ["d", 4],
      ],
      1,
      0,
      [],
    ]);
    expect(await authority.takeAsked("kvWrite")).toHaveLength(4);
  });

  it("does a batch in one call, from a list or a function", async () => {
    const result = (await answer(`
      await notes.set("old", 1);
      const first = await notes.batch([{ operation: "set", key: "a", value: 1 }, { operation: "delete", key: "old" }]);
      const second = await notes.batch((batch) => { batch.set("b", 2, { ifVersion: 0 }); batch.delete("none"); });
      return [first, second];
    `)) as unknown[];
    const written = { key: "a", version: expect.any(Number), existed: false };
    expect(result[0]).toEqual([written, { key: "old", version: null, existed: true }]);
    expect(result[1]).toEqual([
      { ...written, key: "b" },
      { key: "none", version: null, existed: false },
    ]);
  });

  it("lists by prefix in pages, and all of them one by one", async () => {
    const result = await answer(`
      await notes.setMany({ a1: 1, a2: 2, a3: 3, b1: 4 });
      const first = await notes.list({ prefix: "a", limit: 2 });
      const second = await notes.list({ prefix: "a", limit: 2, cursor: first.cursor, values: false });
      const keys = [];
      for await (const entry of notes.entries({ prefix: "a" })) keys.push(entry.key + entry.value);
      return [first.items.map((item) => item.value), second.items.map((item) => [item.key, "value" in item]), second.cursor, keys];
    `);
    expect(result).toEqual([[1, 2], [["a3", false]], null, ["a11", "a22", "a33"]]);
  });

  it("refuses a write when its version does not hold, with the one that does", async () => {
    const result = (await answer(`
      const { version } = await notes.set("a", 1);
      await notes.set("a", 2, { ifVersion: version });
      await notes.set("a", 3, { ifVersion: version });
    `)) as [string, string, object];
    expect(result[0]).toBe("conflict");
    expect(result[2]).toMatchObject({ key: "a", version: expect.any(Number) });
  });

  it("updates what it read, again when somebody was faster, and keeps its life", async () => {
    const result = await answer(`
      await notes.set("n", 1, { ttlSeconds: 100 });
      let tries = 0;
      const value = await notes.update("n", async (before) => {
        if (tries++ === 0) await notes.set("n", 10, { ttlSeconds: 100 });
        return before + 1;
      });
      const { expiresAt, updatedAt } = await notes.getEntry("n");
      const made = await notes.update("new", (before) => before ?? "made");
      const left = await notes.update("n", () => undefined);
      return [value, tries, Math.round((expiresAt - updatedAt) / 1000), made, left];
    `);
    expect(result).toEqual([11, 2, 100, "made", 11]);
  });

  it("gives up an update after so many attempts", async () => {
    const result = await answer(`
      let tries = 0;
      try { await notes.update("n", async () => { tries++; await notes.set("n", tries); return 0; }, { attempts: 3 }); }
      catch (error) { return [error.code, tries]; }
    `);
    expect(result).toEqual(["conflict", 3]);
  });
});

describe("what kv refuses", () => {
  it.each([
    ["undefined", `undefined`, "value is undefined: leave it out, or say null."],
    [
      "something undefined inside",
      `{ a: [1, { b: undefined }] }`,
      "value.a[1].b is undefined: leave it out, or say null.",
    ],
    ["NaN", `{ items: [{ price: 1 }, { price: NaN }] }`, "value.items[1].price is NaN, which JSON cannot hold."],
    ["infinity", `[-Infinity]`, "value[0] is -Infinity, which JSON cannot hold."],
    ["a BigInt", `{ n: 1n }`, "value.n is a bigint, which JSON cannot hold."],
    ["a function", `{ "a b": () => 1 }`, 'value["a b"] is a function, which JSON cannot hold.'],
    ["a symbol", `Symbol("x")`, "value is a symbol, which JSON cannot hold."],
    ["a map", `{ m: new Map() }`, "value.m is a Map, which JSON cannot hold."],
    ["an instance", `new (class Point { x = 1 })()`, "value is a Point, which JSON cannot hold."],
    ["an invalid date", `{ at: new Date(NaN) }`, "value.at is an invalid date."],
    ["a hole", `[1, , 2]`, "value[1] is undefined: leave it out, or say null."],
    ["what contains itself", `(() => { const a = { b: {} }; a.b.c = a; return a; })()`, "value.b.c contains itself."],
  ])("%s, naming the place", async (_, value, message) => {
    expect(await answer(`await notes.set("k", ${value}); return "kept";`)).toEqual([
      "invalid",
      message,
      { issues: [{ field: message.split(" is ")[0]?.split(" contains ")[0], reason: expect.any(String) }] },
    ]);
    expect(await authority.takeAsked("kvWrite")).toEqual([]);
  });

  it("keeps what JSON can hold by toJSON", async () => {
    const result = await answer(
      `await notes.set("d", { at: new Date(0), o: { __proto__: null, x: 1 } }); return notes.get("d");`,
    );
    expect(result).toEqual({ at: "1970-01-01T00:00:00.000Z", o: { x: 1 } });
  });

  it.each([
    ["too large", `"x".repeat(${VALUE_BYTES_MAX})`],
    ["too large in bytes", `"€".repeat(${VALUE_BYTES_MAX / 2})`],
    [
      "small to hold and endless to write",
      `(() => { let v = []; for (let i = 0; i < 40; i++) v = [v, v, v, v]; return v; })()`,
    ],
  ])("a value that is %s", async (_, value) => {
    expect((await answer(`await notes.set("k", ${value});`)) as unknown[]).toMatchObject({ 0: "too_large" });
  });

  it("values that are too large together, before they are on their way", async () => {
    const body = `const value = "x".repeat(200_000); await notes.setMany(Array.from({ length: 1000 }, (_, i) => ["k" + i, value]));`;
    expect(await answer(body)).toMatchObject({ 0: "too_large", 2: { limitBytes: 8 * 1024 * 1024 } });
  });

  it("a value that is too deep", async () => {
    const result = await answer(`let v = 1; for (let i = 0; i < 65; i++) v = { v }; await notes.set("k", v);`);
    expect(result).toMatchObject({ 0: "invalid", 1: expect.stringContaining("is more than 64 levels deep") });
  });

  it.each([
    ["no key", `notes.get()`],
    ["an empty key", `notes.get("")`],
    ["a key that is too long", `notes.get("é".repeat(300))`],
    ["a key with control characters", String.raw`notes.get("a\u0000b")`],
    ["a key with half a character", String.raw`notes.get("\ud800")`],
    ["a key that is no text", `notes.get({ toString: () => "a" })`],
    ["a name of a collection with a slash", `kv.collection("a/b").get("k")`],
    ["a name of a collection that is no text", `kv.collection(["a"]).get("k")`],
    ["too many keys", `notes.getMany(Array.from({ length: 1001 }, (_, i) => "k" + i))`],
    ["an option that is misspelt", `notes.set("k", 1, { ttl: 5 })`],
    ["a life that is no number", `notes.set("k", 1, { ttlSeconds: "60" })`],
    ["a life that is too short", `notes.set("k", 1, { ttlSeconds: 0 })`],
    ["a page that is too long", `notes.list({ limit: 100_000 })`],
    ["an unknown operation", `notes.batch([{ operation: "drop", key: "a" }])`],
  ])("%s", async (_, call) => {
    expect(await answer(`await ${call}; return "done";`)).toMatchObject({ 0: "invalid" });
  });
});

describe("the module", () => {
  it("holds the built-ins as they were before the script, whatever the script imports first", async () => {
    await tenant.deploy({
      "index.js": `import "./patch.js"; import { kv } from "./.isola/isola.js"; const notes = kv.collection("notes");
        export default async () => { await notes.set("a", { n: 1 }); return new Response(JSON.stringify === globalThis.patched ? (await notes.get("a")).n : "unpatched"); };`,
      "patch.js": `globalThis.patched = JSON.stringify = () => "\\"patched\\""; JSON.parse = () => ({ n: "patched" }); Number.isFinite = () => true; RegExp.prototype.exec = () => null;`,
    });
    expect(await (await tenant.get("/")).text()).toBe("1");
  });

  it("refuses forged calls of the platform", async () => {
    await tenant.deploy(`import { callInRun } from "./.isola/runtime.js";
      export default async () => {
       const codes = [];
       for (const call of [null, 1, [], {}, { operation: "get" }, { operation: "get", collection: "a", keys: ["k"], values: true, orgId: "org_x" },
         { operation: "write", collection: "a", writes: [{ operation: "set", key: "k", value: "{", ttlMs: null, ifVersion: null }] },
         { operation: "write", collection: "a", writes: [{ operation: "set", key: "k", value: "1", ttlMs: NaN, ifVersion: null }] },
         { operation: "write", collection: "a", writes: [{ operation: "set", key: "k", value: "[".repeat(65) + "]".repeat(65), ttlMs: null, ifVersion: null }] }])
         try { codes.push(await callInRun("kv", call)); } catch (error) { codes.push(error.code); }
       return codes;
      }`);
    expect(await (await tenant.get("/")).json()).toEqual(Array(9).fill("invalid"));
    expect(await authority.takeAsked("kvWrite")).toEqual([]);
  });
});
