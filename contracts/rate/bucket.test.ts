import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fill, fullBucket, RATE_LIMIT_MAX, standingOf, take, unitsOfRequest } from "./bucket.ts";

const START = 1_800_000_000_000;

/** Requests that get through at given pauses, in milliseconds; a negative one is a clock that is set back. */
function through(rate: { limit: number; periodMs: number }, pauses: number[], addedPerMs?: number): number {
  const bucket = fullBucket(rate, START);
  let now = START;
  let count = 0;
  for (const pause of pauses) {
    now += pause;
    fill(bucket, rate, now, addedPerMs);
    if (take(bucket, rate)) count++;
  }
  return count;
}

const rates = fc.record({ limit: fc.integer({ min: 1, max: 500 }), periodMs: fc.constantFrom(1_000, 60_000) });

describe("a bucket", () => {
  test("lets its limit through at once, and then what its rate brings", () => {
    const rate = { limit: 10, periodMs: 1_000 };
    expect(
      through(
        rate,
        Array.from({ length: 50 }, () => 0),
      ),
    ).toBe(10);
    expect(
      through(
        rate,
        Array.from({ length: 100 }, () => 50),
      ),
    ).toBe(10 + 49);
    const bucket = fullBucket(rate, START);
    for (let index = 0; index < 10; index++) take(bucket, rate);
    fill(bucket, rate, START + 99);
    expect(take(bucket, rate)).toBe(false);
    fill(bucket, rate, START + 100);
    expect([take(bucket, rate), take(bucket, rate)]).toEqual([true, false]);
  });

  test("never gives more than its limit and the rate times the time that went forward", () => {
    fc.assert(
      fc.property(rates, fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 300 }), (rate, pauses) => {
        const forwardMs = pauses.filter((pause) => pause > 0).reduce((sum, pause) => sum + pause, 0);
        expect(through(rate, pauses)).toBeLessThanOrEqual(
          rate.limit + Math.floor((forwardMs * rate.limit) / rate.periodMs),
        );
      }),
    );
  });

  test("gives all that, where it is asked often enough", () => {
    fc.assert(
      fc.property(
        rates,
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 300 }),
        (rate, pauses) => {
          const bucket = fullBucket(rate, START);
          while (take(bucket, rate));
          let now = START;
          let count = 0;
          for (const pause of pauses) {
            now += pause;
            fill(bucket, rate, now);
            while (take(bucket, rate)) count++;
          }
          expect(count).toBe(Math.floor(((now - START) * rate.limit) / rate.periodMs));
        },
      ),
    );
  });

  test("takes times that come out of order for one time, and adds none of it twice", () => {
    const rate = { limit: 5, periodMs: 1_000 };
    const pauses = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? -150 : 150));
    expect(through(rate, pauses)).toBe(5);
  });

  test("goes on at once where the clock was set back by a day", () => {
    const rate = { limit: 5, periodMs: 1_000 };
    const day = 86_400_000;
    expect(through(rate, [0, 0, 0, 0, 0, -day, 0, 200, 0, 200])).toBe(7);
  });

  test("says when there is room, and when there is all of it", () => {
    const rate = { limit: 6, periodMs: 60_000 };
    const bucket = fullBucket(rate, START);
    expect(standingOf(bucket, rate, true)).toMatchObject({
      limit: 6,
      remaining: 6,
      resetSeconds: 0,
      retryAfterSeconds: 0,
    });
    for (let index = 0; index < 6; index++) take(bucket, rate);
    expect(standingOf(bucket, rate, false)).toMatchObject({ remaining: 0, resetSeconds: 60, retryAfterSeconds: 10 });
    fill(bucket, rate, START + 9_001);
    expect(standingOf(bucket, rate, false)).toMatchObject({ remaining: 0, resetSeconds: 51, retryAfterSeconds: 1 });
    expect(take(bucket, rate)).toBe(false);
    fill(bucket, rate, START + 10_000);
    expect(take(bucket, rate)).toBe(true);
  });

  test("says the truth about when to come again", () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 50 });
    fc.assert(
      fc.property(rates, pauses, (rate, each) => {
        const bucket = fullBucket(rate, START);
        while (take(bucket, rate));
        let now = START;
        for (const pause of each) {
          now += pause;
          fill(bucket, rate, now);
          take(bucket, rate);
          const { retryAfterSeconds, resetSeconds } = standingOf(bucket, rate, true);
          const later = { ...bucket };
          fill(later, rate, now + retryAfterSeconds * 1_000);
          expect(take(later, rate)).toBe(true);
          const full = { ...bucket };
          fill(full, rate, now + resetSeconds * 1_000);
          expect(full.level).toBe(rate.limit * unitsOfRequest(rate));
        }
      }),
    );
  });

  test("fills more slowly where it gets but a part of its rate", () => {
    const rate = { limit: 10, periodMs: 1_000 };
    const half = (10 * 1_000) / 2;
    expect(
      through(rate, [...Array.from({ length: 10 }, () => 0), ...Array.from({ length: 20 }, () => 100)], half),
    ).toBe(20);
  });

  test("counts exactly up to the largest limit, and takes a larger one for that", () => {
    const rate = { limit: RATE_LIMIT_MAX, periodMs: 60_000 };
    const bucket = fullBucket(rate, START);
    expect(Number.isSafeInteger(bucket.level)).toBe(true);
    expect(take(bucket, rate)).toBe(true);
    expect(standingOf(bucket, rate, true).remaining).toBe(RATE_LIMIT_MAX - 1);
    const larger = { limit: Number.MAX_SAFE_INTEGER, periodMs: 60_000 };
    fill(bucket, larger, START + 3_600_000);
    expect(standingOf(bucket, larger, true)).toMatchObject({ limit: RATE_LIMIT_MAX, remaining: RATE_LIMIT_MAX });
  });
});
