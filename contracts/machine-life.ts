import { MACHINE_STATES, type MachineState } from "./machines.ts";

/** What a provider can say of a machine; `gone` when it is sure that there is none. */
export const SEEN_STATES = [
  "created",
  "starting",
  "started",
  "stopping",
  "stopped",
  "suspended",
  "failed",
  "gone",
] as const;
export type SeenState = (typeof SEEN_STATES)[number];

/** What somebody asks of a machine, or the platform decides about it. */
export const MACHINE_DEMANDS = [
  "start",
  "stop",
  /** It will not come up, or is not what it was. */
  "fail",
  "destroy",
  /** Machine and volume are confirmed absent. */
  "absent",
] as const;
type MachineDemand = (typeof MACHINE_DEMANDS)[number];

/** What happens to a machine: a demand, or what its provider was seen to say. */
export type MachineEvent = MachineDemand | `saw:${SeenState}`;
export const MACHINE_EVENTS: readonly MachineEvent[] = [
  ...MACHINE_DEMANDS,
  ...SEEN_STATES.map((state) => `saw:${state}` as const),
];

/** The event of what a provider said; null is its word for "there is none". */
export const sawEvent = (state: Exclude<SeenState, "gone"> | null): MachineEvent => `saw:${state ?? "gone"}`;

/**
 * What each event makes of each state. What is not named leaves the state as it is where something was only seen, and is
 * refused where it was demanded. A demand is kept up against what is seen until it is met: a machine that is `starting`
 * and seen stopped has not begun yet, and one that is `stopping` and seen failed has stopped. Nothing leads out of
 * `destroying` but absence.
 */
const TABLE: Record<MachineState, Partial<Record<MachineEvent, MachineState>>> = {
  created: {
    start: "starting",
    stop: "stopping",
    fail: "failed",
    destroy: "destroying",
    "saw:starting": "starting",
    "saw:started": "started",
    "saw:stopping": "stopping",
    "saw:stopped": "stopped",
    "saw:suspended": "suspended",
    "saw:failed": "failed",
    "saw:gone": "failed",
  },
  starting: {
    start: "starting",
    stop: "stopping",
    fail: "failed",
    destroy: "destroying",
    "saw:started": "started",
    "saw:failed": "failed",
    "saw:gone": "failed",
  },
  started: {
    start: "started",
    stop: "stopping",
    fail: "failed",
    destroy: "destroying",
    "saw:created": "stopped",
    "saw:starting": "starting",
    "saw:stopping": "stopping",
    "saw:stopped": "stopped",
    "saw:suspended": "suspended",
    "saw:failed": "failed",
    "saw:gone": "failed",
  },
  stopping: {
    start: "starting",
    stop: "stopping",
    fail: "failed",
    destroy: "destroying",
    "saw:created": "stopped",
    "saw:stopped": "stopped",
    "saw:suspended": "suspended",
    "saw:failed": "stopped",
    "saw:gone": "failed",
  },
  stopped: {
    start: "starting",
    stop: "stopped",
    fail: "failed",
    destroy: "destroying",
    "saw:starting": "starting",
    "saw:started": "started",
    "saw:suspended": "suspended",
    "saw:gone": "failed",
  },
  suspended: {
    start: "starting",
    stop: "stopping",
    fail: "failed",
    destroy: "destroying",
    "saw:starting": "starting",
    "saw:started": "started",
    "saw:stopping": "stopping",
    "saw:stopped": "stopped",
    "saw:failed": "failed",
    "saw:gone": "failed",
  },
  failed: {
    start: "starting",
    stop: "failed",
    fail: "failed",
    destroy: "destroying",
    "saw:starting": "starting",
    "saw:started": "started",
  },
  destroying: { destroy: "destroying", absent: "destroyed" },
  destroyed: { destroy: "destroyed", absent: "destroyed" },
};

/** The state that an event leads to, which may be the same; null where it is refused. */
export function nextMachineState(state: MachineState, event: MachineEvent): MachineState | null {
  return TABLE[state][event] ?? (event.startsWith("saw:") ? state : null);
}

/** Every change there is, for people who read about them. */
export const ALLOWED: readonly { from: MachineState; event: MachineEvent; to: MachineState }[] = MACHINE_STATES.flatMap(
  (from) =>
    MACHINE_EVENTS.flatMap((event) => {
      const to = nextMachineState(from, event);
      return to === null || to === from ? [] : [{ from, event, to }];
    }),
);

/** Whether a machine in this state needs nobody to look after what becomes of it. */
export const isAtRest = (state: MachineState): boolean =>
  state !== "starting" && state !== "stopping" && state !== "destroying";
