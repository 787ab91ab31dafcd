import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { RateLimiter } from "./limiter.ts";

const START = 1_800_000_000_000;
const MINUTE_MS = 60_000;

const minutes = (bucketsMax = 1_000): RateLimiter => new RateLimiter(MINUTE_MS, bucketsMax);

/** Takes until it is refused; answers how often it was let through. */
function drain(limiter: RateLimiter, key: string, limit: number, now: number): number {
  let count = 0;
  while (limiter.take(key, limit, now).allowed) count++;
  return count;
}

describe("a limiter", () => {
  test("keeps keys apart", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.constantFrom("a", "b", "c"), pause: fc.integer({ min: -100, max: 30_000 }) })),
        (asked) => {
          const together = minutes();
          const alone = new Map(["a", "b", "c"].map((key) => [key, minutes()]));
          let now = START;
          for (const { key, pause } of asked) {
            now += pause;
            expect(together.take(key, 2, now)).toEqual(alone.get(key)?.take(key, 2, now));
          }
        },
      ),
    );
  });

  test("lets no key have more than its limit and its rate, whatever it forgets in between", () => {
    const asked = fc.array(
      fc.record({ key: fc.constantFrom("a", "b", "c", "d"), pause: fc.integer({ min: -20_000, max: 90_000 }) }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(asked, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 8 }), (asked, limit, room) => {
        const limiter = minutes(room);
        const counts = new Map<string, number>();
        let now = START;
        let forwardMs = 0;
        for (const { key, pause } of asked) {
          now += pause;
          forwardMs += Math.max(0, pause);
          if (limiter.take(key, limit, now).allowed) counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        const most = limit + (forwardMs * limit) / MINUTE_MS;
        // With no room, a key may have had a share of the common bucket besides its own.
        for (const count of counts.values()) expect(count).toBeLessThanOrEqual(room < 4 ? 2 * most : most);
      }),
    );
  });

  test("keeps its memory bounded against ten thousand made-up keys, and an empty bucket empty", () => {
    const limiter = minutes(100);
    expect(drain(limiter, "victim", 5, START)).toBe(5);
    for (let index = 0; index < 10_000; index++) limiter.take(`made-up ${index}`, 5, START + 1 + (index >> 4));
    expect(limiter.size).toBe(100);
    expect(limiter.take("victim", 5, START + 700).allowed).toBe(false);
  });

  test("counts those for whom there is no room together, until there is some", () => {
    const limiter = minutes(10);
    for (let index = 0; index < 10; index++) limiter.take(`early ${index}`, 5, START);
    expect(limiter.take("late 1", 2, START).allowed).toBe(true);
    expect(limiter.take("late 2", 2, START).allowed).toBe(true);
    expect(limiter.look("late 3", 2, START).allowed).toBe(false);
    expect(limiter.take("late 3", 2, START).allowed).toBe(false);
    expect(limiter.take("early 3", 5, START)).toMatchObject({ allowed: true, remaining: 3 });
    // After two periods without a request all of them are forgotten, and full.
    limiter.take("somebody", 2, START + MINUTE_MS);
    limiter.take("somebody", 2, START + 2 * MINUTE_MS);
    expect(limiter.size).toBe(1);
    expect(drain(limiter, "late 1", 2, START + 2 * MINUTE_MS)).toBe(2);
    expect(drain(limiter, "late 2", 2, START + 2 * MINUTE_MS)).toBe(2);
  });

  test("looks without counting, and without keeping anything", () => {
    const limiter = minutes();
    expect(limiter.look("a", 3, START)).toEqual({
      allowed: true,
      limit: 3,
      remaining: 3,
      resetSeconds: 0,
      retryAfterSeconds: 0,
    });
    expect(limiter.size).toBe(0);
    expect(drain(limiter, "a", 3, START)).toBe(3);
    for (let index = 0; index < 3; index++) {
      expect(limiter.look("a", 3, START + 10_000)).toMatchObject({
        allowed: false,
        remaining: 0,
        retryAfterSeconds: 10,
      });
    }
    expect(limiter.look("a", 3, START + 20_000)).toMatchObject({ allowed: true, remaining: 1 });
  });

  test("goes by the limit that a key has now", () => {
    const limiter = minutes();
    expect(drain(limiter, "a", 10, START)).toBe(10);
    expect(limiter.take("a", 20, START).allowed).toBe(false);
    expect(drain(limiter, "a", 20, START + MINUTE_MS / 2)).toBe(10);
    expect(drain(limiter, "a", 1, START + 10 * MINUTE_MS)).toBe(1);
  });
});
