import { CronTime } from "cron";
import { CronExpressionParser } from "cron-parser";
import { describe, expect, it } from "vitest";

import { dueTimes } from "./schedule.ts";

/**
 * Schedules beside what two other libraries make of them, around the hours in which clocks change, and beside the rules
 * themselves, spelt out on the clock of each zone. Away from those hours all are to agree.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Ten zones: north and south, whole and half hours, changes at midnight, in Ramadan, and none at all. */
const ZONES = [
  "UTC",
  "Asia/Kathmandu",
  "Europe/Berlin",
  "Europe/London",
  "America/New_York",
  "America/Santiago",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Pacific/Auckland",
];
const FROM = Date.UTC(2024, 0, 1);
const TO = Date.UTC(2034, 0, 1);

/** The hours and minutes that each names; no hours where all are meant. */
const SCHEDULES: { text: string; fixed: boolean; hours: number[] | null; minutes: number[] }[] = [
  { text: "30 2 * * *", fixed: true, hours: [2], minutes: [30] },
  { text: "0 0,2,14 * * *", fixed: true, hours: [0, 2, 14], minutes: [0] },
  { text: "15 0-3 * * *", fixed: true, hours: [0, 1, 2, 3], minutes: [15] },
  { text: "0 */2 * * *", fixed: false, hours: [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22], minutes: [0] },
  { text: "*/20 1 * * *", fixed: false, hours: [1], minutes: [0, 20, 40] },
  { text: "*/30 * * * *", fixed: false, hours: null, minutes: [0, 30] },
];
type Case = (typeof SCHEDULES)[number];

/** Clocks go from one offset to another; a change that is none stands for a zone without any. */
interface Change {
  zone: string;
  at: number;
  before: number;
  after: number;
}

/** What becomes of a time that is not there, and of one that comes twice. */
interface Rules {
  gap: "first moment after it" | "later by as much" | "left out";
  fold: "first" | "both";
}

const ours = ({ fixed }: Case): Rules =>
  fixed ? { gap: "first moment after it", fold: "first" } : { gap: "left out", fold: "both" };
/** cron-parser tells by the hours alone, and moves by as much as the clock was moved. */
const parsers = ({ hours }: Case): Rules =>
  hours === null ? { gap: "left out", fold: "both" } : { gap: "later by as much", fold: "first" };

const offsetOf = (formatter: Intl.DateTimeFormat, at: number): number => {
  const name = formatter.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign = "+", hours = "0", minutes = "0"] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE);
};

function changesOf(zone: string): Change[] {
  const formatter = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  const changes: Change[] = [];
  let before = offsetOf(formatter, FROM);
  for (let day = FROM; day < TO; day += 24 * HOUR) {
    const after = offsetOf(formatter, day + 24 * HOUR);
    if (after === before) continue;
    let [low, high] = [day, day + 24 * HOUR];
    while (high - low > MINUTE) {
      const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE;
      if (offsetOf(formatter, middle) === before) low = middle;
      else high = middle;
    }
    changes.push({ zone, at: high, before, after });
    before = after;
  }
  return changes.length > 0 ? changes : [{ zone, at: Date.UTC(2026, 2, 29, 1), before, after: before }];
}

/** The moments at which a local time (as if it were UTC) comes, by the rules; from `change.at` on the new offset holds. */
function momentsOf(local: number, { at, before, after }: Change, rules: Rules): number[] {
  const [early, late] = [local - before, local - after];
  const comes = [...(early < at ? [early] : []), ...(late >= at && late !== early ? [late] : [])];
  if (before === after) return [early];
  if (comes.length === 2) return rules.fold === "both" ? comes : comes.slice(0, 1);
  if (comes.length === 1) return comes;
  return { "first moment after it": [at], "later by as much": [early], "left out": [] }[rules.gap];
}

/** All moments of a schedule within a span, worked out from each local minute that it names. */
function spelt({ hours, minutes }: Case, change: Change, rules: Rules, [from, to]: [number, number]): number[] {
  const moments = new Set<number>();
  const firstDay = Math.floor((from - 24 * HOUR) / (24 * HOUR)) * 24 * HOUR;
  for (let day = firstDay; day <= to + 24 * HOUR; day += 24 * HOUR) {
    for (const hour of hours ?? Array.from({ length: 24 }, (_, index) => index)) {
      for (const minute of minutes) {
        for (const at of momentsOf(day + hour * HOUR + minute * MINUTE, change, rules)) moments.add(at);
      }
    }
  }
  return [...moments].filter((at) => at > from && at <= to).toSorted((one, other) => one - other);
}

const until = (times: Iterable<number>, to: number): number[] => {
  const list: number[] = [];
  for (const at of times) {
    if (at > to) break;
    list.push(at);
  }
  return list;
};

function* cronParserTimes({ text }: Case, zone: string, from: number): Generator<number> {
  const expression = CronExpressionParser.parse(text, { tz: zone, currentDate: new Date(from) });
  for (;;) yield expression.next().getTime();
}

function* cronTimes({ text }: Case, zone: string, from: number): Generator<number> {
  const time = new CronTime(text, zone);
  for (let at = from; ; yield at) at = time.getNextDateFrom(new Date(at), zone).toMillis();
}

const shown = (times: number[]) => times.map((at) => new Date(at).toISOString());
const changes = ZONES.flatMap(changesOf);
/** A change forwards and one back of each zone, for the others take their time. */
const fewChanges = ZONES.flatMap((zone) => {
  const all = changes.filter((change) => change.zone === zone && change.at > Date.UTC(2026, 0, 1));
  return [all.find(({ before, after }) => after >= before), all.find(({ before, after }) => after < before)];
}).filter((change) => change !== undefined);

describe("around the hours in which clocks change", () => {
  it("schedules are due as the rules say, over ten years in ten zones", { timeout: 30_000 }, () => {
    expect(changes.length).toBeGreaterThan(100);
    for (const change of changes) {
      const span: [number, number] = [change.at - 5 * HOUR, change.at + 5 * HOUR];
      for (const each of SCHEDULES) {
        const due = until(dueTimes({ schedule: each.text, timeZone: change.zone }, span[0]), span[1]);
        expect([change.zone, each.text, ...shown(due)]).toEqual([
          change.zone,
          each.text,
          ...shown(spelt(each, change, ours(each), span)),
        ]);
      }
    }
  });

  it(
    "cron-parser differs only by its own two rules: it moves by as much as the clock, and repeats no named hour",
    { timeout: 30_000 },
    () => {
      let differed = 0;
      for (const change of fewChanges) {
        // Changes of half an hour it does not know how to take.
        if ((change.after - change.before) % HOUR !== 0) continue;
        const span: [number, number] = [change.at - 3 * HOUR, change.at + 3 * HOUR];
        for (const each of SCHEDULES) {
          const theirs = until(cronParserTimes(each, change.zone, span[0]), span[1]);
          expect([change.zone, each.text, ...shown(theirs)]).toEqual([
            change.zone,
            each.text,
            ...shown(spelt(each, change, parsers(each), span)),
          ]);
          if (String(theirs) !== String(spelt(each, change, ours(each), span))) differed += 1;
        }
      }
      expect(differed).toBeGreaterThan(0);
    },
  );

  it("cron differs only within those hours, where it follows now one rule and now another", { timeout: 30_000 }, () => {
    for (const change of fewChanges) {
      const size = Math.abs(change.after - change.before);
      for (const each of SCHEDULES.filter(({ hours }) => hours !== null)) {
        for (const span of [
          [change.at - 2 * HOUR, change.at - size - 1],
          [change.at + size, change.at + 2 * HOUR],
        ] as [number, number][]) {
          const theirs = until(cronTimes(each, change.zone, span[0]), span[1]);
          expect([change.zone, each.text, ...shown(theirs)]).toEqual([
            change.zone,
            each.text,
            ...shown(spelt(each, change, ours(each), span)),
          ]);
        }
      }
    }
  });
});

describe("away from those hours", () => {
  it("all agree, on days, months and weekdays too", { timeout: 30_000 }, () => {
    const schedules = [
      "0 9 * * 1-5",
      "*/7 3 1 * *",
      "30 6 L * *",
      "0 0 29 2 *",
      "15 10 * 6 0",
      "0 12 13 * 5",
      "5 4 3 2 *",
    ];
    for (const zone of ["UTC", "Europe/Berlin", "America/New_York"]) {
      for (const text of schedules) {
        const from = Date.UTC(2026, 5, 1);
        const first = (times: Iterator<number>) => Array.from({ length: 6 }, () => Number(times.next().value));
        const due = first(dueTimes({ schedule: text, timeZone: zone }, from));
        const each: Case = { text, fixed: true, hours: null, minutes: [] };
        expect([zone, text, ...shown(first(cronParserTimes(each, zone, from)))]).toEqual([zone, text, ...shown(due)]);
        // It does not know the last day of a month, nor what is due less often than every eight years from now.
        if (!text.includes("L") && !text.includes("29")) {
          expect([zone, text, ...shown(first(cronTimes(each, zone, from)))]).toEqual([zone, text, ...shown(due)]);
        }
      }
    }
  });
});
