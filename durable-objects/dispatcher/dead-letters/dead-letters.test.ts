import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import type { Trigger } from "../../../contracts/events/trigger.ts";
import { EVENT_BYTES_MAX } from "../../../contracts/limits.ts";
import { edge, failed, ok } from "../../testing/edge.ts";
import { refusalOf } from "../../testing/harness.ts";
import { deliveryOf, dispatcherWith, retry, triggerOf } from "../testing.ts";

const SOON = { timeout: 5_000, interval: 10 };

/** A trigger that hears of the dead letters of another, or of all. */
const listener = (of: string | null, more: Partial<Omit<Trigger, "source">> = {}) =>
  triggerOf({ source: { kind: "dead_letter", of }, ...more });

/** A dispatcher whose first trigger fails, and a dead letter of it. */
async function withDeadLetter(triggers: Trigger[] = [triggerOf()], more: Parameters<typeof deliveryOf>[1] = {}) {
  const [failing] = triggers as [Trigger];
  const all = await dispatcherWith(triggers);
  edge.behave(all.orgId, ({ trigger }) => (trigger.id === failing.id ? failed("boom") : ok()));
  const delivery = deliveryOf(failing, more);
  await all.stub.enqueue([delivery]);
  await vi.waitFor(async () => expect(await all.deadLetters()).toHaveLength(1), SOON);
  const [letter] = await all.deadLetters();
  if (letter === undefined) throw new Error("no dead letter");
  return { ...all, failing, delivery, letter };
}

describe("a dead letter", () => {
  it("tells what gave up, why, and all that was tried", async () => {
    const { stub, failing, delivery, letter, deliveries } = await withDeadLetter();
    expect(letter).toMatchObject({
      deliveryId: delivery.id,
      triggerId: failing.id,
      triggerName: failing.name,
      scriptId: "scr_1",
      kind: "kv",
      at: delivery.at,
      attempts: 2,
      error: { code: "script_error", message: "boom" },
      note: null,
    });
    const detail = await stub.findDeadLetter(letter.id);
    expect(detail?.data).toBe(delivery.data);
    expect(detail?.history).toMatchObject([
      { error: { code: "script_error", message: "boom" } },
      { error: { code: "script_error", message: "boom" } },
    ]);
    expect((await deliveries())[0]).toMatchObject({ state: "dead", attempts: 2 });
    expect(await stub.findDeadLetter("ded_unknown")).toBeNull();
  });

  it("is sent again under another id, with a life of its own, and is off the list", async () => {
    const { orgId, stub, delivery, letter, deadLetters } = await withDeadLetter([triggerOf()], { at: 1_000 });
    edge.behave(orgId, () => ok());
    const { deliveryId } = await stub.replayDeadLetter(letter.id, null);
    expect(deliveryId).not.toBe(delivery.id);
    await vi.waitFor(async () => expect((await stub.findDelivery(deliveryId))?.state).toBe("done"), SOON);
    expect(edge.events(orgId).at(-1)).toMatchObject({ id: deliveryId, attempt: 1, at: 1_000 });
    expect(await deadLetters()).toEqual([]);
    expect((await refusalOf(stub.replayDeadLetter(letter.id, null))).code).toBe("not_found");
  });

  it("is sent again with other data, if that is an event of its kind", async () => {
    const { orgId, stub, letter } = await withDeadLetter();
    const edited = { kind: "kv", collection: "things", key: "k", operation: "set", next: "mended", version: 1 };
    const wrong = ["nope", "[]", "null", "{}", '{"kind":"docs"}', `{"kind":"kv","x":"${"x".repeat(EVENT_BYTES_MAX)}"}`];
    for (const data of wrong) {
      expect((await refusalOf(stub.replayDeadLetter(letter.id, data))).code).toBe("invalid");
    }
    edge.behave(orgId, () => ok());
    await stub.replayDeadLetter(letter.id, JSON.stringify(edited));
    await vi.waitFor(() => expect(edge.events(orgId).at(-1)?.data).toEqual(edited), SOON);
  });

  it("of a trigger that is disabled stays where it is", async () => {
    const { stub, configure, letter, deadLetters } = await withDeadLetter();
    await configure([]);
    expect((await refusalOf(stub.replayDeadLetter(letter.id, null))).code).toBe("conflict");
    expect(await stub.replayDeadLetters(null)).toEqual({ replayed: 0, more: false });
    expect(await deadLetters()).toHaveLength(1);
  });

  it("can be thrown away, alone or with all of its trigger", async () => {
    const [one, other] = [triggerOf(), triggerOf()];
    const { orgId, stub, letter, deadLetters } = await withDeadLetter([one, other]);
    edge.behave(orgId, () => failed());
    await stub.enqueue([deliveryOf(one), deliveryOf(other)]);
    await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(3), SOON);
    expect(await stub.discardDeadLetter(letter.id)).toBe(true);
    expect(await stub.discardDeadLetter(letter.id)).toBe(false);
    expect(await stub.discardDeadLetters(one.id)).toBe(1);
    expect(await deadLetters()).toMatchObject([{ triggerId: other.id }]);
    expect(await stub.discardDeadLetters(null)).toBe(1);
  });

  it("is one of many that are sent again, oldest first", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 1 }) });
    const { orgId, stub, deadLetters } = await dispatcherWith([trigger]);
    edge.behave(orgId, () => failed());
    for (const next of [1, 2, 3]) {
      await stub.enqueue([deliveryOf(trigger, { next, orderKey: "a" })]);
      await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(next), SOON);
    }
    edge.behave(orgId, () => ok());
    expect(await stub.replayDeadLetters(trigger.id)).toEqual({ replayed: 3, more: false });
    await vi.waitFor(() => expect(edge.events(orgId)).toHaveLength(6), SOON);
    const again = edge.events(orgId).slice(3);
    expect(again.map(({ data }) => (data.kind === "kv" ? data.next : null))).toEqual([1, 2, 3]);
    expect(await deadLetters()).toEqual([]);
  });

  it("is on a page of them, newest first, and a made-up cursor is refused", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 1 }) });
    const { orgId, stub, deadLetters } = await dispatcherWith([trigger]);
    edge.behave(orgId, () => failed());
    await stub.enqueue([1, 2, 3].map((next) => deliveryOf(trigger, { next, orderKey: "a" })));
    await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(3), SOON);
    const first = await stub.listDeadLetters(trigger.id, { cursor: null, limit: 2 });
    const second = await stub.listDeadLetters(trigger.id, { cursor: first.cursor, limit: 2 });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual((await deadLetters()).map(({ id }) => id));
    expect(second.cursor).toBeNull();
    expect((await refusalOf(stub.listDeadLetters(null, { cursor: "x", limit: 2 }))).code).toBe("invalid");
  });
});

describe("a trigger of dead letters", () => {
  it("hears of those of its trigger, or of all, as a link of the same chain", async () => {
    const failing = triggerOf();
    const [all, mine, others] = [listener(null), listener(failing.id), listener("trg_other")];
    const { orgId, letter, delivery } = await withDeadLetter([failing, all, mine, others], { depth: 4 });
    await vi.waitFor(() => expect(edge.events(orgId)).toHaveLength(4), SOON);
    const told = edge.events(orgId).filter(({ data }) => data.kind === "dead_letter");
    expect(told.map(({ trigger }) => trigger.id).toSorted()).toEqual([all.id, mine.id].toSorted());
    expect(told[0]).toMatchObject({
      depth: 5,
      data: {
        kind: "dead_letter",
        deadLetterId: letter.id,
        trigger: { id: failing.id, name: failing.name },
        error: { code: "script_error", message: "boom" },
        attempts: 2,
        event: JSON.parse(delivery.data),
      },
    });
  });

  it("that fails itself is told of in the dead letter, and makes no other", async () => {
    const failing = triggerOf();
    const handler = listener(null, { name: "sink" });
    const all = await dispatcherWith([failing, handler]);
    edge.behave(all.orgId, ({ trigger }) => failed(trigger.id === handler.id ? "sink is full" : "boom"));
    await all.stub.enqueue([deliveryOf(failing)]);
    await vi.waitFor(async () => {
      expect(await all.deadLetters()).toMatchObject([{ note: "sink failed: script_error: sink is full" }]);
    }, SOON);
    expect(edge.events(all.orgId)).toHaveLength(4);
    expect(await all.counts()).toEqual({ dead: 2 });
  });
});

describe("a trigger of dead letters that is fired to be tried", () => {
  it("ends as others do when it fails, whatever it was given", async () => {
    const handler = listener(null, { retry: retry({ maxAttempts: 1 }) });
    const { orgId, stub, counts } = await dispatcherWith([handler]);
    edge.behave(orgId, () => failed());
    await stub.fireTrigger(handler.id, null);
    await stub.fireTrigger(handler.id, '{"deadLetterId":{"not":"text"}}');
    await vi.waitFor(async () => expect(await counts()).toEqual({ dead: 2 }), SOON);
  });
});

describe("a dispatcher with too many dead letters", () => {
  it("lets the oldest go", async () => {
    const trigger = triggerOf({ retry: retry({ maxAttempts: 1 }) });
    const { orgId, stub } = await dispatcherWith([trigger]);
    edge.behave(orgId, () => failed());
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec(
        `INSERT INTO dead_letters (id, delivery_id, trigger_id, trigger_name, script_id, kind, at, died_at, depth, attempts,
           error, length, history, data)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)
         SELECT 'ded_' || i, 'dlv', ?, 'x', 'scr', 'kv', i, ? + i, 1, 1, '{}', 2, '[]', '{}' FROM n`,
        trigger.id,
        Date.now() - 60_000,
      );
    });
    await stub.enqueue(Array.from({ length: 500 }, () => deliveryOf(trigger)));
    await vi.waitFor(async () => {
      const rows = await runInDurableObject(stub, (_, state) =>
        state.storage.sql
          .exec<{ count: number; oldest: number }>("SELECT count(*) AS count, min(seq) AS oldest FROM dead_letters")
          .toArray(),
      );
      expect(rows).toEqual([{ count: 10_000, oldest: 502 }]);
    }, SOON);
  });
});
