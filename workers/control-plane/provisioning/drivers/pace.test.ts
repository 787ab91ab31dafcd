import { expect, test } from "vitest";

import { MACHINES_PACED_MAX } from "../../../../contracts/limits.ts";
import { Pace } from "./pace.ts";

function paced(waitMs = 10_000) {
  let now = 0;
  const slept: number[] = [];
  const pace = new Pace({
    pauseMs: 1_000,
    waitMs,
    now: () => now,
    sleep: async (ms) => void slept.push(ms),
  });
  return { pace, slept, pass: (ms: number) => (now += ms) };
}

test("calls about one machine are a second apart, and those about others do not wait for them", async () => {
  const { pace, slept, pass } = paced();
  await pace.turn("a");
  await pace.turn("a");
  await pace.turn("b");
  await pace.turn("a");
  expect(slept).toEqual([1_000, 2_000]);
  pass(10_000);
  await pace.turn("a");
  expect(slept).toHaveLength(2);
});

test("no call is made for as long as the provider said", async () => {
  const { pace, slept } = paced();
  pace.hold("a", 4_000);
  pace.hold("a", 2_000);
  await pace.turn("a");
  expect(slept).toEqual([4_000]);
});

test("a turn that is too far away is refused at once, with how long it is", async () => {
  const { pace, slept } = paced(3_000);
  pace.hold("a", 5_000);
  await expect(pace.turn("a")).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 5_000 });
  expect(slept).toEqual([]);
});

test("what it remembers is bounded, and the machine that was called last stays", async () => {
  const { pace, slept } = paced();
  await pace.turn("first");
  for (let count = 0; count < MACHINES_PACED_MAX; count++) await pace.turn(`machine-${count}`);
  await pace.turn(`machine-${MACHINES_PACED_MAX - 1}`);
  expect(slept).toEqual([1_000]);
  await pace.turn("first");
  expect(slept).toEqual([1_000]);
});
