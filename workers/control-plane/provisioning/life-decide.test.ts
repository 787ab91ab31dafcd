import { describe, expect, test } from "vitest";

import { SEEN_STATES, nextMachineState } from "../../../contracts/machine-life.ts";
import { MACHINE_STATES } from "../../../contracts/machines.ts";
import type { Observed } from "./driver.ts";
import { decide, type Sight } from "./life-decide.ts";

const sight = (state: Observed["state"], more: Partial<Sight> = {}): Sight => ({
  seen: { state, origin: null, reason: null },
  answers: false,
  isOverdue: false,
  ...more,
});

describe("a machine that is starting", () => {
  test("is started once it runs and answers, and not before", () => {
    expect(decide("starting", sight("started", { answers: true }))).toEqual({ event: "saw:started", error: null });
    expect(decide("starting", sight("started"))).toEqual({ wait: true });
    expect(decide("starting", sight("starting"))).toEqual({ wait: true });
  });

  test("is started again where its provider has not begun", () => {
    for (const state of ["created", "stopped", "suspended"] as const) {
      expect(decide("starting", sight(state))).toEqual({ call: "start" });
    }
  });

  test("fails where it has ended or is gone", () => {
    const seen = { state: "failed", origin: null, reason: "it ended with code 1" } as const;
    const message = "it ended with code 1";
    expect(decide("starting", { ...sight("failed"), seen })).toMatchObject({ event: "saw:failed", error: { message } });
    expect(decide("starting", sight(null))).toMatchObject({ event: "saw:gone", error: { code: "not_found" } });
  });

  test("invariant 7: after its time it becomes what its provider says, whatever the clock says", () => {
    const late = { isOverdue: true };
    expect(decide("starting", sight("starting", late))).toEqual({ wait: true });
    expect(decide("starting", sight("started", late))).toMatchObject({ event: "saw:started", isUnwell: true });
    expect(decide("starting", sight("started", { ...late, answers: true }))).toEqual({
      event: "saw:started",
      error: null,
    });
    expect(decide("starting", sight("stopped", late))).toMatchObject({ event: "fail", error: { code: "exited" } });
    expect(decide("starting", sight(null, late))).toMatchObject({ event: "saw:gone" });
  });
});

describe("a machine that is stopping", () => {
  test("is stopped by its provider's word, however it ended", () => {
    for (const state of ["created", "stopped", "suspended", "failed"] as const) {
      expect(decide("stopping", sight(state))).toEqual({ event: `saw:${state}`, error: null });
    }
    expect(decide("stopping", sight(null))).toMatchObject({ event: "saw:gone", error: { code: "not_found" } });
  });

  test("is stopped again as long as it runs", () => {
    expect(decide("stopping", sight("started", { isOverdue: true }))).toEqual({ call: "stop" });
    expect(decide("stopping", sight("starting"))).toEqual({ call: "stop" });
    expect(decide("stopping", sight("stopping"))).toEqual({ wait: true });
  });
});

test("nothing follows for a machine that stands, or that is on its way out (invariant 14)", () => {
  for (const state of MACHINE_STATES.filter((each) => each !== "starting" && each !== "stopping")) {
    for (const seen of SEEN_STATES) {
      const said = seen === "gone" ? null : seen;
      expect(decide(state, sight(said, { isOverdue: true, answers: true }))).toEqual({ wait: true });
    }
  }
});

test("every event that is decided is one that the state takes", () => {
  for (const state of ["starting", "stopping"] as const) {
    for (const seen of SEEN_STATES) {
      for (const isOverdue of [true, false]) {
        for (const answers of [true, false]) {
          const decision = decide(state, sight(seen === "gone" ? null : seen, { isOverdue, answers }));
          if ("event" in decision) expect(nextMachineState(state, decision.event)).not.toBeNull();
        }
      }
    }
  }
});
