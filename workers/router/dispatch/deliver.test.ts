import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import { EVENT_DEPTH_MAX, LOG_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import type { DispatchDoor } from "../../../contracts/doors.ts";
import type { DeliverResult } from "../../../contracts/events/dispatch.ts";
import type { EventData, IsolaEvent } from "../../../contracts/events/event.ts";
import type { ExecutionRecord } from "../../../contracts/execution.ts";
import type { RouterEnv } from "../env.ts";
import { deliverLog } from "../log/delivery.ts";
import { quarantine } from "../quarantine/watch.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";
import { enterGate, leaveGate } from "./gate.ts";

const { Dispatch } = exports as unknown as { Dispatch: (options: object) => DispatchDoor };

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  quarantine.set([]);
  tenant = await newTenant();
});

const trigger = { id: "trg_1", name: "on-change" };
const KV: EventData = { kind: "kv", collection: "c", key: "k", operation: "set", next: { n: 1 }, version: 7 };
const CRON: EventData = { kind: "cron", schedule: "0 2 * * *", timeZone: "UTC", scheduledAt: 1_000, missed: 2 };
const queueOf = (...ids: string[]): EventData => ({
  kind: "queue",
  queue: "q",
  messages: ids.map((id, index) => ({ id, timestamp: 5_000, attempts: index + 1, value: { of: id } })),
});

const eventOf = (data: EventData, facts: Partial<IsolaEvent> = {}): IsolaEvent => ({
  id: newId("delivery"),
  trigger,
  attempt: 1,
  depth: 1,
  at: 1_234,
  causedBy: null,
  data,
  ...facts,
});

function deliver(scriptId: string, event: IsolaEvent): Promise<DeliverResult> {
  const { orgId, slug } = tenant;
  return Dispatch({}).deliver({ orgId, slug, scriptId, work: { type: "event", event } });
}

async function records(): Promise<ExecutionRecord[]> {
  await deliverLog((env as unknown as RouterEnv).STATE);
  const batches = await authority.takeLog();
  const own = batches.filter(({ orgId }) => orgId === tenant.orgId);
  return own.flatMap(({ segments }) => segments.flatMap((segment) => JSON.parse(segment.records) as ExecutionRecord[]));
}

/** What a script keeps of its events is read by a request to it. */
const KEEPING = `const seen = []; const keep = (...values) => { seen.push(values); };
  const fetch = () => Response.json(seen);`;
const seen = async (): Promise<unknown[][]> => (await tenant.get("/")).json();

describe("an event", () => {
  it("reaches the method event of a module, flat, with the bindings and the context", async () => {
    const script = await tenant.deploy(`${KEEPING} export default { fetch,
      event(event, env, ctx) { keep(event, typeof env, typeof ctx.waitUntil); return "ignored"; } }`);
    const event = eventOf(KV, { causedBy: "exe_0", attempt: 3, depth: 2 });
    const result = await deliver(script.id, event);
    expect(result).toMatchObject({ outcome: "ok", acks: null, response: null, executionId: expect.any(String) });
    const { data, ...facts } = event;
    expect(await seen()).toEqual([[{ ...facts, ...data }, "object", "function"]]);
  });

  it("keeps its own id and trigger where its data have such fields", async () => {
    const script = await tenant.deploy(`${KEEPING} export default { fetch, event: (event) => keep(event) }`);
    const failed: EventData = { kind: "docs", collection: "d", id: "doc_1", operation: "delete", prev: {}, version: 1 };
    const error = { code: "script_error", message: "no" };
    const dead: EventData = {
      kind: "dead_letter",
      deadLetterId: "ded_1",
      trigger: { id: "trg_2", name: "other" },
      error,
      attempts: 8,
      event: failed,
    };
    const event = eventOf(dead);
    await deliver(script.id, event);
    expect(await seen()).toMatchObject([
      [
        {
          id: event.id,
          trigger,
          kind: "dead_letter",
          failedTrigger: { id: "trg_2" },
          error,
          failed: { kind: "docs", documentId: "doc_1" },
        },
      ],
    ]);
  });

  it.each<EventData>([
    KV,
    { kind: "docs", collection: "d", id: "doc_1", operation: "insert", next: {}, version: 1 },
    { kind: "pubsub", topic: "t", messageId: "msg_1", value: 1 },
    { kind: "webhook", messageId: "msg_1", timestamp: 1, contentType: "text/plain", headers: {}, body: "b" },
  ])("of kind $kind goes to event, whatever else there is", async (data) => {
    const script = await tenant.deploy(`${KEEPING} export default { fetch, event: ({ kind }) => keep("event", kind),
      scheduled: () => keep("scheduled"), queue: () => keep("queue") }`);
    await deliver(script.id, eventOf(data));
    expect(await seen()).toEqual([["event", data.kind]]);
  });

  it("of a schedule goes to scheduled, as Workers have it", async () => {
    const script = await tenant.deploy(`${KEEPING} export default { fetch, event: () => keep("event"),
      scheduled({ scheduledTime, cron, type }, env, ctx) { keep(scheduledTime, cron, type, typeof ctx.waitUntil); } }`);
    expect((await deliver(script.id, eventOf(CRON))).outcome).toBe("ok");
    expect(await seen()).toEqual([[1_000, "0 2 * * *", "scheduled", "function"]]);
  });

  it.each([
    ["a schedule", CRON, { scheduledAt: 1_000, missed: 2 }],
    ["a queue", queueOf("m1"), { queue: "q", messages: [{ id: "m1", value: { of: "m1" } }] }],
  ])("of %s goes to event where there is no handler of its own", async (_, data, expected) => {
    const script = await tenant.deploy(`${KEEPING} export default { fetch, event: (event) => keep(event) }`);
    await deliver(script.id, eventOf(data));
    expect(await seen()).toMatchObject([[expected]]);
  });

  it("reaches a class that extends WorkerEntrypoint by its methods", async () => {
    const script = await tenant.deploy(`import { WorkerEntrypoint } from "cloudflare:workers"; ${KEEPING}
      export default class extends WorkerEntrypoint {
        fetch() { return fetch(); }
        event({ kind }) { keep(kind, typeof this.ctx.waitUntil); }
        queue(batch) { keep(batch.queue); }
      }`);
    await deliver(script.id, eventOf(KV));
    await deliver(script.id, eventOf(queueOf("m1")));
    expect(await seen()).toEqual([["kv", "function"], ["q"]]);
  });

  it("reaches a plain function as a request whose body it is, and as ctx.event", async () => {
    const script = await tenant.deploy(`const seen = []; export default async (request, ctx) => {
      if (ctx.event === null) return seen;
      seen.push([request.method, new URL(request.url).pathname, await request.json(), ctx.event.kind, ctx.executionId]);
      return { statusCode: 500 };
    }`);
    const event = eventOf(KV);
    const result = await deliver(script.id, event);
    expect(result).toMatchObject({ outcome: "ok" });
    const { data, ...facts } = event;
    const executionId = "executionId" in result ? result.executionId : null;
    expect(await seen()).toEqual([["POST", "/", { ...facts, ...data }, "kv", executionId]]);
  });

  it.each([
    [`{ fetch() {} }`, KV, "event(event, env, ctx)"],
    [`{ fetch() {}, scheduled() {}, queue() {} }`, KV, "an object with fetch, scheduled, queue"],
    [`{ fetch() {} }`, CRON, "scheduled(controller, env, ctx)"],
    [`{ fetch() {} }`, queueOf("m1"), "queue(batch, env, ctx)"],
    [`7`, KV, "number"],
  ])("fails at %s and says which handler to export", async (exported, data, words) => {
    const script = await tenant.deploy(`export default ${exported}`);
    const result = await deliver(script.id, eventOf(data));
    expect(result).toMatchObject({ outcome: "failed", code: "script_error", message: expect.stringContaining(words) });
  });

  it("can be handled by a script that never looks at the facts of its requests, which stays as quick as it was", async () => {
    const script = await tenant.deploy(
      `let n = 0; export default { fetch: () => new Response(String(n)), event: () => { n++; } }`,
    );
    for (let index = 0; index < 2; index++) {
      expect(await (await tenant.get("/")).text()).toBe(String(index));
      await deliver(script.id, eventOf(KV));
    }
    expect((await tenant.get("/")).headers.has("x-isola-quiet")).toBe(false);
  });

  it("leaves the script running while it waits for what waitUntil was given", async () => {
    const script = await tenant.deploy(`${KEEPING} export default { fetch,
      event(event, env, ctx) { ctx.waitUntil(scheduler.wait(20).then(() => keep("later"))); } }`);
    await deliver(script.id, eventOf(KV));
    await scheduler.wait(60);
    expect(await seen()).toEqual([["later"]]);
  });
});

describe("a queue's batch", () => {
  const answer = async (body: string, ...ids: string[]): Promise<DeliverResult> => {
    const script = await tenant.deploy(`${KEEPING} export default { fetch, queue(batch) { ${body} } }`);
    return deliver(script.id, eventOf(queueOf(...ids)));
  };

  it("has messages as Workers have them", async () => {
    await answer(
      `keep(batch.queue, ...batch.messages.map((m) => [m.id, m.timestamp.getTime(), m.attempts, m.body, m.value === m.body]))`,
      "m1",
      "m2",
    );
    expect(await seen()).toEqual([["q", ["m1", 5_000, 1, { of: "m1" }, true], ["m2", 5_000, 2, { of: "m2" }, true]]]);
  });

  it("says nothing of its messages where its handler does not", async () => {
    expect(await answer(`keep(1)`, "m1")).toMatchObject({ outcome: "ok", acks: null });
  });

  it("hands on what its handler says of single messages; the first word counts", async () => {
    const result = await answer(
      `const [a, b, c] = batch.messages; a.ack(); a.retry(); b.retry({ delaySeconds: 1.5 }); c.retry(); batch.ackAll();`,
      "m1",
      "m2",
      "m3",
      "m4",
    );
    expect(result).toMatchObject({
      outcome: "ok",
      acks: {
        acked: ["m1", "m4"],
        retried: [
          { id: "m2", delayMs: 1_500 },
          { id: "m3", delayMs: null },
        ],
      },
    });
  });

  it("can be sent back as a whole", async () => {
    const result = await answer(`batch.messages[0].ack(); batch.retryAll({ delaySeconds: 2 });`, "m1", "m2");
    expect(result).toMatchObject({ acks: { acked: ["m1"], retried: [{ id: "m2", delayMs: 2_000 }] } });
  });

  it("keeps what was said of its messages before its handler failed", async () => {
    const result = await answer(`batch.messages[0].ack(); throw new Error("boom");`, "m1", "m2");
    expect(result).toMatchObject({ outcome: "failed", message: "Error: boom", acks: { acked: ["m1"], retried: [] } });
  });

  it.each([`"1"`, `-1`, `NaN`, `1e9`])("refuses a delay of %s", async (delay) => {
    const result = await answer(`batch.messages[0].retry({ delaySeconds: ${delay} })`, "m1");
    expect(result).toMatchObject({ outcome: "failed", message: expect.stringContaining("delaySeconds") });
  });
});

describe("a handler that fails", () => {
  it("fails its delivery with its own words", async () => {
    const script = await tenant.deploy(`export default { event() { throw new RangeError("too far"); } }`);
    expect(await deliver(script.id, eventOf(KV))).toMatchObject({
      outcome: "failed",
      code: "script_error",
      message: "RangeError: too far",
      acks: null,
    });
  });

  it("fails it as too slow where it never ends", async () => {
    const script = await tenant.deploy(`export default { event: () => scheduler.wait(60_000) }`, { wallClockMs: 50 });
    expect(await deliver(script.id, eventOf(KV))).toMatchObject({ outcome: "failed", code: "timeout" });
  });

  it("is held to its limits", async () => {
    const script = await tenant.deploy(`export default { async event() { await fetch("http://internet.test/"); } }`, {
      limits: { subrequests: 0 },
    });
    expect(await deliver(script.id, eventOf(KV))).toMatchObject({ outcome: "failed", code: "over_budget" });
  });

  it("of a schedule is not tried again where it asked for that", async () => {
    const script = await tenant.deploy(`export default { scheduled(c) { c.noRetry(); throw new Error("boom"); } }`);
    const result = await deliver(script.id, eventOf(CRON));
    expect(result).toMatchObject({ outcome: "refused", code: "script_error", message: "Error: boom" });
  });

  it("whose code does not load fails it too", async () => {
    const script = await tenant.deploy(`throw new Error("at load")`);
    expect(await deliver(script.id, eventOf(KV))).toMatchObject({ outcome: "failed", code: "script_error" });
  });
});

describe("the record of an event", () => {
  it("names the delivery and the attempt, and has the event as its body", async () => {
    const script = await tenant.deploy(`export default { event() {} }`);
    const event = eventOf(KV, { attempt: 4 });
    const result = await deliver(script.id, event);
    const [record] = await records();
    expect(record).toMatchObject({
      id: "executionId" in result ? result.executionId : null,
      trigger: "kv",
      outcome: "ok",
      status: 200,
      method: "POST",
      path: "/",
      deliveryId: event.id,
      attempt: 4,
      depth: 0,
    });
    const { data, ...facts } = event;
    expect(JSON.parse(record?.request?.body?.text ?? "")).toEqual({ ...facts, ...data });
  });

  it("is bounded where the event is long", async () => {
    const script = await tenant.deploy(`${KEEPING} export default { fetch, event: ({ next }) => keep(next.length) }`);
    await deliver(script.id, eventOf({ ...KV, next: "é".repeat(100_000) }));
    expect(await seen()).toEqual([[100_000]]);
    const body = (await records())[0]?.request?.body;
    expect(body?.truncated).toBe(true);
    expect(new TextEncoder().encode(body?.text).byteLength).toBeLessThanOrEqual(LOG_BODY_BYTES_MAX);
  });
});

describe("a delivery is refused for good", () => {
  it("when the script is gone, or is another org's", async () => {
    const foreign = await (await newTenant()).deploy(`export default { event() {} }`);
    await tenant.deploy(`export default { event() {} }`);
    for (const id of ["scr_none", foreign.id, "__proto__"]) {
      expect(await deliver(id, eventOf(KV))).toMatchObject({ outcome: "refused", code: "not_found" });
    }
  });

  it("when the org is being removed, or has gone", async () => {
    const script = await tenant.deploy(`export default { event() {} }`);
    await tenant.publish("destroying");
    expect(await deliver(script.id, eventOf(KV))).toMatchObject({ outcome: "refused", code: "not_found" });
    await authority.removeOrg(tenant.slug);
    await Dispatch({}).forget(tenant.slug);
    expect(await deliver(script.id, eventOf(KV))).toMatchObject({ outcome: "refused", code: "not_found" });
  });

  it("when the script has become a module", async () => {
    const script = await tenant.deploy(`export const x = 1`, { kind: "module", routes: [] });
    expect(await deliver(script.id, eventOf(KV))).toMatchObject({ outcome: "refused", code: "not_found" });
    expect(await records()).toMatchObject([{ outcome: "refused", trigger: "kv" }]);
  });

  it("when too many events led to it, and is written down as that", async () => {
    const script = await tenant.deploy(`${KEEPING} export default { fetch, event: ({ depth }) => keep(depth) }`);
    expect((await deliver(script.id, eventOf(KV, { depth: EVENT_DEPTH_MAX }))).outcome).toBe("ok");
    const event = eventOf(KV, { depth: EVENT_DEPTH_MAX + 1 });
    const result = await deliver(script.id, event);
    expect(result).toMatchObject({ outcome: "refused", code: "over_budget" });
    expect(await seen()).toEqual([[EVENT_DEPTH_MAX]]);
    expect((await records())[1]).toMatchObject({
      id: "executionId" in result ? result.executionId : null,
      outcome: "refused",
      status: 507,
      deliveryId: event.id,
      error: { message: expect.stringContaining("events led to one another") },
    });
  });
});

describe("a delivery finds no room", () => {
  it("when the org runs as much as it may; nothing is written down", async () => {
    const script = await tenant.deploy(`export default { event() {} }`);
    tenant.settings.concurrencyMax = 1;
    await tenant.publish();
    enterGate(tenant.orgId, 1);
    try {
      const result = await deliver(script.id, eventOf(KV));
      expect(result).toMatchObject({ outcome: "saturated", retryAfterMs: expect.any(Number) });
    } finally {
      leaveGate(tenant.orgId);
    }
    expect(await records()).toEqual([]);
    expect((await deliver(script.id, eventOf(KV))).outcome).toBe("ok");
  });

  it("while the org is held back, for as long as that lasts", async () => {
    const script = await tenant.deploy(`export default { event() {} }`);
    const verdict = { orgId: tenant.orgId, kind: "refused" as const, reason: "", untilMs: Date.now() + 5_000 };
    quarantine.set([verdict]);
    const result = await deliver(script.id, eventOf(KV));
    expect(result).toMatchObject({ outcome: "saturated" });
    expect("retryAfterMs" in result ? result.retryAfterMs : 0).toBeGreaterThan(4_000);
    expect(await records()).toEqual([]);
  });

  it("while the code cannot be read", async () => {
    const script = await tenant.deploy(`export default { event() {} }`);
    await authority.setFailing(["versionCode"]);
    expect(await deliver(script.id, eventOf(KV))).toMatchObject({ outcome: "saturated" });
    await authority.setFailing([]);
    expect((await deliver(script.id, eventOf(KV))).outcome).toBe("ok");
    expect(await records()).toHaveLength(1);
  });

  it("while nobody can say whether the script is there", async () => {
    await authority.setFailing(["findOrg", "projection"]);
    expect(await deliver("scr_1", eventOf(KV))).toMatchObject({ outcome: "saturated" });
  });
});

it("a script that was deployed a moment ago gets its events, though the edge has not heard of it", async () => {
  await tenant.deploy(`export default () => 1`, { name: "first" });
  await tenant.get("/");
  const script = await tenant.deploy(`export default { event() {} }`, { name: "second", forget: false });
  expect((await deliver(script.id, eventOf(KV))).outcome).toBe("ok");
});
