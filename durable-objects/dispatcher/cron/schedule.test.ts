import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { platformErrorOf, type PlatformError } from "../../../contracts/errors.ts";
import { CRON_EXPRESSION_LENGTH_MAX, CRON_PREVIEW_MAX } from "../../../contracts/limits.ts";
import { checkSchedule, nextDue, previewSchedule } from "./schedule.ts";

const BERLIN = "Europe/Berlin";
const at = (text: string) => Date.parse(text);
const shown = (schedule: string, timeZone: string, after: string, count: number) =>
  previewSchedule({ schedule, timeZone }, at(after), count).map((due) => new Date(due).toISOString().slice(0, 19));

function refusalOf(schedule: string, timeZone = "UTC"): PlatformError {
  try {
    checkSchedule({ schedule, timeZone }, at("2026-11-21T00:00:00Z"));
  } catch (error) {
    const refusal = platformErrorOf(error);
    if (refusal !== null) return refusal;
    throw error;
  }
  throw new Error(`${schedule} in ${timeZone} was not refused`);
}

describe("a schedule", () => {
  it("has five fields, or six with seconds first, in the time of its zone", () => {
    expect(shown("30 9 * * MON-FRI", BERLIN, "2026-11-20T12:00:00Z", 2)).toEqual([
      "2026-11-23T08:30:00",
      "2026-11-24T08:30:00",
    ]);
    expect(shown("*/20 0 12 * * *", "UTC", "2026-11-20T12:00:00Z", 3)).toEqual([
      "2026-11-20T12:00:20",
      "2026-11-20T12:00:40",
      "2026-11-21T12:00:00",
    ]);
    expect(shown("  @daily ", "Asia/Kathmandu", "2026-11-20T12:00:00Z", 1)).toEqual(["2026-11-20T18:15:00"]);
    expect(shown("0 0 L * *", "UTC", "2026-11-20T12:00:00Z", 2)).toEqual([
      "2026-11-30T00:00:00",
      "2026-12-31T00:00:00",
    ]);
  });

  it("is due later than the time it is asked for, on the second", () => {
    const everySecond = { schedule: "* * * * * *", timeZone: "UTC" };
    expect(nextDue(everySecond, 1_800_000_000_000)).toBe(1_800_000_001_000);
    expect(nextDue(everySecond, 1_800_000_000_999)).toBe(1_800_000_001_000);
    expect(nextDue(everySecond, 1_800_000_001_001)).toBe(1_800_000_002_000);
  });

  it("is due on the day of the month or of the week where both are given, and on both with a plus", () => {
    expect(shown("0 0 13 * FRI", "UTC", "2026-11-01T00:00:00Z", 3)).toEqual([
      "2026-11-06T00:00:00",
      "2026-11-13T00:00:00",
      "2026-11-20T00:00:00",
    ]);
    expect(shown("0 0 13 * +FRI", "UTC", "2026-11-01T00:00:00Z", 2)).toEqual([
      "2026-11-13T00:00:00",
      "2027-08-13T00:00:00",
    ]);
  });

  it("is shown in advance no further than the platform's bound", () => {
    expect(shown("* * * * *", "UTC", "2026-11-01T00:00:00Z", 10_000)).toHaveLength(CRON_PREVIEW_MAX);
    expect(shown("* * * * *", "UTC", "2026-11-01T00:00:00Z", 0)).toHaveLength(1);
    expect(shown("* * * * *", "UTC", "2026-11-01T00:00:00Z", Number.NaN)).toHaveLength(1);
  });
});

describe("where clocks go forward", () => {
  // Berlin, 2027-03-28: 02:00 is 03:00, at 01:00 UTC.
  it("a time of day that is not there is due at the first moment after the gap, once", () => {
    expect(shown("30 2 * * *", BERLIN, "2027-03-26T12:00:00Z", 3)).toEqual([
      "2027-03-27T01:30:00",
      "2027-03-28T01:00:00",
      "2027-03-29T00:30:00",
    ]);
    expect(shown("0,30 2,14 28 3 *", BERLIN, "2027-03-27T12:00:00Z", 3)).toEqual([
      "2027-03-28T01:00:00",
      "2027-03-28T12:00:00",
      "2027-03-28T12:30:00",
    ]);
  });

  it("an interval leaves out what is not there", () => {
    expect(shown("*/30 1-3 * * *", BERLIN, "2027-03-28T00:00:00Z", 3)).toEqual([
      "2027-03-28T00:30:00",
      "2027-03-28T01:00:00",
      "2027-03-28T01:30:00",
    ]);
  });
});

describe("where clocks go back", () => {
  // Berlin, 2027-10-31: 03:00 is 02:00 again, at 01:00 UTC.
  it("a time of day that comes twice is due the first time", () => {
    expect(shown("30 2 * * *", BERLIN, "2027-10-30T12:00:00Z", 2)).toEqual([
      "2027-10-31T00:30:00",
      "2027-11-01T01:30:00",
    ]);
  });

  it("an interval is due both times", () => {
    expect(shown("*/30 2 * * *", BERLIN, "2027-10-30T12:00:00Z", 5)).toEqual([
      "2027-10-31T00:00:00",
      "2027-10-31T00:30:00",
      "2027-10-31T01:00:00",
      "2027-10-31T01:30:00",
      "2027-11-01T01:00:00",
    ]);
  });
});

describe("a schedule is refused", () => {
  it.each([
    ["60 * * * *", "minute"],
    ["* * * * * * *", "five fields"],
    ["* * * *", "five fields"],
    ["", "five fields"],
    ["2026-12-01T00:00:00", "five fields"],
    ["*/0 * * * *", "stepping"],
    ["0/5 * * * *", "stepping"],
    ["H * * * *", "illegal"],
    ["0 0 * * FRI#6", "weekday"],
    ["@reboot", "@reboot"],
    ["@sometimes", "@sometimes"],
  ])("that cannot be read: %s", (schedule, hint) => {
    const refusal = refusalOf(schedule);
    expect(refusal.code).toBe("invalid");
    expect(refusal.message.toLowerCase()).toContain(hint);
    expect(refusal.details["issues"]).toMatchObject([{ field: "schedule" }]);
  });

  it.each(["0 0 31 2 *", "0 0 30 2 +MON", "0 0 31 2,4,6,9,11 *", "0 0 29 2 +MON"])(
    "that is never due: %s",
    (schedule) => {
      expect(refusalOf(schedule).message).toContain("within 8 years");
    },
  );

  it("in a zone that is not known, or that is a mere offset", () => {
    for (const zone of ["Mars/Olympus", "+05:30", "", "Europe/Berlin\0", "../UTC"]) {
      expect(refusalOf("* * * * *", zone).details["issues"]).toMatchObject([{ field: "timeZone" }]);
    }
  });

  it("for a time that no clock shows", () => {
    for (const after of [Number.NaN, -1, 8.64e15, Infinity]) {
      expect(() => nextDue({ schedule: "* * * * *", timeZone: "UTC" }, after)).toThrow("epoch milliseconds");
    }
  });

  it("in good time, whatever is written: it is read, or refused as invalid", () => {
    const good = fc.constantFrom("*", "?", "*/5", "L", "1", "1-3", "2,4", "5-9/2");
    const odd = fc.oneof(
      fc.constantFrom("LW", "W", "15W", "FRI#2", "FRI#L", "+1#5", "MON-SUN/2", "JAN", "@", "-", ","),
      fc.integer({ min: -2, max: 70 }).map(String),
      fc.string({ maxLength: 6 }),
      fc.stringMatching(/^[0-9*,/LW#+-]{1,12}$/),
    );
    const part = fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: odd });
    const text = fc.oneof(
      { weight: 4, arbitrary: fc.array(part, { minLength: 5, maxLength: 6 }).map((parts) => parts.join(" ")) },
      { weight: 1, arbitrary: fc.string({ maxLength: CRON_EXPRESSION_LENGTH_MAX }) },
    );
    const after = at("2026-11-21T00:00:00Z");
    let read = 0;
    fc.assert(
      fc.property(
        text,
        fc.constantFrom("UTC", BERLIN, "America/New_York", "Australia/Lord_Howe"),
        (schedule, timeZone) => {
          const startedAt = performance.now();
          try {
            const due = nextDue({ schedule, timeZone }, after);
            if (due !== null) {
              expect(due).toBeGreaterThan(after);
              expect(due % 1_000).toBe(0);
            }
            read += 1;
          } catch (error) {
            expect(platformErrorOf(error)?.code).toBe("invalid");
          }
          expect(performance.now() - startedAt).toBeLessThan(1_000);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(50);
  });
});
