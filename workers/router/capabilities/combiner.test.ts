import { describe, expect, it, vi } from "vitest";

import { STATE_CALL_MS, STATE_CALLS_COMBINED_MAX, STATE_CALLS_IN_FLIGHT_MAX } from "../../../contracts/limits.ts";
import { Combiner } from "./combiner.ts";

/** A far side that answers when it is told to. */
function farSide(sizeMax = 1_000) {
  const sent: { calls: number[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const combiner = new Combiner<number, string>({
    send: (calls) =>
      new Promise((resolve, reject) => {
        sent.push({ calls, answer: () => resolve(calls.map((call) => `answer ${call}`)), fail: reject });
      }),
    sizeOf: (call) => call,
    sizeMax,
  });
  const call = (value: number): Promise<string> => combiner.call(value, () => {});
  return { sent, combiner, call };
}

const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

describe("calls that are made together", () => {
  it("go at once while there is room", async () => {
    const { sent, call, combiner } = farSide();
    const first = call(1);
    expect(sent.map(({ calls }) => calls)).toEqual([[1]]);
    sent[0]?.answer();
    expect(await first).toBe("answer 1");
    expect(combiner.isIdle).toBe(true);
  });

  it("wait for room and then go in one, each with its own result", async () => {
    const { sent, call } = farSide();
    const busy = Array.from({ length: STATE_CALLS_IN_FLIGHT_MAX }, (_, index) => call(100 + index));
    const together = [call(1), call(2), call(3)];
    await turn();
    expect(sent).toHaveLength(STATE_CALLS_IN_FLIGHT_MAX);
    sent[0]?.answer();
    await turn();
    expect(sent.at(-1)?.calls).toEqual([1, 2, 3]);
    for (const { answer } of sent) answer();
    expect(await Promise.all(together)).toEqual(["answer 1", "answer 2", "answer 3"]);
    expect(await busy[0]).toBe("answer 100");
  });

  it("fail together, and leave room for the next", async () => {
    const { sent, call, combiner } = farSide();
    const busy = Array.from({ length: STATE_CALLS_IN_FLIGHT_MAX }, (_, index) => call(100 + index));
    const together = [call(1), call(2)].map((each) => each.catch((error: Error) => error.message));
    sent[0]?.answer();
    await turn();
    sent.at(-1)?.fail(new Error("gone"));
    expect(await Promise.all(together)).toEqual(["gone", "gone"]);
    for (const { answer } of sent) answer();
    await Promise.all(busy);
    expect(combiner.isIdle).toBe(true);
  });

  it("are given up when nobody answers, and so is the place where they were made", async () => {
    vi.useFakeTimers();
    try {
      const { call, combiner } = farSide();
      const lost = call(1).catch((error: Error) => error.message);
      expect(combiner.isStuck).toBe(false);
      await vi.advanceTimersByTimeAsync(2 * STATE_CALL_MS);
      expect(await lost).toContain("does not answer");
      expect(combiner.isStuck).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it("are no more, and weigh no more, than one call may", async () => {
    const { sent, call } = farSide(10);
    const busy = Array.from({ length: STATE_CALLS_IN_FLIGHT_MAX }, () => call(1));
    const heavy = [call(6), call(6)];
    const many = Array.from({ length: STATE_CALLS_COMBINED_MAX + 1 }, () => call(0));
    for (let index = 0; index < 10; index++) {
      for (const { answer } of sent) answer();
      await turn();
    }
    await Promise.all([...busy, ...heavy, ...many]);
    expect(sent.every(({ calls }) => calls.reduce((sum, each) => sum + each, 0) <= 10)).toBe(true);
    expect(Math.max(...sent.map(({ calls }) => calls.length))).toBe(STATE_CALLS_COMBINED_MAX);
  });
});
