import { describe, expect, it } from "vitest";

import { CRON_MISSED_MAX } from "../../../contracts/limits.ts";
import { passOf, startOf } from "./pass.ts";
import { dueTimes, lastDue } from "./schedule.ts";

const at = (text: string) => Date.parse(text);
const hourly = { schedule: "0 * * * *", timeZone: "UTC" };

describe("a pass over a schedule", () => {
  it("that is on time has missed nothing", () => {
    const due = at("2026-11-21T12:00:00Z");
    expect(passOf(hourly, due, due)).toEqual({
      scheduledAt: due,
      missed: 0,
      nextAt: at("2026-11-21T13:00:00Z"),
      steps: 1,
    });
    expect(passOf(hourly, due, at("2026-11-21T12:59:59.999Z"))).toMatchObject({ scheduledAt: due, missed: 0 });
  });

  it("that is late is for the newest due time, and counts those before", () => {
    expect(passOf(hourly, at("2026-11-21T12:00:00Z"), at("2026-11-21T15:00:00Z"))).toMatchObject({
      scheduledAt: at("2026-11-21T15:00:00Z"),
      missed: 3,
      nextAt: at("2026-11-21T16:00:00Z"),
    });
  });

  it("that is very late takes no longer for it", () => {
    const pass = passOf(hourly, at("2006-01-01T00:00:00Z"), at("2026-11-21T12:34:56Z"));
    expect(pass).toMatchObject({
      scheduledAt: at("2026-11-21T12:00:00Z"),
      missed: CRON_MISSED_MAX,
      nextAt: at("2026-11-21T13:00:00Z"),
    });
    expect(pass.steps).toBeLessThan(CRON_MISSED_MAX + 5);
  });

  it("of what is due never again says so", () => {
    const leap = { schedule: "0 0 29 2 +MON", timeZone: "UTC" };
    const due = at("2044-02-29T00:00:00Z");
    expect(passOf(leap, due, due)).toMatchObject({ scheduledAt: due, missed: 0, nextAt: null });
  });
});

describe("the last due time", () => {
  it("is that which comes next before it, whatever the clocks do", () => {
    const schedules = ["30 2 * * *", "*/30 * * * *", "0 0,2,3 * * *"];
    for (const timeZone of ["Europe/Berlin", "Australia/Lord_Howe", "America/Santiago"]) {
      for (const schedule of schedules) {
        for (const from of [
          "2026-03-28T20:00:00Z",
          "2026-10-24T20:00:00Z",
          "2026-04-04T10:00:00Z",
          "2026-10-03T10:00:00Z",
        ]) {
          let count = 0;
          for (const due of dueTimes({ schedule, timeZone }, at(from))) {
            expect(lastDue({ schedule, timeZone }, due)).toBe(due);
            expect(lastDue({ schedule, timeZone }, due + 999)).toBe(due);
            count += 1;
            if (count === 20) break;
          }
        }
      }
    }
  });
});

describe("a jitter", () => {
  const due = at("2026-11-21T12:00:00Z");

  it("delays by chance, at most so long, and never makes early", () => {
    const source = { ...hourly, jitterMs: 1_000 };
    expect(startOf(source, due, 0)).toBe(due);
    expect(startOf(source, due, 0.5)).toBe(due + 500);
    expect(startOf(source, due, 0.9999)).toBe(due + 1_000);
    expect(startOf({ ...hourly, jitterMs: 0 }, due, 0.9999)).toBe(due);
  });

  it("ends before the next due time", () => {
    const source = { schedule: "* * * * *", timeZone: "UTC", jitterMs: 3_600_000 };
    expect(startOf(source, due, 0.999999)).toBe(due + 59_999);
  });
});
