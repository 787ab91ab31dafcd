import { describe, expect, it, vi } from "vitest";

import { DEFAULT_RETRY } from "../../contracts/events/retry.ts";
import type { TriggerInput } from "../../contracts/events/trigger.ts";
import { newId } from "../../contracts/ids.ts";
import { ORG_QUOTAS, type Quotas } from "../../contracts/plans.ts";
import {
  ada,
  anyExecution,
  door,
  execution,
  firstPage,
  logBatch,
  openedOrg,
  published,
  refusalOf,
  routeTo,
  upload,
} from "../testing/harness.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

async function orgWith(quotas: Quotas) {
  const org = await openedOrg();
  await door.changeSettings(org.orgId, { quotas });
  return org;
}
const write = (orgId: string, collection: string, value = "1") =>
  door.kvWrite(orgId, collection, [{ operation: "set", key: newId("document"), value, ttlMs: null, ifVersion: null }], {
    executionId: null,
    depth: 0,
  });
const secret = (name: string) => ({ name, scriptId: null, value: "v" });
const trigger = (name: string, scriptId: string): TriggerInput => ({
  name,
  scriptId,
  state: "active",
  source: { kind: "kv", collection: "things", prefix: "", operations: ["set"] },
  retry: DEFAULT_RETRY,
});

/** Tries until it does not fail, some seconds at most: other objects hear of a change a little after it. */
async function eventually(work: () => Promise<unknown>): Promise<void> {
  for (let left = 200; ; left -= 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await scheduler.wait(20);
    }
  }
}

/** How each thing is made, one more with each call. */
async function makers(
  orgId: string,
): Promise<Record<(typeof ORG_QUOTAS)[number], (index: number) => Promise<unknown>>> {
  const { script } = await door.saveScript(orgId, ada, upload("base", { name: "base" }));
  return {
    scripts: (index) => door.saveScript(orgId, ada, upload("x", { name: `s${index}` })),
    routes: (index) => door.createRoute(orgId, routeTo(script.id, `/r${index}`)),
    triggers: (index) => door.createTrigger(orgId, trigger(`t${index}`, script.id)),
    collections: (index) => write(orgId, `c${index}`),
    secrets: (index) => door.setSecret(orgId, secret(`S${index}`)),
  };
}

describe("a quota", () => {
  it.each(ORG_QUOTAS)(
    "of %s is checked where one is made, names limit and usage, and holds from the moment it is changed",
    async (quota) => {
      const { orgId } = await openedOrg();
      const make = (await makers(orgId))[quota];
      const base = quota === "scripts" ? 1 : 0;
      await make(1);
      await door.changeSettings(orgId, { quotas: { [quota]: base + 1 } });
      const refusal = await refusalOf(make(2));
      expect(refusal).toMatchObject({ code: "over_quota", details: { quota, limit: base + 1, used: base + 1 } });
      expect(refusal.message).toContain(`${base + 1} of the ${base + 1} ${quota}`);
      await door.changeSettings(orgId, { quotas: { [quota]: base + 2 } });
      await make(2);
      // Lowering it takes nothing away.
      await door.changeSettings(orgId, { quotas: { [quota]: 0 } });
      expect((await refusalOf(make(3))).code).toBe("over_quota");
      await door.changeSettings(orgId, { quotas: {} });
      await make(3);
    },
  );

  it("does not stand in the way of what is there: new versions, other values, writes to known collections", async () => {
    const { orgId } = await openedOrg();
    const { scripts, secrets, collections } = await makers(orgId);
    await Promise.all([scripts(1), secrets(1), collections(1)]);
    await door.changeSettings(orgId, { quotas: { scripts: 0, secrets: 0, collections: 0 } });
    await door.saveScript(orgId, ada, upload("y", { name: "s1" }));
    await door.setSecret(orgId, secret("S1"));
    await write(orgId, "c1");
  });

  it("of the edges is published with the settings, and no other", async () => {
    const { slug } = await orgWith({ requestsPerMonth: 5, concurrency: 2, scripts: 3, storageBytes: 9 });
    expect((await published(slug))?.settings.quotas).toEqual({ requestsPerMonth: 5, concurrency: 2 });
  });

  it("of retention makes the log forget sooner", async () => {
    const { orgId } = await orgWith({ retentionDays: 1 });
    const now = Date.now();
    const old = execution(now);
    await door.appendLog([logBatch(orgId, [old])], []);
    vi.setSystemTime(now + DAY_MS + 1);
    await eventually(async () => {
      await door.appendLog([logBatch(orgId, [execution(Date.now())])], []);
      const ids = (await door.listExecutions(orgId, anyExecution, firstPage)).items.map(({ id }) => id);
      expect(ids.length).toBeGreaterThan(0);
      expect(ids).not.toContain(old.id);
    });
    vi.useRealTimers();
  });
});

describe("the quota of what is stored", () => {
  const big = JSON.stringify("x".repeat(200_000));

  it("lets collections grow no more, but be read and emptied, until there is room", async () => {
    const { orgId } = await orgWith({ storageBytes: 1_500_000 });
    const fill = async (): Promise<string> => {
      for (let index = 0; index < 20; index += 1) {
        const refusal = await write(orgId, "things", big).then(
          () => null,
          (error: { code: string }) => error.code,
        );
        if (refusal !== null) return refusal;
      }
      return "never full";
    };
    expect(await fill()).toBe("over_quota");
    const refusal = await refusalOf(write(orgId, "things", big));
    expect(refusal.details).toMatchObject({ quota: "storageBytes", limit: 1_500_000 });
    expect(refusal.details["used"]).toBeGreaterThan(1_500_000);
    expect((await refusalOf(write(orgId, "others", big))).code).toBe("over_quota");
    const { items } = await door.kvList(orgId, "things", { prefix: "", cursor: null, limit: 100, values: false });
    expect(items.length).toBeGreaterThan(5);
    await door.kvWrite(
      orgId,
      "things",
      items.slice(1).map(({ key }) => ({ operation: "delete" as const, key, ifVersion: null })),
      { executionId: null, depth: 0 },
    );
    await eventually(() => write(orgId, "things"));
  });

  it("is lifted at once by a larger plan", async () => {
    const { orgId } = await openedOrg();
    await write(orgId, "things", big);
    expect(await door.measureStorage(orgId)).toBeGreaterThan(200_000);
    await door.changeSettings(orgId, { quotas: { storageBytes: 100_000 } });
    await eventually(async () => expect((await refusalOf(write(orgId, "things"))).code).toBe("over_quota"));
    await door.changeSettings(orgId, { quotas: { storageBytes: 10_000_000 } });
    await eventually(() => write(orgId, "things"));
  });

  it("is measured over all collections, and noted in the hour", async () => {
    const { orgId } = await openedOrg();
    expect(await door.measureStorage(orgId)).toBe(0);
    expect(await door.usageHours(orgId, 0, Number.MAX_SAFE_INTEGER)).toEqual([]);
    await write(orgId, "one", big);
    await write(orgId, "two", big);
    const bytes = await door.measureStorage(orgId);
    expect(bytes).toBeGreaterThan(400_000);
    expect(await door.usageHours(orgId, 0, Number.MAX_SAFE_INTEGER)).toMatchObject([
      { storageBytes: bytes, requests: 0 },
    ]);
    await door.dropCollection(orgId, "kv", "two");
    expect(await door.measureStorage(orgId)).toBeLessThan(bytes - 100_000);
  });
});
