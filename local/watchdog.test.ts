import { expect, test } from "vitest";

import { SCRIPT_LIMITS } from "../contracts/script-limits.ts";
import {
  beginWatch,
  decide,
  decideDraining,
  FIRST_ANSWER_MS,
  HUNG_ALONE,
  HUNG_AMONG_OTHERS,
  LOOK_INTERVAL_MS,
  respawnPauseMs,
  SILENCE_MAX_MS,
  type WatchAction,
  type WatchSample,
  type WatchState,
} from "./watchdog.ts";

const LIMITS = { softBytes: 1_000, hardBytes: 2_000 };
const CALM: WatchSample = {
  answeredAt: null,
  cpuMs: 0,
  residentBytes: 500,
  recycling: false,
  startCpuMs: null,
  alone: true,
};

/** An edge that has answered at time 0 with 50 ms of processor time used. */
function answered(): WatchState {
  return decide(beginWatch(0), { ...CALM, answeredAt: 0, cpuMs: 50 }, 0, LIMITS).state;
}

/** Looks every interval until something is to be done; the sample may depend on the time. */
function lookUntil(state: WatchState, sampleAt: (now: number) => Partial<WatchSample>, end = 20_000) {
  let current = state;
  for (let now = LOOK_INTERVAL_MS; now <= end; now += LOOK_INTERVAL_MS) {
    const { state: next, action } = decide(current, { ...CALM, ...sampleAt(now) }, now, LIMITS);
    if (action.kind !== "none") return { now, action };
    current = next;
  }
  return { now: end, action: { kind: "none" } satisfies WatchAction };
}

test("kills an edge that burns the processor without answering, within 700 ms", () => {
  const { now, action } = lookUntil(answered(), (at) => ({ answeredAt: 0, cpuMs: 50 + at }));
  expect(action).toEqual({ kind: "kill", reason: "hung" });
  expect(now).toBeLessThanOrEqual(700);
});

test("gives an edge more time while others serve", () => {
  const { now, action } = lookUntil(answered(), (at) => ({ answeredAt: 0, cpuMs: 50 + at, alone: false }));
  expect({ now, action }).toEqual({ now: HUNG_AMONG_OTHERS.silentMs, action: { kind: "kill", reason: "hung" } });
});

test("takes no run for a hang that uses all the processor time it may, however slowly it gets it", () => {
  const longestMs = SCRIPT_LIMITS.cpuMs.max;
  for (const share of [1, 0.9, 0.7, 0.5, 0.3]) {
    const { action } = lookUntil(answered(), (at) => {
      const answeredAt = at * share > longestMs ? at - 1 : 0;
      return { answeredAt, cpuMs: 50 + Math.min(longestMs, at * share) };
    });
    expect(action).toEqual({ kind: "none" });
  }
});

test("lets an edge be that answers, however busy it is", () => {
  expect(lookUntil(answered(), (at) => ({ answeredAt: at - 1, cpuMs: 50 + at })).action).toEqual({ kind: "none" });
});

test("does not take a starved edge for a hung one", () => {
  const { now, action } = lookUntil(answered(), (at) => ({ answeredAt: 0, cpuMs: 50 + at * 0.05 }));
  expect(action).toEqual({ kind: "kill", reason: "silent" });
  expect(now).toBe(SILENCE_MAX_MS);
});

test("counts the processor time since the last answer only", () => {
  const state = decide(beginWatch(0), { ...CALM, answeredAt: 0, cpuMs: 90_000 }, 0, LIMITS).state;
  const { action, now } = lookUntil(state, () => ({ answeredAt: 0, cpuMs: 90_050 }));
  expect({ action, now }).toEqual({ action: { kind: "kill", reason: "silent" }, now: SILENCE_MAX_MS });
});

test("gives up a silent edge after two seconds where the system tells no processor time", () => {
  const { now } = lookUntil(answered(), () => ({ answeredAt: 0, cpuMs: null, residentBytes: null }));
  expect(now).toBe(SILENCE_MAX_MS);
});

test("does not hold the time against an edge in which the launcher itself slept", () => {
  const asleepMs = 60_000;
  const woken = decide(answered(), { ...CALM, answeredAt: 0, cpuMs: 260 }, asleepMs, LIMITS);
  expect(woken.action).toEqual({ kind: "none" });
  const later = decide(woken.state, { ...CALM, answeredAt: asleepMs + 5 }, asleepMs + 100, LIMITS);
  expect(later.state).toMatchObject({ answeredAt: asleepMs + 5, blindMs: 0 });
});

test("gives a new edge ten seconds for its first answer while nobody knows what a start takes", () => {
  const { now, action } = lookUntil(beginWatch(0), (at) => ({ cpuMs: at }));
  expect({ now, action }).toEqual({ now: FIRST_ANSWER_MS, action: { kind: "kill", reason: "silent" } });
});

test("kills a new edge that hangs on what was waiting for it, once it is known what a start takes", () => {
  const { now, action } = lookUntil(beginWatch(0), (at) => ({ cpuMs: at, startCpuMs: 100 }));
  expect(action).toEqual({ kind: "kill", reason: "hung" });
  expect(now).toBeLessThanOrEqual(HUNG_ALONE.busyMs + 250);
});

test("recycles an edge that has grown past the soft limit, but never two at a time", () => {
  const grown = { ...CALM, answeredAt: 1, residentBytes: 1_001 };
  expect(decide(answered(), grown, 100, LIMITS).action).toEqual({ kind: "recycle" });
  expect(decide(answered(), { ...grown, recycling: true }, 100, LIMITS).action).toEqual({ kind: "none" });
});

test("kills an edge past the hard limit at once, also while another one is recycled", () => {
  const bloated = { ...CALM, answeredAt: 1, residentBytes: 2_001, recycling: true };
  expect(decide(answered(), bloated, 100, LIMITS).action).toEqual({ kind: "kill", reason: "too large" });
});

test("ends a process that should finish its requests and keeps the processor busy instead", () => {
  const began = { since: 0, cpuThenMs: 100 };
  const sample = { cpuMs: 100 + SILENCE_MAX_MS, residentBytes: 500 };
  expect(decideDraining(began, sample, SILENCE_MAX_MS - 1, LIMITS).kill).toBe(false);
  expect(decideDraining(began, sample, SILENCE_MAX_MS, LIMITS).kill).toBe(true);
});

test("lets a process finish that works now and then, stretch by stretch", () => {
  const began = { since: 0, cpuThenMs: 0 };
  const first = decideDraining(began, { cpuMs: 1_000, residentBytes: 500 }, SILENCE_MAX_MS, LIMITS);
  expect(first).toEqual({ state: { since: SILENCE_MAX_MS, cpuThenMs: 1_000 }, kill: false });
  const second = decideDraining(first.state, { cpuMs: 2_500, residentBytes: 500 }, SILENCE_MAX_MS * 2, LIMITS);
  expect(second.kill).toBe(false);
});

test("ends a process that should finish its requests and grows past the hard limit", () => {
  const sample = { cpuMs: 0, residentBytes: 2_001 };
  expect(decideDraining({ since: 0, cpuThenMs: 0 }, sample, 1, LIMITS).kill).toBe(true);
});

test("replaces at once, and waits longer and longer for one that never starts, up to five seconds", () => {
  expect([0, 1, 2, 3, 6, 7, 100].map(respawnPauseMs)).toEqual([0, 100, 200, 400, 3_200, 5_000, 5_000]);
});
