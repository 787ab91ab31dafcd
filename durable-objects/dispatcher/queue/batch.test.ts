import { describe, expect, it } from "vitest";

import { retryPolicySchema } from "../../../contracts/events/retry.ts";
import { EVENT_BYTES_MAX, EVENT_DEPTH_MAX, MESSAGE_BYTES_MAX, QUEUE_DELAY_MS_MAX } from "../../../contracts/limits.ts";
import { utf8Length } from "../../../contracts/data/value.ts";
import type { Ended } from "../engine/part.ts";
import { batchEventText, chooseBatch } from "./batch.ts";
import { acksById, fateOf } from "./fate.ts";
import type { MessageHead, MessageRow } from "./messages.ts";

const heads = (count: number, more: Partial<MessageHead> = {}): MessageHead[] =>
  Array.from({ length: count }, (_, index) => ({ seq: index + 1, visible_at: 1_000, bytes: 10, depth: 1, ...more }));

describe("a batch", () => {
  it("leaves at once where messages need not wait for company", () => {
    expect(chooseBatch(heads(1), { batchSize: 10, batchWaitMs: 0 }, 1_000)).toEqual({ ready: true, seqs: [1] });
    expect(chooseBatch([], { batchSize: 10, batchWaitMs: 0 }, 1_000)).toBeNull();
  });

  it("waits for company as long as it may, and leaves when it is full", () => {
    const source = { batchSize: 3, batchWaitMs: 500 };
    expect(chooseBatch(heads(2), source, 1_499)).toEqual({ ready: false, until: 1_500, wanted: 1 });
    expect(chooseBatch(heads(2), source, 1_500)).toEqual({ ready: true, seqs: [1, 2] });
    expect(chooseBatch(heads(3), source, 1_000)).toEqual({ ready: true, seqs: [1, 2, 3] });
    expect(chooseBatch(heads(9), source, 1_000)).toEqual({ ready: true, seqs: [1, 2, 3] });
  });

  it("is full, too, when an event can carry no more", () => {
    const big = heads(100, { bytes: MESSAGE_BYTES_MAX });
    const choice = chooseBatch(big, { batchSize: 100, batchWaitMs: 60_000 }, 1_000);
    expect(choice).toEqual({ ready: true, seqs: [1, 2, 3, 4] });
  });

  it("fits an event, whatever its messages are", () => {
    const value = JSON.stringify("x".repeat(6_000));
    const all = heads(100, { bytes: utf8Length(value) });
    const choice = chooseBatch(all, { batchSize: 100, batchWaitMs: 0 }, 1_000);
    const count = choice?.ready === true ? choice.seqs.length : 0;
    expect(count).toBe(100);
    const row = { id: `msg_${"x".repeat(20)}`, sent_at: 1e13, attempts: 98, value } as MessageRow;
    const text = batchEventText(
      "q".repeat(64),
      Array.from({ length: count }, () => row),
    );
    expect(utf8Length(text)).toBeLessThanOrEqual(EVENT_BYTES_MAX);
    expect(utf8Length(text)).toBeLessThanOrEqual(256 + count * (utf8Length(value) + 160));
  });

  it("takes no message along that the bound on depth will refuse", () => {
    const deep = { depth: EVENT_DEPTH_MAX + 1 };
    const [one, two, three, four] = heads(4);
    const mixed = [one, two, { ...three, ...deep }, { ...four, ...deep }] as MessageHead[];
    const source = { batchSize: 10, batchWaitMs: 60_000 };
    expect(chooseBatch(mixed, source, 1_000)).toEqual({ ready: true, seqs: [1, 2] });
    expect(chooseBatch(mixed.slice(2), { ...source, batchWaitMs: 0 }, 1_000)).toEqual({ ready: true, seqs: [3, 4] });
  });
});

describe("the fate of a message", () => {
  const policy = retryPolicySchema.parse({
    policy: "linear",
    delayMs: 100,
    jitter: 0,
    maxAttempts: 3,
    maxAgeMs: 10_000,
  });
  const ok: Ended = { outcome: "ok", executionId: "exe_1", durationMs: 1, acks: null, response: null };
  const failed: Ended = {
    outcome: "failed",
    executionId: "exe_1",
    durationMs: 1,
    code: "script_error",
    message: "boom",
  };
  const message = { id: "msg_1", attempts: 0, since: 1_000 };
  const judged = (
    result: Ended,
    more: { acked?: string[]; retried?: { id: string; delayMs: number | null }[] } = {},
    from = message,
  ) => fateOf(from, { result, acks: acksById({ acked: [], retried: [], ...more }) }, policy, 2_000, 0);

  it("goes by how the run ended where the handler said nothing of it", () => {
    expect(judged(ok)).toEqual({ fate: "acked" });
    expect(judged(failed)).toMatchObject({
      fate: "back",
      visibleAt: 2_100,
      error: { code: "script_error", message: "boom" },
    });
    expect(judged(failed, { acked: ["msg_2"] })).toMatchObject({ fate: "back" });
  });

  it("goes by what the handler said of it", () => {
    expect(judged(failed, { acked: ["msg_1"] })).toEqual({ fate: "acked" });
    expect(judged(ok, { retried: [{ id: "msg_1", delayMs: null }] })).toMatchObject({ fate: "back", visibleAt: 2_100 });
    expect(judged(ok, { retried: [{ id: "msg_1", delayMs: 5_000 }] })).toMatchObject({
      fate: "back",
      visibleAt: 7_000,
    });
    expect(judged(ok, { retried: [{ id: "msg_1", delayMs: 0 }], acked: ["msg_1"] })).toEqual({ fate: "acked" });
  });

  it("comes back later with each attempt, and dies with the last or of age", () => {
    expect(judged(failed, {}, { ...message, attempts: 1 })).toMatchObject({ fate: "back", visibleAt: 2_200 });
    expect(judged(failed, {}, { ...message, attempts: 2 })).toMatchObject({ fate: "dead" });
    expect(judged(ok, { retried: [{ id: "msg_1", delayMs: 0 }] }, { ...message, attempts: 2 })).toMatchObject({
      fate: "dead",
    });
    expect(judged(failed, {}, { ...message, since: -8_000 })).toMatchObject({ fate: "dead" });
    expect(judged(ok, { retried: [{ id: "msg_1", delayMs: QUEUE_DELAY_MS_MAX * 2 }] })).toMatchObject({ fate: "dead" });
  });

  it("is death where nobody is left to have it, and silence where a chain of events was too long", () => {
    const refused = (code: string): Ended => ({ outcome: "refused", executionId: null, code, message: "no" });
    expect(judged(refused("not_found"))).toEqual({ fate: "dead", error: { code: "not_found", message: "no" } });
    expect(judged(refused("over_budget"))).toEqual({ fate: "dropped" });
  });
});
