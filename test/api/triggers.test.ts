import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Answer, type Core, startCore } from "./support/core.ts";
import { claim, makeOrg } from "./support/people.ts";

let core: Core;
let token: string;
beforeAll(async () => {
  core = await startCore();
  ({ token } = await claim(core));
  await makeOrg(core, token, "hello");
  const source = "export default { event() {} }";
  await core.call("/api/v1/orgs/hello/scripts", { token, json: { name: "worker", source } });
  const module = { name: "lib", kind: "module", source: "export const one = 1" };
  await core.call("/api/v1/orgs/hello/scripts", { token, json: module });
});
afterAll(() => core.stop());

const call = (method: string, path: string, json?: unknown): Promise<Answer> =>
  core.call(`/api/v1/orgs/hello${path}`, { method, token, ...(json === undefined ? {} : { json }) });

const refusal = async (method: string, path: string, json?: unknown) => {
  const { status, json: body } = await call(method, path, json);
  return [status, body.error.code];
};

const create = (name: string, source: unknown, more: object = {}) =>
  call("POST", "/triggers", { name, script: "worker", source, ...more });

describe("triggers", () => {
  test.each([
    ["kv", { kind: "kv", collection: "c" }, { prefix: "", operations: ["set", "delete", "expire"] }],
    ["docs", { kind: "docs", collection: "c", filter: { state: "open" } }, { filter: { state: "open" } }],
    ["cron", { kind: "cron", schedule: "0 3 * * *", timeZone: "Europe/Paris" }, { jitterMs: 0 }],
    ["queue", { kind: "queue", queue: "q" }, { batchSize: 10, batchWaitMs: 0 }],
    ["pubsub", { kind: "pubsub", topic: "t" }, {}],
    ["dead-letters", { kind: "dead_letter" }, { of: null }],
  ])("of kind %s are made, read back, listed and deleted", async (name, source, rest) => {
    const made = await create(name, source, { retry: { maxAttempts: 3 } });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      name,
      script: { name: "worker" },
      state: "active",
      source: { ...source, ...rest },
      retry: { policy: "exponential", maxAttempts: 3 },
      url: null,
      secret: null,
    });
    const { secret: _, ...trigger } = made.json;
    const read = await call("GET", `/triggers/${name}`);
    expect(read.json).toMatchObject({ ...trigger, backlog: { waiting: 0, held: 0, dead: 0 } });
    expect((await call("GET", `/triggers/${trigger.id}`)).json).toEqual(read.json);
    expect((await call("GET", "/triggers")).json.items).toEqual([read.json]);
    expect((await call("DELETE", `/triggers/${name}`)).status).toBe(204);
    expect(await refusal("GET", `/triggers/${name}`)).toEqual([404, "not_found"]);
    expect(await refusal("DELETE", `/triggers/${name}`)).toEqual([404, "not_found"]);
  });

  test("of kind webhook have a URL, and a secret that is shown when it is made", async () => {
    const made = await create("payments", { kind: "webhook" });
    expect(made.json.url).toBe(`http://hello.localhost:8787/.isola/v1/webhooks/${made.json.id}`);
    expect(made.json.secret).toMatch(/^whsec_/);
    const read = await call("GET", "/triggers/payments");
    expect(read.json.url).toBe(made.json.url);
    expect(read.text).not.toContain(made.json.secret);
    const rotated = await call("POST", "/triggers/payments/rotate-secret");
    expect(rotated.json.secret).toMatch(/^whsec_/);
    expect(rotated.json.secret).not.toBe(made.json.secret);
    const kept = await core.sql.query("select details from audit_log");
    expect(JSON.stringify(kept.rows)).not.toContain("whsec_");
    await create("other-kind", { kind: "pubsub", topic: "t" });
    expect(await refusal("POST", "/triggers/other-kind/rotate-secret")).toEqual([422, "invalid"]);
  });

  test("are made once by a request that is sent twice, and their secret is shown to the first alone", async () => {
    const headers = { "idempotency-key": "hook-once" };
    const json = { name: "hook", script: "worker", source: { kind: "webhook" } };
    const send = () => core.call("/api/v1/orgs/hello/triggers", { token, headers, json });
    const made = await send();
    expect(made.status).toBe(201);
    expect((await send()).json.error.code).toBe("conflict");
    const kept = await core.sql.query("select * from idempotency_key");
    expect(JSON.stringify(kept.rows)).not.toContain(made.json.secret);
  });

  test("are changed in part; a source is replaced as a whole", async () => {
    await create("changed", { kind: "kv", collection: "c", prefix: "a/" }, { retry: { delayMs: 50 } });
    const retried = await call("PATCH", "/triggers/changed", { retry: { maxAttempts: 2 } });
    expect(retried.json).toMatchObject({ retry: { delayMs: 50, maxAttempts: 2 }, source: { prefix: "a/" } });
    const moved = await call("PATCH", "/triggers/changed", { source: { kind: "kv", collection: "d" } });
    expect(moved.json).toMatchObject({ source: { collection: "d", prefix: "" }, retry: { maxAttempts: 2 } });
    expect(await refusal("PATCH", "/triggers/changed", {})).toEqual([422, "invalid"]);
    expect(await refusal("PATCH", "/triggers/changed", { name: "other" })).toEqual([422, "invalid"]);
    expect(await refusal("PATCH", "/triggers/nothing", { state: "paused" })).toEqual([404, "not_found"]);
  });

  test("name the trigger whose dead letters they take", async () => {
    const target = await create("watched", { kind: "pubsub", topic: "w" });
    const made = await create("watcher", { kind: "dead_letter", of: "watched" });
    expect(made.json.source).toEqual({ kind: "dead_letter", of: target.json.id });
    expect((await create("watcher-2", { kind: "dead_letter", of: "nobody" })).status).toBe(404);
  });

  test.each([
    [{ name: "Bad Name" }, 422],
    [{ script: "nobody" }, 404],
    [{ script: "lib" }, 422],
    [{ source: { kind: "cron", schedule: "61 * * * *" } }, 422],
    [{ source: { kind: "cron", schedule: "0 0 30 2 *" } }, 422],
    [{ source: { kind: "cron", schedule: "0 3 * * *", timeZone: "Mars/Base" } }, 422],
    [{ source: { kind: "docs", collection: "c", filter: { a: { $near: 1 } } } }, 422],
    [{ source: { kind: "kv", collection: "c", key: "a" } }, 422],
    [{ source: { kind: "email" } }, 422],
    [{ retry: { maxAttempts: 0 } }, 422],
    [{ retries: {} }, 422],
  ])("that are asked for with %j are refused", async (part, status) => {
    const answer = await call("POST", "/triggers", {
      name: "refused",
      script: "worker",
      source: { kind: "pubsub", topic: "t" },
      ...part,
    });
    expect(answer.status).toBe(status);
    expect(await refusal("GET", "/triggers/refused")).toEqual([404, "not_found"]);
  });

  test("have names of their own", async () => {
    expect((await create("taken", { kind: "pubsub", topic: "t" })).status).toBe(201);
    const again = await create("taken", { kind: "pubsub", topic: "t" });
    expect([again.status, again.json.error.code]).toEqual([409, "conflict"]);
  });
});

describe("a trigger's state", () => {
  test("is changed by verbs", async () => {
    await create("verbs", { kind: "queue", queue: "verbs" });
    const after = async (verb: string) => (await call("POST", `/triggers/verbs/${verb}`)).json.state;
    expect(await after("pause")).toBe("paused");
    expect(await after("resume")).toBe("active");
    expect(await after("disable")).toBe("disabled");
    expect(await refusal("POST", "/triggers/verbs/resume")).toEqual([409, "conflict"]);
    expect(await refusal("POST", "/triggers/verbs/fire")).toEqual([409, "conflict"]);
    expect(await after("enable")).toBe("active");
    expect(await refusal("POST", "/triggers/nothing/pause")).toEqual([404, "not_found"]);
  });

  test("decides what becomes of changes: kept while paused, delivered afterwards, or thrown away", async () => {
    await create("held", { kind: "kv", collection: "held" });
    await call("POST", "/triggers/held/pause");
    await call("PUT", "/kv/held/a", { value: 1 });
    await expect.poll(async () => (await call("GET", "/triggers/held")).json.backlog.held).toBe(1);
    expect((await core.edge()).delivered).toEqual([]);
    expect(await refusal("POST", "/triggers/held/discard", { confirm: "all" })).toEqual([422, "invalid"]);
    expect((await call("POST", "/triggers/held/discard", { confirm: "held" })).json).toEqual({ discarded: 1 });
    await call("PUT", "/kv/held/b", { value: 2 });
    await call("POST", "/triggers/held/resume");
    await expect
      .poll(async () => (await core.edge()).delivered.map(({ work }) => work))
      .toMatchObject([{ type: "event", event: { data: { kind: "kv", key: "b", next: 2 } } }]);
  });
});

describe("schedules", () => {
  test("say when they are due before they are made", async () => {
    const body = { schedule: "0 3 * * *", timeZone: "Asia/Tokyo", count: 3 };
    const { json } = await call("POST", "/triggers/preview", body);
    expect(json.times).toHaveLength(3);
    for (const time of json.times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT18:00:00\.000Z$/);
    expect(await refusal("POST", "/triggers/preview", { schedule: "nonsense" })).toEqual([422, "invalid"]);
    expect(await refusal("POST", "/triggers/preview", { schedule: "* * * * *", count: 21 })).toEqual([422, "invalid"]);
  });

  test("say when they are due next, and when they were", async () => {
    await create("seconds", { kind: "cron", schedule: "* * * * * *" });
    await expect.poll(async () => (await call("GET", "/triggers/seconds")).json.nextAt).toEqual(expect.any(Number));
    await expect
      .poll(async () => (await call("GET", "/triggers/seconds/history")).json.items, { timeout: 5_000 })
      .toContainEqual({
        scheduledAt: expect.any(Number),
        startedAt: expect.any(Number),
        state: "done",
        executionId: expect.stringMatching(/^exe_/),
        error: null,
      });
    await call("DELETE", "/triggers/seconds");
    await create("plain", { kind: "pubsub", topic: "plain" });
    expect(await refusal("GET", "/triggers/plain/history")).toEqual([422, "invalid"]);
  });
});
