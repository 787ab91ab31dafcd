import type { Observed } from "../driver.ts";
import { ProviderError } from "../provider-error.ts";
import type { FlyEvent, FlyMachine, FlyVolume } from "./fly-api.ts";

/** What Fly.io's states are to us; null where there is no machine any more. */
const STATES: Readonly<Record<string, Observed["state"]>> = {
  created: "created",
  starting: "starting",
  launching: "starting",
  restarting: "starting",
  replacing: "starting",
  updating: "starting",
  started: "started",
  stopping: "stopping",
  suspending: "stopping",
  // It is on its way out, and nothing of it can be used.
  destroying: "stopping",
  stopped: "stopped",
  suspended: "suspended",
  failed: "failed",
  launch_failed: "failed",
  destroyed: null,
  replaced: null,
};

/** What a machine's state is to us. Throws for one that nobody here knows, rather than guess. */
export function stateOf({ state }: Pick<FlyMachine, "state">): Observed["state"] {
  const known = STATES[state];
  if (known !== undefined) return known;
  throw new ProviderError(
    "unavailable",
    `Fly.io says that the machine is ${JSON.stringify(state)}, which means nothing here.`,
  );
}

/** Whether a machine is there, or may come to be; one that is being destroyed is not. */
export const isAlive = ({ state }: Pick<FlyMachine, "state">): boolean =>
  !["destroying", "destroyed", "replaced"].includes(state);

const CONDEMNED: ReadonlySet<string> = new Set(["scheduling_destroy", "pending_destroy", "destroying", "destroyed"]);

/** Whether a volume can be used: one that was removed is kept by Fly.io for a while, and can never be mounted again. */
export const isUsable = ({ state }: Pick<FlyVolume, "state">): boolean => !CONDEMNED.has(state ?? "");

/** Why a machine is not running; null where nothing says so. */
export function reasonOf(machine: Pick<FlyMachine, "events" | "state">): string | null {
  if (machine.state === "started" || machine.state === "created") return null;
  const newest = inOrder(machine.events ?? []).findLast(({ request }) => request?.exit_event != null);
  return newest === undefined ? null : exitOf(newest);
}

/** A machine's events as lines, oldest first: Fly.io has no log of a machine that could be asked for. */
export const linesOf = (events: readonly FlyEvent[]): { at: number | null; text: string }[] =>
  inOrder(events).map((event) => ({ at: event.timestamp ?? null, text: lineOf(event) }));

function lineOf(event: FlyEvent): string {
  const what = [event.type, event.status].filter((part) => part != null && part !== "").join(" ");
  const by = event.source == null || event.source === "" ? "" : ` by ${event.source}`;
  const exit = exitOf(event);
  return `${what === "" ? "event" : what}${by}${exit === null ? "" : `: ${exit}`}`;
}

function exitOf({ request }: FlyEvent): string | null {
  const exit = request?.exit_event;
  if (exit == null) return null;
  if (exit.oom_killed === true) return "it ran out of memory";
  return exit.exit_code == null ? "it ended" : `it ended with code ${exit.exit_code}`;
}

/** Oldest first; Fly.io tells the newest first, which keeps those of one moment apart. */
const inOrder = (events: readonly FlyEvent[]): FlyEvent[] =>
  [...events].reverse().sort((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0));
