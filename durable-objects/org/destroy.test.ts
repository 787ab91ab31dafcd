import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { NO_ORIGIN } from "../../contracts/data/origin.ts";
import { newId } from "../../contracts/ids.ts";
import { TOMBSTONE_MS } from "../../contracts/limits.ts";
import { orgStub } from "../stubs.ts";
import {
  ada,
  door,
  execution,
  firstPage,
  logBatch,
  openedOrg,
  refusalOf,
  routeTo,
  testEnv,
  upload,
} from "../testing/harness.ts";
import { playground } from "../testing/outside.ts";

beforeEach(() => playground.reset());

/** What is always done to the objects of an org without collections. */
const erasedObjects = (orgId: string) => ["dispatcher", "tools", "sql"].map((object) => `erase ${object} ${orgId}`);
const keysOf = async (prefix: string) => (await testEnv.PROJECTIONS.list({ prefix })).keys.map(({ name }) => name);

async function fullOrg() {
  const org = await openedOrg();
  const { script } = await door.saveScript(org.orgId, ada, upload("one"));
  await door.saveScript(org.orgId, ada, upload("two"));
  await door.createRoute(org.orgId, routeTo(script.id, "/"));
  const record = execution(Date.now());
  await door.appendLog([logBatch(org.orgId, [record])], []);
  return { ...org, script, record };
}

describe("destroying an org", () => {
  it("removes projection, code, scripts, routes and executions", async () => {
    const { orgId, slug, script, record } = await fullOrg();
    await door.destroyOrg(orgId);
    expect(await door.projection(orgId)).toBeNull();
    expect(await keysOf(`slug:${slug}`)).toEqual([]);
    expect(await keysOf(`code:${orgId}:`)).toEqual([]);
    expect(await door.versionCode(orgId, script.live.id)).toBeNull();
    expect(await door.findExecution(orgId, record.id)).toBeNull();
    expect((await refusalOf(door.listScripts(orgId, firstPage))).code).toBe("not_found");
    expect((await refusalOf(door.listRoutes(orgId))).code).toBe("not_found");
  });

  it("removes collections, counters, tables and what waits, and takes nothing more", async () => {
    const { orgId } = await openedOrg();
    const set = [{ operation: "set" as const, key: "a", value: "1", ttlMs: null, ifVersion: null }];
    const insert = [{ operation: "insert" as const, id: "a", value: "{}" }];
    const statements = [{ text: "CREATE TABLE IF NOT EXISTS t (a)", parameters: [] }];
    const writes = [
      () => door.kvWrite(orgId, "orders", set, NO_ORIGIN),
      () => door.docsWrite(orgId, "people", insert, NO_ORIGIN),
      () => door.counterAdd(orgId, "visits", 1),
      () => door.sqlRun(orgId, statements),
      () => door.queueSend(orgId, "mail", [{ value: "1", delayMs: 0 }], NO_ORIGIN),
    ];
    for (const write of writes) await write();
    expect((await door.listCollections(orgId, "kv", firstPage)).items).toMatchObject([{ name: "orders" }]);
    await door.destroyOrg(orgId);
    expect(await door.kvGet(orgId, "orders", ["a"], true)).toEqual([null]);
    expect(await door.docsGet(orgId, "people", ["a"])).toEqual([null]);
    for (const write of writes) expect((await refusalOf(write())).code).toBe("not_found");
  });

  it("lets nothing come back, whatever is late", async () => {
    const { orgId, slug, record } = await fullOrg();
    await door.destroyOrg(orgId);
    expect((await refusalOf(door.openOrg(orgId, slug))).code).toBe("gone");
    expect((await refusalOf(door.saveScript(orgId, ada, upload("three")))).code).toBe("not_found");
    expect((await refusalOf(door.setOrgState(orgId, "running"))).code).toBe("not_found");
    await door.setOrgState(orgId, "destroying");
    await door.appendLog([logBatch(orgId, [record])], []);
    await evictDurableObject(orgStub(testEnv, orgId));
    expect((await refusalOf(door.openOrg(orgId, slug))).code).toBe("gone");
    expect(await door.projection(orgId)).toBeNull();
    expect(await door.findExecution(orgId, record.id)).toBeNull();
    expect(await keysOf(`slug:${slug}`)).toEqual([]);
  });

  it("can be repeated, and asked of an org that never was, without a trace", async () => {
    const { orgId } = await fullOrg();
    await door.destroyOrg(orgId);
    await door.destroyOrg(orgId);
    const unknown = newId("org");
    await door.destroyOrg(unknown);
    expect(await door.projection(unknown)).toBeNull();
    const tables = await runInDurableObject(orgStub(testEnv, unknown), (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("leaves a tombstone only, and that goes in time", async () => {
    const { orgId } = await fullOrg();
    await door.destroyOrg(orgId);
    const stub = orgStub(testEnv, orgId);
    const alarmAt = await runInDurableObject(stub, (_, state) => state.storage.getAlarm());
    expect(alarmAt).toBeGreaterThan(Date.now() + TOMBSTONE_MS - 60_000);
    vi.useFakeTimers({ now: Date.now() + TOMBSTONE_MS, toFake: ["Date"] });
    try {
      await runInDurableObject(stub, (instance) => instance.alarm());
    } finally {
      vi.useRealTimers();
    }
    const left = await runInDurableObject(stub, async (_, state) => [
      [...(await state.storage.list()).keys()],
      await state.storage.getAlarm(),
    ]);
    expect(left).toEqual([[], null]);
  });

  it("answers for nothing at once, says that it goes on while KV fails, and ends by itself", async () => {
    const orgId = newId("org");
    const org = testEnv.DETACHED_ORG.getByName(orgId);
    await org.openOrg(orgId, "hello");
    await org.saveScript(ada, upload("one"));
    playground.deeds.length = 0;
    playground.failing = ["slug:"];
    expect((await refusalOf(org.destroyOrg())).code).toBe("unavailable");
    expect(await org.projection()).toBeNull();
    expect((await refusalOf(org.saveScript(ada, upload("two")))).code).toBe("not_found");
    expect((await refusalOf(org.openOrg(orgId, "hello"))).code).toBe("gone");
    expect(playground.deeds).toEqual(erasedObjects(orgId));
    playground.failing = [];
    await vi.waitFor(() => expect(playground.deeds).toContain(`erase log ${orgId}`), 5_000);
    expect(playground.values.size).toBe(0);
    await org.destroyOrg();
    const published = ["delete slug:hello", `delete code:${orgId}:hash-one`, `erase log ${orgId}`];
    expect(playground.deeds).toEqual([...erasedObjects(orgId), ...published]);
  });

  it("erases every collection, then the other objects, and is told so again until they are gone", async () => {
    const orgId = newId("org");
    const org = testEnv.DETACHED_ORG.getByName(orgId);
    await org.openOrg(orgId, "hello");
    await org.addCollection("kv", "orders");
    await org.addCollection("docs", "orders");
    playground.deeds.length = 0;
    playground.failing = ["store:"];
    expect((await refusalOf(org.destroyOrg())).code).toBe("unavailable");
    expect(playground.deeds.filter((deed) => !/slug:|code:|log/.test(deed))).toEqual([]);
    playground.failing = [];
    await org.destroyOrg();
    const deeds = playground.deeds.filter((deed) => !/slug:|code:|log/.test(deed));
    expect(new Set(deeds.slice(0, 2))).toEqual(new Set([`erase kv/orders ${orgId}`, `erase docs/orders ${orgId}`]));
    expect(deeds.slice(2)).toEqual(erasedObjects(orgId));
  });

  it("outruns a publication that is still under way", async () => {
    const orgId = newId("org");
    const org = testEnv.DETACHED_ORG.getByName(orgId);
    await org.openOrg(orgId, "hello");
    playground.hanging = true;
    await org.saveScript(ada, upload("one"));
    const destroyed = org.destroyOrg();
    await scheduler.wait(50);
    playground.hanging = false;
    await destroyed;
    expect(playground.values.size).toBe(0);
  });

  it("does not forget the log when only the log cannot be reached", async () => {
    const orgId = newId("org");
    const org = testEnv.DETACHED_ORG.getByName(orgId);
    await org.openOrg(orgId, "hello");
    playground.failing = ["log:"];
    expect((await refusalOf(org.destroyOrg())).code).toBe("unavailable");
    playground.failing = [];
    await org.destroyOrg();
    expect(playground.deeds.at(-1)).toBe(`erase log ${orgId}`);
  });
});
