import { describe, expect, test } from "vitest";

import {
  ALLOWED,
  isAtRest,
  MACHINE_DEMANDS,
  MACHINE_EVENTS,
  nextMachineState,
  sawEvent,
  SEEN_STATES,
} from "./machine-life.ts";
import { MACHINE_STATES, type MachineState } from "./machines.ts";

const REFUSED = null;
/** Each row is a state, each column an event, in the order of `MACHINE_EVENTS`. */
const EXPECTED: Record<MachineState, (MachineState | null)[]> = {
  // start, stop, fail, destroy, absent | created, starting, started, stopping, stopped, suspended, failed, gone
  created: [
    ...(["starting", "stopping", "failed", "destroying", REFUSED] as const),
    ...(["created", "starting", "started", "stopping", "stopped", "suspended", "failed", "failed"] as const),
  ],
  starting: [
    ...(["starting", "stopping", "failed", "destroying", REFUSED] as const),
    ...(["starting", "starting", "started", "starting", "starting", "starting", "failed", "failed"] as const),
  ],
  started: [
    ...(["started", "stopping", "failed", "destroying", REFUSED] as const),
    ...(["stopped", "starting", "started", "stopping", "stopped", "suspended", "failed", "failed"] as const),
  ],
  stopping: [
    ...(["starting", "stopping", "failed", "destroying", REFUSED] as const),
    ...(["stopped", "stopping", "stopping", "stopping", "stopped", "suspended", "stopped", "failed"] as const),
  ],
  stopped: [
    ...(["starting", "stopped", "failed", "destroying", REFUSED] as const),
    ...(["stopped", "starting", "started", "stopped", "stopped", "suspended", "stopped", "failed"] as const),
  ],
  suspended: [
    ...(["starting", "stopping", "failed", "destroying", REFUSED] as const),
    ...(["suspended", "starting", "started", "stopping", "stopped", "suspended", "failed", "failed"] as const),
  ],
  failed: [
    ...(["starting", "failed", "failed", "destroying", REFUSED] as const),
    ...(["failed", "starting", "started", "failed", "failed", "failed", "failed", "failed"] as const),
  ],
  destroying: [
    ...([REFUSED, REFUSED, REFUSED, "destroying", "destroyed"] as const),
    ...Array.from(SEEN_STATES, () => "destroying" as const),
  ],
  destroyed: [
    ...([REFUSED, REFUSED, REFUSED, "destroyed", "destroyed"] as const),
    ...Array.from(SEEN_STATES, () => "destroyed" as const),
  ],
};

describe.each(MACHINE_STATES)("a machine that is %s", (state) => {
  test.each(MACHINE_EVENTS.map((event, place) => [event, EXPECTED[state][place] ?? null] as const))(
    "%s → %s",
    (event, next) => {
      expect(EXPECTED[state]).toHaveLength(MACHINE_EVENTS.length);
      expect(nextMachineState(state, event)).toBe(next);
    },
  );
});

test("what is only seen is never refused, and a demand never goes unnoticed", () => {
  for (const state of MACHINE_STATES) {
    for (const seen of SEEN_STATES) expect(nextMachineState(state, `saw:${seen}`)).not.toBeNull();
  }
  expect(MACHINE_DEMANDS.map((demand) => nextMachineState("started", demand))).toContain(null);
});

test("invariant 14: nothing but absence leads out of destroying, and nothing out of destroyed", () => {
  const out = ALLOWED.filter(({ from }) => from === "destroying" || from === "destroyed");
  expect(out).toEqual([{ from: "destroying", event: "absent", to: "destroyed" }]);
});

test("every state but the last can be left for destroying", () => {
  for (const state of MACHINE_STATES) {
    if (state !== "destroyed") expect(nextMachineState(state, "destroy")).toBe("destroying");
  }
});

test("a provider that knows of no machine is seen to say gone", () => {
  expect(sawEvent(null)).toBe("saw:gone");
  expect(sawEvent("stopped")).toBe("saw:stopped");
});

test("a machine on its way somewhere is not at rest", () => {
  expect(MACHINE_STATES.filter((state) => !isAtRest(state))).toEqual(["starting", "stopping", "destroying"]);
});
