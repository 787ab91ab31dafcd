import { expect, test, vi } from "vitest";

import { Pace } from "./pace.ts";

const NOW = 1_700_000_000_000;

/** A pace whose turns end when the test says so. */
function byHand() {
  let resolvers: (() => void)[] = [];
  const pace = new Pace(() => new Promise<void>((resolve) => resolvers.push(resolve)));
  const started: string[] = [];
  return {
    pace,
    started,
    arrive: (orgId: string, count: number, now = NOW): void => {
      for (let run = 0; run < count; run++) {
        if (pace.enter(orgId, now)) started.push(orgId);
        else void pace.wait(orgId).then(() => started.push(orgId));
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
  arrive("org_long", 6);
  expect(started).toHaveLength(1);
  const begun = [];
  for (let index = 0; index < 6; index++) begun.push(await turn(100));
  expect(begun).toEqual([1, 1, 1, 1, 1, 0]);
  vi.useRealTimers();
});

test("lets as many begin as fill a turn, once it is known how long they take", async () => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  const { arrive, turn } = byHand();
  arrive("org_short", 100);
  expect(await turn(10)).toBe(4);
  expect(await turn(4)).toBe(32);
  expect(await turn(32)).toBe(32);
  expect(await turn(1_600)).toBe(1);
  vi.useRealTimers();
});

test("keeps no org waiting for another", () => {
  const { arrive, started } = byHand();
  arrive("org_long", 5);
  arrive("org_calm", 1);
  expect(started).toEqual(["org_long", "org_calm"]);
});

test("lets a run begin at once where none began a moment ago", () => {
  const { pace } = byHand();
  for (let run = 0; run < 10; run++) expect(pace.enter("org_calm", NOW + run * 5)).toBe(true);
});

test("does not wait for ever for those who went away while they waited", () => {
  const { arrive, pace } = byHand();
  arrive("org_long", 3);
  expect(pace.enter("org_long", NOW + 900)).toBe(false);
  expect(pace.enter("org_long", NOW + 1_001)).toBe(true);
});
