import type { MachineEvent } from "../../../contracts/machine-life.ts";
import type { MachineState } from "../../../contracts/machines.ts";
import type { Observed } from "./driver.ts";

/** What there is to go by when it is decided what becomes of a machine that is coming up or going down. */
export interface Sight {
  /** What the provider says, now. */
  seen: Pick<Observed, "state" | "origin" | "reason">;
  /** Whether it answered its probe. */
  answers: boolean;
  /** Whether it has been on its way for longer than machines take. */
  isOverdue: boolean;
}

/** What follows: an event of the machine, with what went wrong; a call to its provider; or waiting. */
export type Decision =
  | { event: MachineEvent; error: { code: string; message: string } | null; isUnwell?: boolean }
  | { call: "start" | "stop" }
  | { wait: true };

const WAIT: Decision = { wait: true };
const GONE = { code: "not_found", message: "The provider has no such machine any more." };

/** What follows for a machine in a state that does not last; for all others, nothing. */
export function decide(state: MachineState, sight: Sight): Decision {
  if (state === "starting") return onTheWayUp(sight);
  return state === "stopping" ? onTheWayDown(sight) : WAIT;
}

function onTheWayUp({ seen, answers, isOverdue }: Sight): Decision {
  switch (seen.state) {
    case null:
      return { event: "saw:gone", error: GONE };
    case "failed":
      return { event: "saw:failed", error: { code: "exited", message: seen.reason ?? "It ended by itself." } };
    case "started":
      if (answers) return { event: "saw:started", error: null };
      if (!isOverdue) return WAIT;
      // It runs, its provider says: what it does with requests is its own.
      return {
        event: "saw:started",
        error: { code: "unreachable", message: "It runs, and does not answer." },
        isUnwell: true,
      };
    case "created":
    case "stopped":
    case "suspended":
      if (!isOverdue) return { call: "start" };
      return {
        event: "fail",
        error: { code: "exited", message: seen.reason ?? "It did not come up, however often it was started." },
      };
    case "starting":
    case "stopping":
      break;
  }
  return WAIT;
}

function onTheWayDown({ seen }: Sight): Decision {
  switch (seen.state) {
    case null:
      return { event: "saw:gone", error: GONE };
    case "created":
    case "stopped":
    case "suspended":
    case "failed":
      return { event: `saw:${seen.state}`, error: null };
    case "started":
    case "starting":
      return { call: "stop" };
    case "stopping":
      break;
  }
  return WAIT;
}
