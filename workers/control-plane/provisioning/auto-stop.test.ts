import { describe, expect, test } from "vitest";

import { judgeIdleness } from "./auto-stop.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NOON = Date.UTC(2026, 10, 21, 12);
const hour = (from: number, requests: number) => ({ hourAt: NOON + from * HOUR_MS, requests });
const asked = (at: number, requestsSeen: number) => ({ requestedAt: new Date(at), requestsSeen });

describe("a machine that stops by itself", () => {
  test("stays up while requests come, and remembers how many it knows of", () => {
    const now = NOON + 30 * MINUTE_MS;
    expect(judgeIdleness(asked(NOON, 5), [hour(0, 6)], { autoStopMinutes: 5, now })).toEqual({
      stop: false,
      note: { requestsSeen: 6, requestedAt: new Date(now) },
    });
  });

  test("stops after as many minutes without one, and not a minute before", () => {
    const row = asked(NOON, 6);
    const at = (minutes: number) => ({ autoStopMinutes: 5, now: NOON + minutes * MINUTE_MS });
    expect(judgeIdleness(row, [hour(0, 6)], at(4.9))).toEqual({ stop: false, note: null });
    expect(judgeIdleness(row, [hour(0, 6)], at(5))).toEqual({ stop: true });
  });

  test("counts over the turn of an hour", () => {
    const last = NOON + 59 * MINUTE_MS;
    const now = NOON + 61 * MINUTE_MS;
    const options = { autoStopMinutes: 5, now };
    expect(judgeIdleness(asked(last, 6), [hour(0, 6)], options)).toEqual({ stop: false, note: null });
    // One came in the new hour; one came late to the old.
    expect(judgeIdleness(asked(last, 6), [hour(0, 6), hour(1, 1)], options)).toMatchObject({
      note: { requestsSeen: 1 },
    });
    expect(judgeIdleness(asked(last, 6), [hour(0, 7)], options)).toMatchObject({ note: { requestsSeen: 0 } });
    const later = { autoStopMinutes: 5, now: now + 5 * MINUTE_MS };
    expect(judgeIdleness(asked(now, 1), [hour(1, 1)], later)).toEqual({ stop: true });
  });
});
