import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { LINKED_CODE_GRACE_MS, OUTBOX_ATTEMPTS_MAX, PUBLICATION_WAIT_MS } from "../../contracts/limits.ts";
import { DEFAULT_ORG_SETTINGS, type Projection } from "../../contracts/projection.ts";
import { ada, upload, testEnv } from "../testing/harness.ts";
import { playground } from "../testing/outside.ts";
import type { Org } from "./org.ts";

const RETRIED_MS = 5_000;

beforeEach(() => playground.reset());

let slugs = 0;

/** An open org of a test's own; what other tests' objects still do is no concern of it. */
async function opened() {
  const orgId = newId("org");
  const slug = `slug-${(slugs += 1)}`;
  const org = testEnv.DETACHED_ORG.getByName(orgId);
  await org.openOrg(orgId, slug);
  playground.deeds.length = 0;
  const deeds = () => playground.deeds.filter((deed) => deed.includes(orgId) || deed.includes(slug));
  return { orgId, slug, org, deeds };
}

function projectionAt(slug: string): Projection | null {
  const text = playground.values.get(`slug:${slug}`);
  return text === undefined ? null : (JSON.parse(text) as Projection);
}

const alarmOf = (org: DurableObjectStub<Org>) => runInDurableObject(org, (_, state) => state.storage.getAlarm());
const outboxOf = (org: DurableObjectStub<Org>) =>
  runInDurableObject(org, (_, state) => state.storage.sql.exec("SELECT key FROM outbox").toArray());

describe("publication", () => {
  it("writes the code before the projection that names it, and removes code after", async () => {
    const { orgId, slug, org, deeds } = await opened();
    const { script } = await org.saveScript(ada, upload("one"));
    await org.deleteScript(script.id);
    expect(deeds()).toEqual([
      `put code:${orgId}:hash-one`,
      `put slug:${slug}`,
      `put slug:${slug}`,
      `delete code:${orgId}:hash-one`,
    ]);
  });

  it("leaves an idle object without an alarm", async () => {
    const { org } = await opened();
    await org.saveScript(ada, upload("one"));
    expect(await alarmOf(org)).toBeNull();
    expect(await outboxOf(org)).toEqual([]);
  });

  it("never fails a save when KV fails, and goes on by itself when KV is back", async () => {
    const { org, slug } = await opened();
    playground.failing = ["slug:", "code:"];
    const { script } = await org.saveScript(ada, upload("one"));
    expect(script.live.number).toBe(1);
    expect(projectionAt(slug)?.scripts).toEqual({});
    expect(await alarmOf(org)).not.toBeNull();
    playground.failing = [];
    await vi.waitFor(() => expect(projectionAt(slug)?.scripts[script.id]?.hash).toBe("hash-one"), RETRIED_MS);
    await vi.waitFor(async () => expect(await alarmOf(org)).toBeNull(), RETRIED_MS);
  });

  it("names no code in a projection that is not in KV yet", async () => {
    const { org, deeds } = await opened();
    playground.failing = ["code:"];
    await org.saveScript(ada, upload("one"));
    expect(deeds()).toEqual([]);
  });

  it("collapses what piled up: only the newest projection is written, once", async () => {
    const { org, slug, deeds } = await opened();
    playground.failing = ["slug:"];
    await org.saveScript(ada, upload("one"));
    await org.saveScript(ada, upload("two"));
    expect(await outboxOf(org)).toEqual([{ key: `slug:${slug}` }]);
    playground.failing = [];
    const { script } = await org.saveScript(ada, upload("three"));
    expect(deeds().filter((deed) => deed === `put slug:${slug}`)).toHaveLength(1);
    expect(projectionAt(slug)?.scripts[script.id]?.versionNumber).toBe(3);
  });

  it("returns when KV hangs, and lets the newest win once it moves", async () => {
    const { org, slug } = await opened();
    const { script } = await org.saveScript(ada, upload("one"));
    playground.hanging = true;
    const startedAt = Date.now();
    await org.patchScript("hello", { limits: { wallClockMs: 20 } });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(PUBLICATION_WAIT_MS - 50);
    const second = org.patchScript("hello", { limits: { wallClockMs: 30 } });
    await scheduler.wait(50);
    playground.hanging = false;
    await second;
    expect(projectionAt(slug)?.scripts[script.id]?.limits.wallClockMs).toBe(30);
  });

  it("has its alarm set before KV answers, so that a crash in between loses nothing", async () => {
    const { org } = await opened();
    playground.hanging = true;
    const saved = org.saveScript(ada, upload("one"));
    await scheduler.wait(100);
    expect(await alarmOf(org)).not.toBeNull();
    playground.hanging = false;
    await saved;
    expect(await alarmOf(org)).toBeNull();
  });

  it("goes on after the object was killed", async () => {
    const { orgId, slug, org } = await opened();
    playground.failing = ["slug:"];
    await org.saveScript(ada, upload("one"));
    await abortAllDurableObjects();
    playground.failing = [];
    await vi.waitFor(() => expect(Object.keys(projectionAt(slug)?.scripts ?? {})).toHaveLength(1), RETRIED_MS);
    expect(projectionAt(slug)?.orgId).toBe(orgId);
  });

  it("arms again on its next start where the alarm is lost", async () => {
    const { org } = await opened();
    playground.failing = ["slug:"];
    await org.saveScript(ada, upload("one"));
    await runInDurableObject(org, (_, state) => state.storage.deleteAlarm());
    await evictDurableObject(org);
    await org.ping();
    expect(await alarmOf(org)).not.toBeNull();
  });

  it("parks what fails to the last attempt, and takes it up with the next change", async () => {
    const { org, slug } = await opened();
    playground.failing = ["slug:"];
    await org.saveScript(ada, upload("one"));
    await runInDurableObject(org, (_, state) => {
      state.storage.sql.exec("UPDATE outbox SET due_at = 0, attempts = ?", OUTBOX_ATTEMPTS_MAX - 1);
    });
    expect(await runDurableObjectAlarm(org)).toBe(true);
    expect(await alarmOf(org)).toBeNull();
    expect(await outboxOf(org)).toHaveLength(1);
    playground.failing = [];
    await org.patchScript("hello", { limits: { wallClockMs: 20 } });
    expect(await outboxOf(org)).toEqual([]);
    expect(projectionAt(slug)?.revision).toBe(3);
  });
});

describe("opening an org", () => {
  it("publishes it once, however often it is opened", async () => {
    const { orgId, org, slug, deeds } = await opened();
    expect(projectionAt(slug)).toEqual({
      orgId,
      slug,
      state: "running",
      revision: 1,
      routes: [],
      scripts: {},
      settings: DEFAULT_ORG_SETTINGS,
    });
    await org.openOrg(orgId, slug);
    expect(deeds()).toEqual([]);
    expect((await org.projection())?.revision).toBe(1);
  });

  it("publishes its state", async () => {
    const { org, slug } = await opened();
    await org.setOrgState("destroying");
    await org.setOrgState("destroying");
    expect(projectionAt(slug)).toMatchObject({ state: "destroying", revision: 2 });
  });
});

describe("publishing scripts that are linked anew", () => {
  const library = (source: string) =>
    upload(source, { name: "library", kind: "module", exports: { names: ["x"], stars: [], open: false } });

  /** An org in which `hello` imports the module `library`. */
  async function openedWithLink() {
    const all = await opened();
    await all.org.saveScript(ada, library("one"));
    const { script } = await all.org.saveScript(
      ada,
      upload("page", { imports: [{ module: "library", names: ["x"] }] }),
    );
    const keyNow = () => `code:${all.orgId}:${projectionAt(all.slug)?.scripts[script.id]?.hash ?? ""}`;
    return { ...all, script, keyNow, firstKey: keyNow() };
  }

  it("does not make the module's save wait for them: their code comes after, and the object has it", async () => {
    const { orgId, org, script, keyNow, firstKey } = await openedWithLink();
    // Hashes of what is linked are hexadecimal, the others are those of the test.
    playground.failing = Array.from("0123456789abcdef", (digit) => `code:${orgId}:${digit}`);
    const startedAt = Date.now();
    await org.saveScript(ada, library("two"));
    expect(Date.now() - startedAt).toBeLessThan(PUBLICATION_WAIT_MS);
    expect(keyNow()).not.toBe(firstKey);
    expect(playground.values.has(keyNow())).toBe(false);
    const hash = keyNow().split(":").at(-1) ?? "";
    expect((await org.versionCode(script.live.id, hash))?.modules[".modules/library@2/index.js"]).toBe("two");
    playground.failing = [];
    await vi.waitFor(() => expect(playground.values.has(keyNow())).toBe(true), RETRIED_MS);
  });

  it("leaves what they were for edges that do not know yet, and removes it by the alarm", async () => {
    const { org, firstKey, keyNow } = await openedWithLink();
    await org.saveScript(ada, library("two"));
    await vi.waitFor(() => expect(playground.values.has(keyNow())).toBe(true), RETRIED_MS);
    await org.patchScript("hello", { limits: { wallClockMs: 20 } });
    expect(playground.values.has(firstKey)).toBe(true);
    expect(await outboxOf(org)).toEqual([{ key: firstKey }]);
    expect(await alarmOf(org)).toBeGreaterThan(Date.now() + LINKED_CODE_GRACE_MS / 2);
    await runInDurableObject(org, (_, state) => state.storage.sql.exec("UPDATE outbox SET due_at = 0").toArray());
    await runDurableObjectAlarm(org);
    expect(playground.values.has(firstKey)).toBe(false);
    expect(playground.values.has(keyNow())).toBe(true);
  });

  it("keeps what is taken up again before it was removed", async () => {
    const { org, firstKey, keyNow } = await openedWithLink();
    await org.saveScript(ada, library("two"));
    await org.rollBack(ada, "library", "1");
    expect(keyNow()).toBe(firstKey);
    await vi.waitFor(async () => expect(await outboxOf(org)).toHaveLength(1), RETRIED_MS);
    expect(await outboxOf(org)).not.toContainEqual({ key: firstKey });
    expect(playground.values.has(firstKey)).toBe(true);
  });
});
