import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { type Answer, type Core, startCore } from "./support/core.ts";
import { claim, makeOrg } from "./support/people.ts";

let core: Core;
let token: string;
beforeAll(async () => {
  core = await startCore();
  ({ token } = await claim(core));
  for (const slug of ["hello", "other"]) {
    await makeOrg(core, token, slug);
    const json = { name: "worker", source: "export default { event() {} }" };
    await core.call(`/api/v1/orgs/${slug}/scripts`, { token, json });
  }
});
afterEach(() => core.edge("answers"));
afterAll(() => core.stop());

const call = (method: string, path: string, json?: unknown, slug = "hello"): Promise<Answer> =>
  core.call(`/api/v1/orgs/${slug}${path}`, { method, token, ...(json === undefined ? {} : { json }) });

const refusal = async (method: string, path: string, json?: unknown) => {
  const { status, json: body } = await call(method, path, json);
  return [status, body.error.code];
};

const create = (name: string, source: object, maxAttempts = 1) =>
  call("POST", "/triggers", { name, script: "worker", source, retry: { maxAttempts, delayMs: 10 } });

const lettersOf = async (trigger: string): Promise<{ id: string; deliveryId: string }[]> =>
  (await call("GET", `/dead-letters?trigger=${trigger}`)).json.items;

describe("deliveries", () => {
  test("are listed and shown with their event and what came of it", async () => {
    await create("changes", { kind: "kv", collection: "changes" });
    await call("PUT", "/kv/changes/a", { value: { n: 1 } });
    const read = async () => (await call("GET", "/deliveries?trigger=changes")).json.items;
    await expect.poll(read).toMatchObject([{ state: "done", attempts: 1, kind: "kv", trigger: { name: "changes" } }]);
    const [{ id }] = await read();
    const { json } = await call("GET", `/deliveries/${id}`);
    expect(json.data).toMatchObject({ kind: "kv", collection: "changes", key: "a", operation: "set", next: { n: 1 } });
    expect(json.history).toEqual([
      { at: expect.any(Number), executionId: expect.stringMatching(/^exe_/), durationMs: 1, error: null },
    ]);
    expect((await call("GET", "/deliveries?state=done&limit=1")).json.items).toHaveLength(1);
    expect((await call("GET", "/deliveries?state=held")).json.items).toEqual([]);
    expect((await call("GET", `/deliveries/${id}`, undefined, "other")).status).toBe(404);
    expect(await refusal("GET", "/deliveries?trigger=nothing")).toEqual([404, "not_found"]);
    expect(await refusal("GET", "/deliveries?state=odd")).toEqual([422, "invalid"]);
    expect(await refusal("GET", "/deliveries/dlv_00000000000000000000")).toEqual([404, "not_found"]);
  });

  test("are made by hand to try a script", async () => {
    await create("tried", { kind: "kv", collection: "tried" });
    const fired = await call("POST", "/triggers/tried/fire", { data: { key: "k", next: 7 } });
    expect(fired.status).toBe(202);
    await expect
      .poll(async () => (await call("GET", `/deliveries/${fired.json.deliveryId}`)).json)
      .toMatchObject({ state: "done", data: { kind: "kv", key: "k", next: 7 } });
    expect((await call("POST", "/triggers/tried/fire")).status).toBe(202);
    expect((await call("POST", "/triggers/tried/fire", {})).status).toBe(202);
  });
});

describe("dead letters", () => {
  /** Has so many changes of a collection, under a trigger of its own, fail for good. */
  async function die(name: string, count: number) {
    await core.edge("fails");
    await create(name, { kind: "kv", collection: name }, 2);
    const operations = Array.from({ length: count }, (_, n) => ({ operation: "set", key: `k${n}`, value: n }));
    await call("POST", `/kv/${name}/batch`, { operations });
    await expect.poll(() => lettersOf(name), { timeout: 10_000 }).toHaveLength(count);
    return lettersOf(name);
  }

  test("are shown with every attempt, and gone once they are replayed", async () => {
    const [letter] = await die("replayed", 1);
    const { json } = await call("GET", `/dead-letters/${letter?.id}`);
    expect(json).toMatchObject({
      trigger: { name: "replayed" },
      script: { name: "worker" },
      kind: "kv",
      attempts: 2,
      error: { code: "script_error", message: "boom" },
      data: { key: "k0", next: 0 },
    });
    expect(json.history).toHaveLength(2);
    expect((await call("GET", "/triggers/replayed")).json.backlog.dead).toBe(1);
    await core.edge("answers");
    const replayed = await call("POST", `/dead-letters/${letter?.id}/replay`);
    expect(replayed.status).toBe(202);
    expect(replayed.json.deliveryId).not.toBe(letter?.deliveryId);
    await expect
      .poll(async () => (await call("GET", `/deliveries/${replayed.json.deliveryId}`)).json.state)
      .toBe("done");
    expect(await lettersOf("replayed")).toEqual([]);
    expect(await refusal("POST", `/dead-letters/${letter?.id}/replay`)).toEqual([404, "not_found"]);
    expect(await refusal("GET", `/dead-letters/${letter?.id}`)).toEqual([404, "not_found"]);
  });

  test("are replayed with another event", async () => {
    const [letter] = await die("edited", 1);
    await core.edge("answers");
    const { json } = await call("GET", `/dead-letters/${letter?.id}`);
    const data = { ...json.data, next: "edited" };
    const replayed = await call("POST", `/dead-letters/${letter?.id}/replay`, { data });
    expect((await call("GET", `/deliveries/${replayed.json.deliveryId}`)).json.data).toMatchObject({ next: "edited" });
  });

  test("are thrown away, one or all", async () => {
    const [first] = await die("thrown", 3);
    expect((await call("POST", `/dead-letters/${first?.id}/discard`)).status).toBe(204);
    expect(await refusal("POST", `/dead-letters/${first?.id}/discard`)).toEqual([404, "not_found"]);
    expect(await refusal("POST", "/dead-letters/discard", { trigger: "thrown" })).toEqual([422, "invalid"]);
    const answer = await call("POST", "/dead-letters/discard", { trigger: "thrown", confirm: "all" });
    expect(answer.json).toEqual({ discarded: 2 });
    expect(await lettersOf("thrown")).toEqual([]);
  });

  test("are replayed all at once", async () => {
    await die("again", 3);
    await core.edge("answers");
    const answer = await call("POST", "/dead-letters/replay", { trigger: "again" });
    expect([answer.status, answer.json]).toEqual([202, { replayed: 3, more: false }]);
    expect(await lettersOf("again")).toEqual([]);
    expect((await call("POST", "/dead-letters/replay")).json.more).toBe(false);
    expect(await refusal("POST", "/dead-letters/replay", { triger: "again" })).toEqual([422, "invalid"]);
  });
});

describe("queues", () => {
  test("take messages, say how many they have, and are purged by who says their name", async () => {
    const messages = [{ value: { n: 1 } }, { value: 2, delaySeconds: 600 }];
    const sent = await call("POST", "/queues/jobs/send", { messages });
    expect(sent.status).toBe(202);
    expect(sent.json.ids).toHaveLength(2);
    const jobs = { name: "jobs", ready: 1, delayed: 1, inFlight: 0, consumer: null };
    expect((await call("GET", "/queues")).json).toEqual({ items: [jobs], cursor: null });
    expect(await refusal("POST", "/queues/jobs/purge", { confirm: "yes" })).toEqual([422, "invalid"]);
    expect((await call("POST", "/queues/jobs/purge", { confirm: "jobs" })).json).toEqual({ purged: 2 });
  });

  test("are emptied by the trigger that takes from them", async () => {
    await call("POST", "/queues/taken/send", { messages: [{ value: "a" }, { value: "b" }] });
    await create("taker", { kind: "queue", queue: "taken" });
    await expect
      .poll(async () =>
        (await core.edge()).delivered.flatMap(({ work }) => (work.type === "event" ? [work.event.data] : [])),
      )
      .toContainEqual(expect.objectContaining({ kind: "queue", queue: "taken" }));
    await expect
      .poll(async () => (await call("GET", "/queues")).json.items)
      .not.toContainEqual(expect.objectContaining({ name: "taken", ready: 2 }));
  });

  test.each([
    ["/queues/jobs/send", { messages: [] }, 422],
    ["/queues/jobs/send", { messages: [{}] }, 422],
    ["/queues/jobs/send", { messages: [{ value: 1, delaySeconds: -1 }] }, 422],
    ["/queues/jobs/send", { messages: [{ value: "x".repeat(128 * 1024) }] }, 413],
    ["/queues/bad%20name/send", { messages: [{ value: 1 }] }, 422],
    ["/topics/t/publish", {}, 422],
    ["/topics/t/publish", { value: "x".repeat(128 * 1024) }, 413],
  ])("refuse at %s what they cannot take", async (path, json, status) => {
    expect((await call("POST", path, json)).status).toBe(status);
  });

  test("take a message back that gave up, and one that is sent by hand while its trigger is paused", async () => {
    await core.edge("fails");
    await create("failer", { kind: "queue", queue: "failing" });
    await call("POST", "/queues/failing/send", { messages: [{ value: "a" }] });
    await expect.poll(() => lettersOf("failer"), { timeout: 10_000 }).toHaveLength(1);
    await call("POST", "/triggers/failer/pause");
    const [letter] = await lettersOf("failer");
    const waits = { deliveryId: null, messageId: expect.stringMatching(/^msg_/) };
    expect((await call("POST", `/dead-letters/${letter?.id}/replay`)).json).toEqual(waits);
    expect((await call("POST", "/triggers/failer/fire", { data: "b" })).json).toEqual(waits);
    const queues = (await call("GET", "/queues")).json.items;
    expect(queues).toContainEqual(expect.objectContaining({ name: "failing", ready: 2, consumer: expect.anything() }));
  });

  test("stand beside topics, which tell all who listen", async () => {
    expect((await call("POST", "/topics/news/publish", { value: 1 })).json).toMatchObject({ subscribers: 0 });
    await create("reader", { kind: "pubsub", topic: "news" });
    const told = await call("POST", "/topics/news/publish", { value: { headline: "x" } });
    expect([told.status, told.json]).toEqual([202, { id: expect.any(String), subscribers: 1 }]);
    await expect
      .poll(async () => (await call("GET", "/deliveries?trigger=reader")).json.items)
      .toMatchObject([{ state: "done" }]);
  });
});
