import { describe, expect, it } from "vitest";

import { DELIVERIES_CONCURRENCY, SATURATED_PAUSE_MS, SATURATED_PAUSE_MS_MAX } from "../../../contracts/limits.ts";
import { Window } from "./window.ts";

/** How many a window lets in beside so many. */
function letsIn(window: Window, underWay: number, now: number): number {
  let count = 0;
  while (window.enter(underWay + count, now)) count += 1;
  return count;
}

describe("the number of deliveries under way", () => {
  it("has a bound from the beginning", () => {
    expect(letsIn(new Window(), 0, 0)).toBe(DELIVERIES_CONCURRENCY);
  });

  it("shrinks to what found room, and grows again by what succeeds", () => {
    const window = new Window();
    // Five have room, the others come back one after another.
    for (let others = DELIVERIES_CONCURRENCY - 1; others >= 5; others -= 1) window.refused(others, 0, 1_000, 0);
    expect(letsIn(window, 5, 1_000)).toBe(0);
    expect(letsIn(window, 4, 1_000)).toBe(1);
    for (let n = 0; n < 6; n += 1) window.admitted();
    expect(letsIn(window, 5, 1_000)).toBe(1);
    for (let n = 0; n < 1_000; n += 1) window.admitted();
    expect(letsIn(window, 0, 1_000)).toBe(DELIVERIES_CONCURRENCY);
  });

  it("is tried one by one while nothing has room, less and less often", () => {
    const window = new Window();
    let now = 1_000;
    const pauses: number[] = [];
    window.refused(0, 0, now, 0);
    for (let n = 0; n < 7; n += 1) {
      pauses.push(window.probeAt - now);
      expect(letsIn(window, 0, window.probeAt - 1)).toBe(0);
      now = window.probeAt;
      expect(letsIn(window, 0, now)).toBe(1);
      window.refused(0, 0, now, 0);
    }
    expect(pauses[0]).toBe(SATURATED_PAUSE_MS);
    expect(pauses[1]).toBe(2 * SATURATED_PAUSE_MS);
    expect(pauses.at(-1)).toBe(SATURATED_PAUSE_MS_MAX);
  });

  it("counts those that were refused together as one, and waits as long as it was told", () => {
    const window = new Window();
    for (let others = 20; others >= 0; others -= 1) window.refused(others, 0, 1_000, 0);
    expect(window.probeAt).toBe(1_000 + SATURATED_PAUSE_MS);
    const told = new Window();
    told.refused(0, 9_000, 1_000, 0);
    expect(told.probeAt).toBe(10_000);
  });

  it("is tried beyond what is under way for long, for room may have come", () => {
    const window = new Window();
    window.refused(3, 0, 1_000, 0);
    expect(letsIn(window, 3, 1_000)).toBe(0);
    expect(letsIn(window, 3, window.probeAt)).toBe(1);
  });
});
