import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { DEFAULT_RETRY } from "../../contracts/events/retry.ts";
import { type TriggerInput, type TriggerSource, triggerSourceSchema } from "../../contracts/events/trigger.ts";
import { newId } from "../../contracts/ids.ts";
import { PUBLICATION_WAIT_MS, TRIGGERS_PER_ORG_MAX, WEBHOOK_SECRET_OVERLAP_MS } from "../../contracts/limits.ts";
import { signingSecretContext } from "../secrets/contexts.ts";
import { Keyring } from "../secrets/keyring.ts";
import { ada, refusalOf, testEnv, upload } from "../testing/harness.ts";
import { playground } from "../testing/outside.ts";

beforeEach(() => playground.reset());

/** An org with an endpoint and a module, whose other objects are the playground. */
async function opened() {
  const orgId = newId("org");
  const org = testEnv.DETACHED_ORG.getByName(orgId);
  await org.openOrg(orgId, "hello");
  const { script } = await org.saveScript(ada, upload("one"));
  const library = await org.saveScript(ada, upload("lib", { name: "library", kind: "module" }));
  playground.deeds.length = 0;
  const input = (name: string, source: SomeSource, more: Partial<TriggerInput> = {}): TriggerInput => ({
    name,
    scriptId: script.id,
    state: "active",
    source: triggerSourceSchema.parse(source),
    retry: DEFAULT_RETRY,
    ...more,
  });
  const configured = () => playground.configurations.get(orgId);
  const storeTold = (name: string) => playground.storeTriggers.get(`${orgId}/kv/${name}`);
  return { orgId, org, script, module: library.script, input, configured, storeTold };
}

type SomeSource = Partial<TriggerSource> & Pick<TriggerSource, "kind">;
const onKv = (collection: string) => ({ kind: "kv" as const, collection });
const daily = { kind: "cron" as const, schedule: "0 5 * * *" };

describe("triggers", () => {
  it("are found by id and by name, and listed by name", async () => {
    const { org, input, script } = await opened();
    const { trigger, secret } = await org.createTrigger(input("b", onKv("orders")));
    await org.createTrigger(input("a", daily));
    expect(secret).toBeNull();
    expect(trigger).toMatchObject({ name: "b", scriptId: script.id, state: "active", retry: DEFAULT_RETRY });
    expect(await org.findTrigger(trigger.id)).toEqual(trigger);
    expect(await org.findTrigger("b")).toEqual(trigger);
    expect(await org.findTrigger("c")).toBeNull();
    expect((await org.listTriggers()).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("refuse what they cannot do with", async () => {
    const { org, input, module } = await opened();
    await org.createTrigger(input("taken", daily));
    const refused = async (asked: TriggerInput) => refusalOf(org.createTrigger(asked));
    expect(await refused(input("taken", daily))).toMatchObject({
      code: "conflict",
      details: { triggers: [{ name: "taken" }] },
    });
    expect((await refused(input("a", daily, { scriptId: "scr_unknown" }))).code).toBe("not_found");
    expect((await refused(input("a", daily, { scriptId: module.id }))).message).toContain("is a module");
    expect((await refused(input("a", { ...daily, schedule: "0 0 31 2 *" }))).code).toBe("invalid");
    expect((await refused(input("a", { ...daily, timeZone: "Mars/Base" }))).code).toBe("invalid");
    const filtered = { kind: "docs" as const, collection: "orders", filter: '{"a":{"$near":1}}' };
    expect((await refused(input("a", filtered))).code).toBe("invalid");
    expect(await refused(input("a", { kind: "dead_letter", of: "trg_unknown" }))).toMatchObject({
      code: "invalid",
      details: { issues: [{ field: "source.of" }] },
    });
    expect((await org.listTriggers()).map(({ name }) => name)).toEqual(["taken"]);
  });

  it("are bounded per org", async () => {
    const { org, input, script } = await opened();
    await runInDurableObject(org, (_, { storage }) => {
      for (let index = 0; index < TRIGGERS_PER_ORG_MAX; index += 1) {
        const insert = "INSERT INTO triggers VALUES (?, ?, ?, 'active', 'cron', NULL, '{}', '{}', 0, 0)";
        storage.sql.exec(insert, `trg_${index}`, `t${index}`, script.id);
      }
    });
    expect(await refusalOf(org.createTrigger(input("more", daily)))).toMatchObject({
      code: "invalid",
      details: { limit: TRIGGERS_PER_ORG_MAX, usage: TRIGGERS_PER_ORG_MAX },
    });
  });

  it("give a queue one consumer only, also when one is changed to it", async () => {
    const { org, input } = await opened();
    await org.createTrigger(input("first", { kind: "queue", queue: "mail" }));
    const other = await refusalOf(org.createTrigger(input("second", { kind: "queue", queue: "mail" })));
    expect(other).toMatchObject({ code: "conflict", details: { triggers: [{ name: "first" }] } });
    await org.createTrigger(input("second", { kind: "queue", queue: "sms" }));
    const { source } = input("", { kind: "queue", queue: "mail", batchSize: 5 });
    expect((await refusalOf(org.patchTrigger("second", { source }))).code).toBe("conflict");
    expect((await org.patchTrigger("first", { source })).source).toEqual(source);
  });

  it("hear of dead letters of triggers that are there, and not of their own kind", async () => {
    const { org, input } = await opened();
    const { trigger } = await org.createTrigger(input("orders", onKv("orders")));
    const observer = await org.createTrigger(input("mourner", { kind: "dead_letter", of: "orders" }));
    expect(observer.trigger.source).toEqual({ kind: "dead_letter", of: trigger.id });
    const circle = input("circle", { kind: "dead_letter", of: observer.trigger.id });
    expect((await refusalOf(org.createTrigger(circle))).code).toBe("invalid");
    const kept = await refusalOf(org.deleteTrigger("orders"));
    expect(kept).toMatchObject({ code: "conflict", details: { triggers: [{ name: "mourner" }] } });
    await org.deleteTrigger("mourner");
    expect(await org.deleteTrigger("orders")).toBe(true);
  });

  it("change in what is named, and never in kind", async () => {
    const { org, input } = await opened();
    const { trigger } = await org.createTrigger(input("orders", onKv("orders")));
    const paused = await org.patchTrigger("orders", { state: "paused" });
    expect(paused).toEqual({ ...trigger, state: "paused", updatedAt: paused.updatedAt });
    const { source } = input("", daily);
    expect((await refusalOf(org.patchTrigger("orders", { source }))).message).toContain("Create another trigger");
    expect((await refusalOf(org.patchTrigger("unknown", {}))).code).toBe("not_found");
  });

  it("keep their script from being deleted and from becoming a module", async () => {
    const { org, input } = await opened();
    await org.createTrigger(input("orders", onKv("orders")));
    expect(await refusalOf(org.deleteScript("hello"))).toMatchObject({
      code: "conflict",
      details: { triggers: [{ name: "orders" }] },
    });
    const asModule = upload("two", { kind: "module" });
    expect((await refusalOf(org.saveScript(ada, asModule))).message).toContain('"orders"');
    await org.deleteTrigger("orders");
    expect(await org.deleteScript("hello")).toBe(true);
  });
});

describe("the objects of an org", () => {
  it("are told of triggers: the Dispatcher first, and of the collections those that are there", async () => {
    const { orgId, org, input, configured, storeTold } = await opened();
    expect(await org.addCollection("kv", "orders")).toEqual({ revision: 0, triggers: [] });
    const { trigger } = await org.createTrigger(input("orders", onKv("orders")));
    expect(playground.deeds).toEqual([`configure dispatcher ${orgId}`, `configure kv/orders ${orgId}`]);
    expect(configured()).toEqual({
      orgId,
      slug: "hello",
      revision: 1,
      resting: false,
      triggers: [trigger],
      signingSecrets: {},
    });
    expect(storeTold("orders")).toEqual({ revision: 1, triggers: [{ id: trigger.id, source: trigger.source }] });

    await org.patchTrigger("orders", { source: input("", onKv("people")).source });
    expect(storeTold("orders")).toEqual({ revision: 2, triggers: [] });
    expect(storeTold("people")).toBeUndefined();
    const triggers = [{ id: trigger.id, source: expect.objectContaining({ collection: "people" }) as unknown }];
    expect(await org.addCollection("kv", "people")).toEqual({ revision: 2, triggers });
  });

  it("know paused triggers, and no disabled or deleted ones", async () => {
    const { org, input, configured, storeTold } = await opened();
    await org.addCollection("kv", "orders");
    await org.createTrigger(input("orders", onKv("orders"), { state: "paused" }));
    expect([configured()?.triggers.length, storeTold("orders")?.triggers.length]).toEqual([1, 1]);
    await org.patchTrigger("orders", { state: "disabled" });
    expect([configured()?.triggers.length, storeTold("orders")?.triggers.length]).toEqual([0, 0]);
    await org.patchTrigger("orders", { state: "active" });
    expect([configured()?.triggers.length, storeTold("orders")?.triggers.length]).toEqual([1, 1]);
    expect(await org.deleteTrigger("orders")).toBe(true);
    expect([configured()?.triggers.length, storeTold("orders")?.triggers.length]).toEqual([0, 0]);
    expect(await org.deleteTrigger("orders")).toBe(false);
  });

  it("are told nothing of a patch that changes nothing", async () => {
    const { org, input, configured } = await opened();
    await org.createTrigger(input("orders", onKv("orders")));
    await org.patchTrigger("orders", { state: "active", source: input("", onKv("orders")).source });
    expect(configured()?.revision).toBe(1);
  });

  it("hear of a slug that changes, once there is a Dispatcher", async () => {
    const { orgId, org, configured } = await opened();
    await org.renameOrg("second", Date.now());
    expect(configured()).toBeUndefined();
    expect(await org.dispatcherConfiguration()).toMatchObject({ orgId, slug: "second", revision: 0, triggers: [] });
    await org.renameOrg("third", Date.now());
    expect(configured()).toMatchObject({ slug: "third", revision: 1 });
  });

  it("are told later where they cannot be reached, the collections never before the Dispatcher", async () => {
    const { orgId, org, input, configured, storeTold } = await opened();
    await org.addCollection("kv", "orders");
    playground.failing = ["dispatcher:"];
    const { trigger } = await org.createTrigger(input("orders", onKv("orders")));
    expect([configured(), storeTold("orders")]).toEqual([undefined, undefined]);
    playground.failing = [];
    await vi.waitFor(() => expect(storeTold("orders")?.triggers.length).toBe(1), 5_000);
    expect(configured()?.triggers).toEqual([trigger]);
    expect(playground.deeds.at(-1)).toBe(`configure kv/orders ${orgId}`);
  });

  it("do not wait for KV, nor the edges for them", async () => {
    const { org, input, configured } = await opened();
    playground.failing = ["slug:", "code:"];
    await org.saveScript(ada, upload("two"));
    await org.createTrigger(input("orders", onKv("orders")));
    expect(configured()?.triggers.length).toBe(1);
    playground.failing = ["dispatcher:"];
    await org.patchTrigger("orders", { state: "paused" });
    await org.saveScript(ada, upload("three"));
    expect(playground.values.get("slug:hello")).toContain('"versionNumber":3');
  });

  it("leave a change standing while they hang, and do not keep its caller long", async () => {
    const { org, input, configured } = await opened();
    playground.hanging = true;
    const startedAt = Date.now();
    await org.createTrigger(input("orders", onKv("orders")));
    expect(Date.now() - startedAt).toBeLessThan(PUBLICATION_WAIT_MS + 500);
    expect(await org.findTrigger("orders")).not.toBeNull();
    playground.hanging = false;
    await vi.waitFor(() => expect(configured()?.triggers.length).toBe(1), 5_000);
  });
});

describe("signing secrets of webhooks", () => {
  const opens = (orgId: string, triggerId: string, sealed: string) =>
    new Keyring(testEnv.SECRETS_KEYS).open(sealed, signingSecretContext(orgId, triggerId));

  it("are answered once, stored sealed, and handed to the Dispatcher as they are stored", async () => {
    const { orgId, org, input, configured } = await opened();
    const { trigger, secret } = await org.createTrigger(input("hook", { kind: "webhook" }));
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    const [sealed, ...rest] = configured()?.signingSecrets[trigger.id] ?? [];
    expect(rest).toEqual([]);
    expect(sealed?.until).toBeNull();
    expect(await opens(orgId, trigger.id, sealed?.sealed ?? "")).toBe(secret);
    const stored = await runInDurableObject(org, (_, { storage }) =>
      JSON.stringify([...storage.sql.exec("SELECT * FROM signing_secrets")]),
    );
    expect(stored).not.toContain(secret?.slice(6));
  });

  it("go on for a day after they were rotated, and then are handed out no more", async () => {
    const { orgId, org, input, configured } = await opened();
    const { trigger, secret } = await org.createTrigger(input("hook", { kind: "webhook" }));
    const rotated = await org.rotateWebhookSecret("hook");
    const secrets = configured()?.signingSecrets[trigger.id] ?? [];
    const texts = await Promise.all(secrets.map(({ sealed }) => opens(orgId, trigger.id, sealed)));
    expect(texts).toEqual([rotated.secret, secret]);
    expect(secrets[0]?.until).toBeNull();
    expect(secrets[1]?.until).toBeGreaterThan(Date.now() + WEBHOOK_SECRET_OVERLAP_MS - 60_000);
    await runInDurableObject(org, (_, { storage }) => {
      storage.sql.exec("UPDATE signing_secrets SET until = ? WHERE until IS NOT NULL", Date.now() - 1);
    });
    expect((await org.dispatcherConfiguration()).signingSecrets[trigger.id]).toHaveLength(1);
  });

  it("are bounded however often they are rotated, and go with their trigger", async () => {
    const { org, input, configured } = await opened();
    const { trigger } = await org.createTrigger(input("hook", { kind: "webhook" }));
    for (let index = 0; index < 12; index += 1) await org.rotateWebhookSecret("hook");
    expect(configured()?.signingSecrets[trigger.id]).toHaveLength(10);
    await org.deleteTrigger("hook");
    const left = await runInDurableObject(org, (_, { storage }) =>
      storage.sql.exec("SELECT * FROM signing_secrets").toArray(),
    );
    expect(left).toEqual([]);
  });

  it("are refused to other kinds", async () => {
    const { org, input } = await opened();
    await org.createTrigger(input("daily", daily));
    expect((await refusalOf(org.rotateWebhookSecret("daily"))).code).toBe("invalid");
    expect((await refusalOf(org.rotateWebhookSecret("unknown"))).code).toBe("not_found");
  });
});
