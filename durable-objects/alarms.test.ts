import { describe, expect, it, vi } from "vitest";

import { ALARM_RETRY_MS } from "../contracts/limits.ts";
import { Alarms, type WakeUp } from "./alarms.ts";

/** An alarm in memory that counts how often it is written. */
function alarmClock() {
  const clock = { at: null as number | null, writes: 0 };
  const set = async (at: number | null) => {
    clock.at = at;
    clock.writes += 1;
  };
  const storage = { setAlarm: async (at: number | Date) => set(Number(at)), deleteAlarm: async () => set(null) };
  return { clock, storage };
}

/** Something to be woken for at a time, which is over once it ran. */
function wakeUp(dueAt: number | null) {
  const state: WakeUp & { at: number | null; runs: number } = {
    at: dueAt,
    runs: 0,
    dueAt: () => state.at,
    run: async () => {
      state.runs += 1;
      state.at = null;
    },
  };
  return state;
}

describe("the alarm of an object", () => {
  it("stands at the earliest wake-up, and is removed when none is left", async () => {
    const { clock, storage } = alarmClock();
    const [first, second] = [wakeUp(100), wakeUp(200)];
    const alarms = new Alarms(storage, { first, second });
    await alarms.arm(0);
    expect(clock.at).toBe(100);
    await alarms.fire(150);
    expect([first.runs, second.runs, clock.at]).toEqual([1, 0, 200]);
    second.at = null;
    await alarms.arm(160);
    expect(clock.at).toBeNull();
  });

  it("is early enough while it rings no later than anything is due", async () => {
    const { storage } = alarmClock();
    const only = wakeUp(null);
    const alarms = new Alarms(storage, { only });
    expect(alarms.isEarlyEnough(0)).toBe(true);
    only.at = 100;
    expect(alarms.isEarlyEnough(0)).toBe(false);
    await alarms.arm(0);
    only.at = 150;
    expect(alarms.isEarlyEnough(0)).toBe(true);
    only.at = 90;
    expect(alarms.isEarlyEnough(0)).toBe(false);
    expect(alarms.isEarlyEnough(100)).toBe(true);
  });

  it("is not written while nothing changes, nor for an object that has nothing to do", async () => {
    const { clock, storage } = alarmClock();
    const task = wakeUp(null);
    const alarms = new Alarms(storage, { task });
    await alarms.arm(0);
    expect(clock.writes).toBe(0);
    task.at = 100;
    await alarms.arm(0);
    await alarms.arm(50);
    expect(clock.writes).toBe(1);
  });

  it("is set before the call that sets it yields", () => {
    const { clock, storage } = alarmClock();
    void new Alarms(storage, { task: wakeUp(100) }).arm(0);
    expect(clock.at).toBe(100);
  });

  it("does not spin on work that keeps failing, and runs the rest", async () => {
    const { clock, storage } = alarmClock();
    const failing: WakeUp = {
      dueAt: () => 100,
      run: () => Promise.reject(new Error("no")),
    };
    const other = wakeUp(100);
    const logged = vi.spyOn(console, "error").mockReturnValue();
    await new Alarms(storage, { failing, other }).fire(150);
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
    expect(other.runs).toBe(1);
    expect(clock.at).toBe(150 + ALARM_RETRY_MS);
  });
});
