import { expect, test, vi } from "vitest";

import { Pace, PACE_WAIT_MS_MAX } from "./pace.ts";

const NOW = 1_700_000_000_000;

/** A pace whose turns end when the test says so, with versions that have run before. */
function byHand() {
  let resolvers: (() => void)[] = [];
  const pace = new Pace(() => new Promise<void>((resolve) => resolvers.push(resolve)));
  const started: string[] = [];
  for (const versionId of ["ver_long", "ver_short", "ver_calm"]) {
    pace.enter(versionId, NOW - 60_000);
    pace.leave(versionId);
  }
  return {
    pace,
    started,
    arrive: (versionId: string, count: number, now = NOW): void => {
      for (let run = 0; run < count; run++) {
        if (pace.enter(versionId, now)) started.push(versionId);
        else void pace.wait(versionId).then(() => started.push(versionId));
      }
    },
    /** Ends the turn, which took so long, and lets those who waited go on. Resolves to how many began. */
    turn: async (ms: number): Promise<number> => {
      vi.setSystemTime(Date.now() + ms);
      const before = started.length;
      const due = resolvers;
      resolvers = [];
      for (const resolve of due) resolve();
      for (let step = 0; step < 10; step++) await Promise.resolve();
      return started.length - before;
    },
  };
}

test("begins one run a turn while runs are long, in the order of their coming, and all in the end", async () => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  const { arrive, turn, started } = byHand();
  arrive("ver_long", 6);
  expect(started).toHaveLength(1);
  const begun = [];
  for (let index = 0; index < 6; index++) begun.push(await turn(100));
  expect(begun).toEqual([1, 1, 1, 1, 1, 0]);
  vi.useRealTimers();
});

test("lets as many begin as fill a turn, once it is known how long they take", async () => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  const { arrive, turn } = byHand();
  arrive("ver_short", 100);
  expect(await turn(10)).toBe(4);
  expect(await turn(4)).toBe(32);
  expect(await turn(32)).toBe(32);
  expect(await turn(1_600)).toBe(1);
  vi.useRealTimers();
});

test("keeps no version waiting for another", () => {
  const { arrive, started } = byHand();
  arrive("ver_long", 5);
  arrive("ver_calm", 1);
  expect(started).toEqual(["ver_long", "ver_calm"]);
});

test("lets a run begin at once where none began a moment ago", () => {
  const { pace } = byHand();
  for (let run = 0; run < 10; run++) expect(pace.enter("ver_calm", NOW + run * 5)).toBe(true);
});

test("begins no second run of a new version before the first has ended, or has taken long without computing", async () => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  for (const end of [true, false]) {
    const { arrive, turn, started, pace } = byHand();
    arrive("ver_new", 2, Date.now());
    for (let index = 0; index < 10; index++) expect(await turn(1)).toBe(0);
    if (end) pace.leave("ver_new");
    expect(await turn(end ? 1 : 500)).toBe(1);
    expect(started).toHaveLength(2);
  }
  vi.useRealTimers();
});

test("does not wait for ever for those who went away while they waited", () => {
  const { arrive, pace } = byHand();
  arrive("ver_long", 3);
  expect(pace.enter("ver_long", NOW + 900)).toBe(false);
  expect(pace.enter("ver_long", NOW + 1_001)).toBe(true);
});

test("leaves others as much time as a long run took, and takes it where nobody else is there", async () => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  for (const others of [true, false]) {
    const { arrive, turn } = byHand();
    if (others) arrive("ver_calm", 1, Date.now());
    arrive("ver_long", 3, Date.now());
    if (!others) vi.setSystemTime(Date.now() + 2_000);
    const begun = [];
    for (let index = 0; index < 4; index++) begun.push(await turn(100));
    expect(begun).toEqual(others ? [0, 1, 0, 1] : [1, 1, 0, 0]);
  }
  vi.useRealTimers();
});

test("gives up a run that would wait too long", async () => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  const { pace, turn } = byHand();
  pace.enter("ver_long", NOW);
  const waited = pace.wait("ver_long");
  await turn(PACE_WAIT_MS_MAX);
  expect(await waited).toBe(false);
  vi.useRealTimers();
});
