import { expect, it } from "vitest";

import { EXPIRED, WallClock } from "./wall-clock.ts";

const settled = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), scheduler.wait(5).then(() => false)]);

it("ends the waits that are overdue when it is swept, and no others", async () => {
  const clock = new WallClock();
  const short = clock.visited(100, 1_000);
  const long = clock.visited(200, 1_000);
  clock.sweep(1_099);
  expect(await settled(short.expired)).toBe(false);
  clock.sweep(1_100);
  expect(await short.expired).toBe(EXPIRED);
  expect(await settled(long.expired)).toBe(false);
});

it("forgets a wait that was ended", async () => {
  const clock = new WallClock();
  const wait = clock.visited(100, 1_000);
  wait.end();
  clock.sweep(9_999);
  expect(await settled(wait.expired)).toBe(false);
});

it("ends a wait with a timer of its own by itself", async () => {
  expect(await new WallClock().timed(1).expired).toBe(EXPIRED);
});
