import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import type { DeliverResult, QueueAcks } from "../../../contracts/events/dispatch.ts";
import type { EventData } from "../../../contracts/events/event.ts";
import type { RetryPolicy } from "../../../contracts/events/retry.ts";
import type { SourceOf, Trigger } from "../../../contracts/events/trigger.ts";
import {
  EVENT_DEPTH_MAX,
  MESSAGE_BYTES_MAX,
  QUEUE_BATCH_MAX,
  QUEUE_BATCHES_MAX,
  QUEUE_KEPT_MS,
  QUEUE_MESSAGES_MAX,
} from "../../../contracts/limits.ts";
import { edge, failed, ok, saturated } from "../../testing/edge.ts";
import { refusalOf, testEnv } from "../../testing/harness.ts";
import { dispatcherWith, retry, triggerOf } from "../testing.ts";

type QueueEvent = Extract<EventData, { kind: "queue" }>;
const nobody = { executionId: null, depth: 0 };

function consumerOf(more: Partial<Trigger> & Partial<SourceOf<"queue">> = {}): Trigger {
  const { queue = "jobs", batchSize = 10, batchWaitMs = 0, ...rest } = more;
  return triggerOf({ ...rest, source: { kind: "queue", queue, batchSize, batchWaitMs } });
}

/** A Dispatcher with these triggers, and shorthands for the queue `jobs`. */
async function queued(...triggers: Trigger[]) {
  const all = await dispatcherWith(triggers);
  const reached = () => testEnv.DETACHED_DISPATCHER.getByName(all.orgId);
  return {
    ...all,
    send: (
      values: unknown[],
      more: { delayMs?: number; queue?: string; origin?: typeof nobody | { executionId: string; depth: number } } = {},
    ) =>
      reached().queueSend(
        more.queue ?? "jobs",
        values.map((value) => ({ value: JSON.stringify(value), delayMs: more.delayMs ?? 0 })),
        more.origin ?? nobody,
      ),
    /** The batches that came, as values. */
    batches: () => batchesOf(all.orgId).map(({ messages }) => messages.map(({ value }) => value)),
    stats: async () => (await reached().listQueues()).find(({ name }) => name === "jobs"),
    sql: (query: string, ...bindings: (string | number)[]) =>
      runInDurableObject(reached(), (_, state) => state.storage.sql.exec(query, ...bindings).toArray()),
    ring: () => runDurableObjectAlarm(reached()),
  };
}

const batchesOf = (orgId: string) => edge.events(orgId).map(({ data }) => data as QueueEvent);

/** A handler that says of each message what `say` says, and ends as `end` says of the first. */
function saying(
  orgId: string,
  say: (value: unknown, attempts: number) => "ack" | "retry" | { delayMs: number } | null,
  end: (first: { attempts: number }) => DeliverResult = () => ok(),
) {
  edge.behave(orgId, ({ data }) => {
    const acks: QueueAcks = { acked: [], retried: [] };
    const { messages } = data as QueueEvent;
    for (const { id, value, attempts } of messages) {
      const said = say(value, attempts);
      if (said === "ack") acks.acked.push(id);
      else if (said !== null) acks.retried.push({ id, delayMs: said === "retry" ? null : said.delayMs });
    }
    return { ...end(messages[0] ?? { attempts: 0 }), acks } as DeliverResult;
  });
}

const WAIT = { timeout: 4_000, interval: 10 };

describe("sending", () => {
  it("delivers messages in the order of sending, in batches, and is done with them", async () => {
    const { orgId, send, batches, stats } = await queued(consumerOf({ batchSize: 3 }));
    const ids = await send([1, 2, 3, 4]);
    expect(new Set(ids).size).toBe(4);
    await vi.waitFor(() => expect(batches()).toEqual([[1, 2, 3], [4]]), WAIT);
    expect(batchesOf(orgId)[0]).toMatchObject({ queue: "jobs", messages: [{ id: ids[0], attempts: 1 }, {}, {}] });
    await vi.waitFor(async () => expect(await stats()).toMatchObject({ ready: 0, delayed: 0, inFlight: 0 }), WAIT);
  });

  it("keeps what nobody takes yet, and gives it to the consumer that comes", async () => {
    const { send, stats, batches, configure } = await queued();
    await send(["a", "b"]);
    expect(await stats()).toEqual({ name: "jobs", ready: 2, delayed: 0, inFlight: 0, consumerId: null });
    const consumer = consumerOf();
    await configure([consumer]);
    await vi.waitFor(() => expect(batches()).toEqual([["a", "b"]]), WAIT);
    expect(await stats()).toMatchObject({ consumerId: consumer.id });
  });

  it("works before the org has said anything", async () => {
    const stub = testEnv.DETACHED_DISPATCHER.getByName("org_unheard");
    expect(await stub.listQueues()).toEqual([]);
    await stub.queueSend("jobs", [{ value: "1", delayMs: 0 }], nobody);
    expect(await stub.listQueues()).toMatchObject([{ name: "jobs", ready: 1 }]);
  });

  it("holds a delayed message back until its time", async () => {
    const { send, stats, batches } = await queued(consumerOf());
    const sentAt = Date.now();
    await send(["late"], { delayMs: 300 });
    await send(["now"]);
    expect(await stats()).toMatchObject({ delayed: 1 });
    await vi.waitFor(() => expect(batches()).toEqual([["now"], ["late"]]), WAIT);
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(300);
  });

  it("lets a message wait for company", async () => {
    const { send, batches } = await queued(consumerOf({ batchSize: 3, batchWaitMs: 300 }));
    await send([1]);
    await scheduler.wait(50);
    await send([2]);
    expect(batches()).toEqual([]);
    await vi.waitFor(() => expect(batches()).toEqual([[1, 2]]), WAIT);
    await send([3, 4, 5, 6]);
    await vi.waitFor(() => expect(batches().slice(1)).toEqual([[3, 4, 5], [6]]), WAIT);
  });

  it("carries the greatest depth of the batch on, and the run that it came from", async () => {
    const { orgId, send, batches } = await queued(consumerOf({ batchSize: 3, batchWaitMs: 5_000 }));
    await send([1], { origin: { executionId: "exe_shallow", depth: 0 } });
    await send([2], { origin: { executionId: "exe_deep", depth: 4 } });
    await send([3], { origin: { executionId: "exe_middle", depth: 2 } });
    await vi.waitFor(() => expect(batches()).toHaveLength(1), WAIT);
    expect(edge.events(orgId)[0]).toMatchObject({ depth: 5, causedBy: "exe_deep" });
  });

  it("is refused as a whole for one message that is too large, or for too many at once", async () => {
    const { send, stats } = await queued();
    const large = await refusalOf(send(["x", "x".repeat(MESSAGE_BYTES_MAX)]));
    expect(large.code).toBe("too_large");
    expect((await refusalOf(send(Array(QUEUE_BATCH_MAX + 1).fill(1)))).code).toBe("invalid");
    expect(await stats()).toBeUndefined();
    await send(Array(QUEUE_BATCH_MAX).fill(1));
    expect(await stats()).toMatchObject({ ready: QUEUE_BATCH_MAX });
  });

  it("is refused with what is used where the org's queues are full, until there is room", async () => {
    const { orgId, stub, send, sql } = await queued();
    await send([1]);
    await sql(
      `INSERT INTO queue_messages (id, queue, sent_at, since, visible_at, depth, bytes, value)
       WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ?2)
       SELECT 'msg_' || value, 'other', ?1, ?1, ?1, 1, 1, '1' FROM numbers`,
      Date.now(),
      QUEUE_MESSAGES_MAX - 2,
    );
    await evictDurableObject(stub);
    const refusal = await refusalOf(send([2, 3]));
    expect(refusal.code).toBe("over_budget");
    expect(refusal.details).toMatchObject({ messages: QUEUE_MESSAGES_MAX - 1, messagesMax: QUEUE_MESSAGES_MAX });
    await send([2]);
    expect((await refusalOf(send([3]))).code).toBe("over_budget");
    expect(await testEnv.DETACHED_DISPATCHER.getByName(orgId).purgeQueue("other")).toBe(QUEUE_MESSAGES_MAX - 2);
    await send([3]);
  });
});

describe("what a handler says", () => {
  it("brings back only the messages of a failed batch that were not acked, with their attempts counted", async () => {
    const { orgId, send, batches } = await queued(consumerOf());
    saying(
      orgId,
      (value) => (value === 1 ? "ack" : null),
      ({ attempts }) => (attempts === 1 ? failed() : ok()),
    );
    await send([1, 2, 3]);
    await vi.waitFor(() => expect(batches().flat()).toEqual([1, 2, 3, 2, 3]), WAIT);
    expect(batchesOf(orgId)[1]?.messages.map(({ attempts }) => attempts)).toEqual([2, 2]);
  });

  it("brings back what it asks for again, after its delay, and no others", async () => {
    const { orgId, send, batches } = await queued(consumerOf());
    let askedAt = 0;
    saying(orgId, (value, attempts) => {
      if (value !== 2 || attempts > 1) return null;
      askedAt = Date.now();
      return { delayMs: 200 };
    });
    await send([1, 2]);
    await vi.waitFor(() => expect(batches()).toEqual([[1, 2], [2]]), WAIT);
    expect(Date.now() - askedAt).toBeGreaterThanOrEqual(200);
  });

  it("makes a message a dead letter after its last attempt, alone, with its history, and tells who listens", async () => {
    const consumer = consumerOf({ retry: retry({ maxAttempts: 2 }) });
    const listener = triggerOf({ source: { kind: "dead_letter", of: consumer.id } });
    const { orgId, send, deadLetters, stub, stats } = await queued(consumer, listener);
    edge.behave(orgId, ({ data }) => {
      if (data.kind !== "queue") return ok();
      const retried = data.messages.filter(({ value }) => value === "bad").map(({ id }) => ({ id, delayMs: null }));
      return ok({ acks: { acked: [], retried } });
    });
    const [, badId] = await send(["good", "bad"]);
    await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(1), WAIT);
    const [letter] = await deadLetters();
    expect(letter).toMatchObject({
      triggerId: consumer.id,
      kind: "queue",
      attempts: 2,
      error: { code: "script_error" },
    });
    const detail = await stub.findDeadLetter(letter?.id ?? "");
    expect(JSON.parse(detail?.data ?? "")).toMatchObject({
      kind: "queue",
      messages: [{ id: badId, attempts: 2, value: "bad" }],
    });
    expect(detail?.history).toHaveLength(2);
    await vi.waitFor(() => expect(edge.events(orgId).at(-1)?.data.kind).toBe("dead_letter"), WAIT);
    expect(await stats()).toMatchObject({ ready: 0, delayed: 0, inFlight: 0 });
  });

  it("lets a replayed dead letter be a message again", async () => {
    const { orgId, send, deadLetters, stub, batches } = await queued(consumerOf({ retry: retry({ maxAttempts: 1 }) }));
    edge.behave(orgId, () => failed());
    await send([{ a: 1 }], { origin: { executionId: "exe_1", depth: 3 } });
    await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(1), WAIT);
    edge.behave(orgId, () => ok());
    const { deliveryId } = await stub.replayDeadLetter((await deadLetters())[0]?.id ?? "", null);
    expect(deliveryId).toMatch(/^msg_/);
    await vi.waitFor(() => expect(batches()).toEqual([[{ a: 1 }], [{ a: 1 }]]), WAIT);
    expect(edge.events(orgId)[1]).toMatchObject({ depth: 4, causedBy: "exe_1" });
    expect(await deadLetters()).toEqual([]);
  });

  it("makes dead letters of all messages where the script is gone, and none where a chain of events was too long", async () => {
    const { orgId, send, deadLetters, stats } = await queued(consumerOf());
    const refused = (code: string): DeliverResult => ({ outcome: "refused", executionId: null, code, message: "no" });
    edge.behave(orgId, ({ depth }) => refused(depth > EVENT_DEPTH_MAX ? "over_budget" : "not_found"));
    await send([1, 2]);
    await send([3], { origin: { executionId: "exe_1", depth: EVENT_DEPTH_MAX } });
    await vi.waitFor(async () => expect(await stats()).toMatchObject({ ready: 0, inFlight: 0 }), WAIT);
    expect((await deadLetters()).map(({ attempts, error }) => [attempts, error.code])).toEqual([
      [1, "not_found"],
      [1, "not_found"],
    ]);
  });
});

describe("a consumer", () => {
  it("has so many batches under way at once and no more", async () => {
    const { orgId, send, batches, stats } = await queued(consumerOf({ batchSize: 1 }));
    edge.hold(orgId);
    edge.behave(orgId, async () => {
      await edge.whileHeld(orgId);
      return ok();
    });
    await send([1, 2, 3, 4, 5, 6]);
    await vi.waitFor(() => expect(batches()).toHaveLength(QUEUE_BATCHES_MAX), WAIT);
    await scheduler.wait(30);
    expect(await stats()).toMatchObject({ ready: 2, inFlight: QUEUE_BATCHES_MAX });
    edge.release(orgId);
    await vi.waitFor(() => expect(batches().flat()).toEqual([1, 2, 3, 4, 5, 6]), WAIT);
    expect(edge.most(orgId)).toBe(QUEUE_BATCHES_MAX);
  });

  it("leaves messages in the queue while it is paused, and takes them when it is resumed", async () => {
    const consumer = consumerOf({ state: "paused" });
    const { stub, send, stats, batches, configure } = await queued(consumer);
    await send([1, 2]);
    expect(await stats()).toMatchObject({ ready: 2, consumerId: consumer.id });
    expect((await stub.triggerBacklogs())[consumer.id]).toMatchObject({ held: 2, waiting: 0, nextAt: null });
    await configure([{ ...consumer, state: "active" }]);
    await vi.waitFor(() => expect(batches()).toEqual([[1, 2]]), WAIT);
  });

  it("that is discarded loses what waits in its queue, held batches too", async () => {
    const consumer = consumerOf({ batchSize: 2 });
    const { orgId, stub, send, stats, configure, deliveries } = await queued(consumer);
    edge.behave(orgId, () => saturated(60_000));
    await send([1, 2]);
    await vi.waitFor(() => expect(edge.requests(orgId).length).toBeGreaterThan(0), WAIT);
    await scheduler.wait(20);
    await configure([{ ...consumer, state: "paused" }]);
    await send([3]);
    expect(await stats()).toMatchObject({ inFlight: 2, ready: 1 });
    expect(await stub.discardDeliveries(consumer.id)).toBe(4);
    expect(await stats()).toMatchObject({ inFlight: 0, ready: 0 });
    expect(await deliveries()).toEqual([]);
  });

  it("that goes gives back what it had, for the next one", async () => {
    const { orgId, send, stats, configure, batches } = await queued(consumerOf());
    edge.hold(orgId);
    edge.behave(orgId, async () => {
      await edge.whileHeld(orgId);
      return failed();
    });
    await send([1]);
    await vi.waitFor(() => expect(batches()).toHaveLength(1), WAIT);
    await configure([]);
    expect(await stats()).toMatchObject({ ready: 1, inFlight: 0 });
    edge.release(orgId);
    await scheduler.wait(30);
    edge.behave(orgId, () => ok());
    await configure([consumerOf()]);
    await vi.waitFor(() => expect(batches()).toEqual([[1], [1]]), WAIT);
    await vi.waitFor(async () => expect(await stats()).toMatchObject({ ready: 0, inFlight: 0 }), WAIT);
  });

  it("gets a batch again, the same, where the object died while it was under way", async () => {
    const { orgId, stub, send, stats, ring } = await queued(consumerOf());
    edge.behave(orgId, () => saturated(60_000));
    await send([1, 2]);
    await vi.waitFor(() => expect(edge.requests(orgId).length).toBeGreaterThan(0), WAIT);
    edge.behave(orgId, () => ok());
    await evictDurableObject(stub);
    await ring();
    await vi.waitFor(async () => expect(await stats()).toMatchObject({ inFlight: 0, ready: 0 }), WAIT);
    const events = edge.events(orgId);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    expect(events.at(-1)?.data).toMatchObject({ messages: [{ value: 1 }, { value: 2 }] });
  });

  it("shows a batch that failed among the deliveries, as one that is not tried again", async () => {
    const { orgId, send, deliveries, deadLetters } = await queued(
      consumerOf({ retry: retry({ delayMs: 60_000, maxDelayMs: 60_000 }) }),
    );
    edge.behave(orgId, () => failed("boom"));
    await send([1]);
    await vi.waitFor(
      async () => expect(await deliveries()).toMatchObject([{ state: "dead", lastError: { message: "boom" } }]),
      WAIT,
    );
    expect(await deadLetters()).toEqual([]);
  });
});

describe("purging", () => {
  it("throws away what waits and leaves what is under way", async () => {
    const { orgId, stub, send, stats, batches } = await queued(consumerOf({ batchSize: 1 }));
    edge.hold(orgId);
    edge.behave(orgId, async () => {
      await edge.whileHeld(orgId);
      return ok();
    });
    await send([1, 2, 3, 4, 5, 6]);
    await send([7], { delayMs: 60_000 });
    await send([8], { queue: "other" });
    await vi.waitFor(() => expect(batches()).toHaveLength(QUEUE_BATCHES_MAX), WAIT);
    expect(await stub.purgeQueue("jobs")).toBe(3);
    expect(await stats()).toMatchObject({ ready: 0, delayed: 0, inFlight: QUEUE_BATCHES_MAX });
    edge.release(orgId);
    await vi.waitFor(async () => expect(await stats()).toMatchObject({ inFlight: 0 }), WAIT);
    expect((await stub.listQueues()).find(({ name }) => name === "other")).toMatchObject({ ready: 1 });
    expect(await testEnv.DETACHED_DISPATCHER.getByName("nobody").purgeQueue("jobs")).toBe(0);
  });
});

describe("a message that nobody took in time", () => {
  it("goes where there is no consumer, and is a dead letter where the consumer is paused", async () => {
    const consumer = consumerOf({ state: "paused" });
    const { send, sql, ring, stub, deadLetters } = await queued(consumer);
    await send(["kept"]);
    await send(["gone"], { queue: "nobodys" });
    await send(["young"], { queue: "young" });
    await sql("UPDATE queue_messages SET visible_at = visible_at - ? WHERE queue <> 'young'", QUEUE_KEPT_MS + 1_000);
    await evictDurableObject(stub);
    await ring();
    await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(1), WAIT);
    expect((await deadLetters())[0]).toMatchObject({ attempts: 0, error: { code: "timeout" } });
    expect(await sql("SELECT queue FROM queue_messages")).toEqual([{ queue: "young" }]);
  });
});

describe("firing a queue's trigger by hand", () => {
  it("sends what is given as a message", async () => {
    const consumer = consumerOf();
    const { stub, batches } = await queued(consumer);
    const { deliveryId } = await stub.fireTrigger(consumer.id, '{"order":7}');
    expect(deliveryId).toMatch(/^dlv_/);
    await vi.waitFor(() => expect(batches()).toEqual([[{ order: 7 }]]), WAIT);
    expect((await refusalOf(stub.fireTrigger(consumer.id, "{"))).code).toBe("invalid");
  });
});

describe("an org that is gone", () => {
  it("has no messages and no alarm but that of its tombstone", async () => {
    const { stub, send, ring, alarmAt } = await queued(consumerOf({ state: "paused" }));
    await send([1]);
    await send([2], { delayMs: 60_000 });
    expect((await alarmAt()) ?? 0).toBeLessThan(Date.now() + QUEUE_KEPT_MS + 60_000);
    await stub.erase();
    expect(await stub.listQueues()).toEqual([]);
    const tombstoneAt = await alarmAt();
    await ring();
    expect(tombstoneAt).toBeGreaterThan(Date.now() + 60_000);
    expect((await refusalOf(send([3]))).code).toBe("not_found");
  });
});

describe("a policy of retries", () => {
  it("is the one that the trigger has when the batch comes back", async () => {
    const policy: RetryPolicy = retry({ delayMs: 150, maxDelayMs: 150, maxAttempts: 3 });
    const { orgId, send, batches } = await queued(consumerOf({ retry: policy }));
    let firstAt = 0;
    edge.behave(orgId, ({ data }) => {
      const [message] = (data as QueueEvent).messages;
      if (message?.attempts !== 1) return ok();
      firstAt = Date.now();
      return failed();
    });
    await send([1]);
    await vi.waitFor(() => expect(batches()).toHaveLength(2), WAIT);
    expect(Date.now() - firstAt).toBeGreaterThanOrEqual(150);
  });
});
