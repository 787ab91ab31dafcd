import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { LOCK_TTL_MS_MAX, LOCK_TTL_MS_MIN, TOOLS_PER_ORG_MAX } from "../../contracts/limits.ts";
import type { Env } from "../env.ts";
import type { Remote, ToolsObject } from "../objects.ts";
import { refusalOf } from "../testing/harness.ts";

const MINUTE_MS = 60_000;

/** The locks and counters of an org of a test's own. */
function newTools() {
  const stub = (env as unknown as Env).TOOLS.getByName(newId("org"));
  const tools = stub as unknown as Remote<ToolsObject>;
  const sql = (query: string, ...bindings: SqlStorageValue[]) =>
    runInDurableObject(stub, (_, state) => state.storage.sql.exec(query, ...bindings).toArray());
  return {
    stub,
    tools,
    sql,
    take: (name = "l", ttlMs = MINUTE_MS) => tools.lockAcquire(name, ttlMs, null),
    alarmAt: () => runInDurableObject(stub, (_, state) => state.storage.getAlarm()),
  };
}

/** Fills a table up to its bound. */
const FILL = (table: string, columns: string, values: string) =>
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${TOOLS_PER_ORG_MAX - 1})
   INSERT INTO ${table} (name, ${columns}) SELECT 'n' || i, ${values} FROM n`;

describe("a counter", () => {
  it("begins at 0, adds, and is read by adding nothing, which leaves nothing behind", async () => {
    const { tools, sql, stub } = newTools();
    expect(await tools.counterAdd("c", 0)).toBe(0);
    expect(await sql("SELECT name FROM sqlite_master")).toEqual([]);
    expect(await tools.counterAdd("c", 5)).toBe(5);
    expect(await tools.counterAdd("c", -7)).toBe(-2);
    expect(await tools.counterAdd("other", 1)).toBe(1);
    await evictDurableObject(stub);
    expect(await tools.counterAdd("c", 0)).toBe(-2);
  });

  it("misses none of many additions at once", async () => {
    const { tools } = newTools();
    const seen = await Promise.all(Array.from({ length: 50 }, () => tools.counterAdd("c", 1)));
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it("refuses to go where numbers are not exact any more, and stays where it is", async () => {
    const { tools } = newTools();
    await tools.counterAdd("c", Number.MAX_SAFE_INTEGER);
    for (const by of [1, Number.MAX_SAFE_INTEGER, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
      expect(await refusalOf(tools.counterAdd("c", by))).toMatchObject({ code: "invalid" });
    }
    expect(await tools.counterAdd("c", -1)).toBe(Number.MAX_SAFE_INTEGER - 1);
    expect(await refusalOf(tools.counterAdd("d", -(2 ** 53)))).toMatchObject({ code: "invalid" });
  });

  it("is one of so many, and makes room when it comes back to 0", async () => {
    const { tools, sql } = newTools();
    await tools.counterAdd("first", 1);
    await sql(FILL("counters", "value", "1"));
    expect(await refusalOf(tools.counterAdd("more", 1))).toMatchObject({ code: "over_budget" });
    expect(await tools.counterAdd("first", 1)).toBe(2);
    expect(await tools.counterAdd("first", -2)).toBe(0);
    expect(await tools.counterAdd("more", 1)).toBe(1);
  });
});

describe("a lock", () => {
  it("is held by one at a time, and its fence grows with each taking", async () => {
    const { tools, take } = newTools();
    const before = Date.now();
    const first = await take();
    expect(first?.expiresAt).toBeGreaterThanOrEqual(before + MINUTE_MS);
    expect(await take()).toBeNull();
    expect(await take("other")).not.toBeNull();
    expect(await tools.lockRelease("l", first!.token)).toBe(true);
    const second = await take();
    expect(second!.fence).toBeGreaterThan(first!.fence);
    expect(second!.token).not.toBe(first!.token);
    expect(await tools.lockRelease("l", first!.token)).toBe(false);
    expect(await take()).toBeNull();
  });

  it("goes to one of many that ask at once", async () => {
    const { take } = newTools();
    const taken = await Promise.all(Array.from({ length: 20 }, () => take()));
    expect(taken.filter((lock) => lock !== null)).toHaveLength(1);
  });

  it("is prolonged by its holder alone, under the same fence", async () => {
    const { tools, take } = newTools();
    const lock = await take("l", LOCK_TTL_MS_MIN);
    expect(await tools.lockAcquire("l", MINUTE_MS, "somebody")).toBeNull();
    const prolonged = await tools.lockAcquire("l", MINUTE_MS, lock!.token);
    expect(prolonged).toMatchObject({ token: lock!.token, fence: lock!.fence });
    expect(prolonged!.expiresAt).toBeGreaterThan(lock!.expiresAt);
    await scheduler.wait(LOCK_TTL_MS_MIN + 10);
    expect(await take()).toBeNull();
  });

  it("is anybody's when its time is over, and its late holder's no more", async () => {
    const { tools, take } = newTools();
    const late = await take("l", LOCK_TTL_MS_MIN);
    await scheduler.wait(LOCK_TTL_MS_MIN + 5);
    expect(await tools.lockAcquire("l", MINUTE_MS, late!.token)).toBeNull();
    expect(await tools.lockRelease("l", late!.token)).toBe(false);
    expect((await take())!.fence).toBeGreaterThan(late!.fence);
    expect(await tools.lockAcquire("l", MINUTE_MS, late!.token)).toBeNull();
  });

  it("is held for a bounded time", async () => {
    const { take, tools } = newTools();
    for (const ttlMs of [0, -1, LOCK_TTL_MS_MIN - 1, LOCK_TTL_MS_MAX + 1, 100.5, Number.NaN]) {
      expect(await refusalOf(take("l", ttlMs))).toMatchObject({ code: "invalid" });
    }
    expect(await tools.lockAcquire("l", MINUTE_MS, "nobody")).toBeNull();
    expect(await take("l", LOCK_TTL_MS_MAX)).not.toBeNull();
  });

  it("is one of so many, those not counted that have ended", async () => {
    const { take, sql, tools } = newTools();
    const first = await take("first");
    await sql(FILL("locks", "token, fence, expires_at", "'t', 1, 9e15"));
    expect(await refusalOf(take("more"))).toMatchObject({ code: "over_budget" });
    expect(await tools.lockAcquire("first", MINUTE_MS, first!.token)).not.toBeNull();
    await sql("UPDATE locks SET expires_at = 1 WHERE name = 'n1'");
    expect(await take("more")).not.toBeNull();
    expect(await sql("SELECT name FROM locks WHERE name = 'n1'")).toEqual([]);
  });

  it("is cleared away by the alarm when it has ended, and its fences go on after that", async () => {
    const { stub, take, sql, alarmAt } = newTools();
    const lock = await take();
    expect(await alarmAt()).toBeGreaterThanOrEqual(lock!.expiresAt);
    await sql("UPDATE locks SET expires_at = 1");
    await runDurableObjectAlarm(stub);
    expect(await sql("SELECT name FROM locks")).toEqual([]);
    expect(await alarmAt()).toBeNull();
    await evictDurableObject(stub);
    expect((await take())!.fence).toBeGreaterThan(lock!.fence);
  });
});

describe("the erased locks and counters of an org", () => {
  it("refuse what comes late, and forget at last that they were", async () => {
    const { stub, tools, take, alarmAt } = newTools();
    const lock = await take();
    await tools.counterAdd("c", 1);
    await tools.erase();
    await tools.erase();
    await evictDurableObject(stub);
    expect(await refusalOf(take())).toMatchObject({ code: "not_found" });
    expect(await refusalOf(tools.counterAdd("c", 1))).toMatchObject({ code: "not_found" });
    expect(await tools.counterAdd("c", 0)).toBe(0);
    expect(await tools.lockRelease("l", lock!.token)).toBe(false);
    expect(await alarmAt()).toBeGreaterThan(Date.now());
    await runInDurableObject(stub, (_, state) => state.storage.kv.put("erasedAt", 1));
    await evictDurableObject(stub);
    await vi.waitFor(async () => expect(await alarmAt()).toBeNull());
    expect(await tools.counterAdd("c", 1)).toBe(1);
  });
});
