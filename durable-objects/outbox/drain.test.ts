import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import {
  OUTBOX_ATTEMPTS_MAX,
  OUTBOX_CONCURRENCY,
  OUTBOX_DELIVERY_MS,
  OUTBOX_DRAIN_MS,
  OUTBOX_RETRY_MS_MAX,
  OUTBOX_RETRY_MS_MIN,
} from "../../contracts/limits.ts";
import { drain, retryDelay } from "./drain.ts";
import { SingleFlight } from "./single-flight.ts";

interface Row {
  key: string;
  attempts: number;
  dueAt: number | null;
}

/** An outbox in memory with a clock of its own. */
function outbox(keys: string[], deliver: (row: Row) => Promise<void>) {
  const state = { rows: keys.map((key): Row => ({ key, attempts: 0, dueAt: 0 })), now: 1_000 };
  const deps = {
    now: () => state.now,
    due: (now: number, limit: number) =>
      state.rows.filter(({ dueAt }) => dueAt !== null && dueAt <= now).slice(0, limit),
    deliver,
    settle: (row: Row) => {
      state.rows = state.rows.filter((other) => other !== row);
    },
    postpone: (row: Row, retryAt: number | null) => {
      row.attempts += 1;
      row.dueAt = retryAt;
    },
  };
  return { state, deps };
}

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("draining an outbox", () => {
  it("delivers everything, so many at once and no more", async () => {
    let running = 0;
    let most = 0;
    const keys = Array.from({ length: 3 * OUTBOX_CONCURRENCY + 1 }, (_, index) => `key-${index}`);
    const { state, deps } = outbox(keys, async () => {
      most = Math.max(most, (running += 1));
      await scheduler.wait(1);
      running -= 1;
    });
    await drain(deps);
    expect(state.rows).toEqual([]);
    expect(most).toBe(OUTBOX_CONCURRENCY);
  });

  it("delivers the others where one fails, and postpones that one", async () => {
    const { state, deps } = outbox(["a", "b", "c"], async ({ key }) => {
      if (key === "b") throw new Error("no");
    });
    await drain(deps);
    expect(state.rows).toEqual([{ key: "b", attempts: 1, dueAt: 1_000 + OUTBOX_RETRY_MS_MIN }]);
  });

  it("stops instead of going on for ever when deliveries take long", async () => {
    const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
    const { state, deps } = outbox(keys, async () => {
      state.now += OUTBOX_DRAIN_MS / OUTBOX_CONCURRENCY;
    });
    await drain(deps);
    expect(state.rows).toHaveLength(100 - OUTBOX_CONCURRENCY);
  });

  it("gives up on a delivery that does not answer", async () => {
    vi.useFakeTimers();
    const { state, deps } = outbox(["a"], () => new Promise(() => {}));
    const drained = drain(deps);
    await vi.advanceTimersByTimeAsync(OUTBOX_DELIVERY_MS);
    await drained;
    expect(state.rows).toMatchObject([{ key: "a", attempts: 1 }]);
  });

  it("waits longer after each failure, up to a bound, and at last no more", () => {
    const delays = Array.from({ length: OUTBOX_ATTEMPTS_MAX - 1 }, (_, index) => retryDelay(index + 1));
    expect(delays.slice(0, 3)).toEqual([1, 2, 4].map((factor) => factor * OUTBOX_RETRY_MS_MIN));
    expect(delays.at(-1)).toBe(OUTBOX_RETRY_MS_MAX);
    expect(retryDelay(OUTBOX_ATTEMPTS_MAX)).toBeNull();
  });
});

describe("a single flight", () => {
  it("runs once more for whoever asks while it runs, however many they are", async () => {
    let runs = 0;
    let running = 0;
    let most = 0;
    const flight = new SingleFlight(async () => {
      most = Math.max(most, (running += 1));
      await scheduler.wait(1);
      running -= 1;
      runs += 1;
    });
    const first = flight.run();
    await Promise.all([first, flight.run(), flight.run(), flight.run()]);
    expect([runs, most]).toEqual([2, 1]);
    await flight.run();
    expect(runs).toBe(3);
  });

  it("flies again after a run that failed", async () => {
    let runs = 0;
    const flight = new SingleFlight(async () => {
      runs += 1;
      if (runs === 1) throw new Error("no");
    });
    await expect(flight.run()).rejects.toThrow("no");
    await flight.run();
    expect(runs).toBe(2);
  });
});
