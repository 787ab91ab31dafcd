/**
 * When an edge is replaced. The core of the watchdog: no clock, no process, no socket in here.
 *
 * A hung process is told from a starved one by what it did: one that burns processor time without answering is hung,
 * one that gets none is only waiting for its turn.
 */
import { SCRIPT_LIMITS } from "../contracts/script-limits.ts";

/** Pause between two looks at an edge, in milliseconds; each one also collects its log. */
export const LOOK_INTERVAL_MS = 50;
/** What makes silence a hang: how long it lasts, and how much processor time went by in it, both in milliseconds. */
interface Hang {
  silentMs: number;
  busyMs: number;
}
/** While no other edge serves: more than a run may use that uses all the processor time a script can have. */
export const HUNG_ALONE: Hang = { silentMs: SCRIPT_LIMITS.cpuMs.max + 50, busyMs: SCRIPT_LIMITS.cpuMs.max + 50 };
/** While others serve: an edge that works off several long runs in a row then does no harm, and killing it would. */
export const HUNG_AMONG_OTHERS: Hang = { silentMs: 1_500, busyMs: SCRIPT_LIMITS.cpuMs.max * 2 };
/** Silence after which an edge is given up whatever it does, in milliseconds. */
export const SILENCE_MAX_MS = 2_000;
/** Time a new edge has for its first answer, in milliseconds. */
export const FIRST_ANSWER_MS = 10_000;
/** Share of one processor that a process uses throughout when it is hung while it should finish. */
export const DRAIN_BUSY_SHARE = 0.9;
/** How many times the usual processor time a start may take before it counts as hung. */
export const START_CPU_FACTOR = 2;
/** A first replacement is immediate; one that fails to start is tried again after twice the pause before. */
export const RESPAWN_PAUSE_MS = 100;
export const RESPAWN_PAUSE_MAX_MS = 5_000;

/** What is remembered of one process between two looks. */
export interface WatchState {
  answeredEver: boolean;
  /** When it last answered, or began. */
  answeredAt: number;
  /** Processor time it had used by then. */
  cpuThenMs: number;
  lookedAt: number;
  /** Time since the last answer in which the launcher itself did not look: it slept, or had no turn. */
  blindMs: number;
}

/** What one look shows. */
export interface WatchSample {
  /** When the latest answer arrived; null while there was none. */
  answeredAt: number | null;
  /** Null where the system does not say. */
  cpuMs: number | null;
  residentBytes: number | null;
  /** An edge is being recycled already. */
  recycling: boolean;
  /** Processor time that a start took here before; null while nobody knows. */
  startCpuMs: number | null;
  /** No other edge serves. */
  alone: boolean;
}

export interface MemoryLimits {
  /** Above it the edge is replaced in good order, the new process first. */
  softBytes: number;
  /** Above it the edge is killed. */
  hardBytes: number;
}

export type WatchAction =
  | { kind: "none" }
  | { kind: "kill"; reason: "hung" | "silent" | "too large" }
  | { kind: "recycle" };

const NONE: WatchAction = { kind: "none" };

/** The state of a process that has just begun. */
export function beginWatch(now: number): WatchState {
  return { answeredEver: false, answeredAt: now, cpuThenMs: 0, lookedAt: now, blindMs: 0 };
}

/** What to do about an edge after a look at it at `now` (milliseconds of any steady clock), and what to remember. */
export function decide(
  state: WatchState,
  sample: WatchSample,
  now: number,
  limits: MemoryLimits,
): { state: WatchState; action: WatchAction } {
  const next = remember(state, sample, now);
  return { state: next, action: judge(next, sample, now, limits) };
}

function remember(state: WatchState, sample: WatchSample, now: number): WatchState {
  if (sample.answeredAt !== null && (!state.answeredEver || sample.answeredAt > state.answeredAt)) {
    const { answeredAt } = sample;
    return { answeredEver: true, answeredAt, cpuThenMs: sample.cpuMs ?? 0, lookedAt: now, blindMs: 0 };
  }
  const unseenMs = now - state.lookedAt - LOOK_INTERVAL_MS * 2;
  return { ...state, lookedAt: now, blindMs: state.blindMs + Math.max(0, unseenMs) };
}

function judge(state: WatchState, sample: WatchSample, now: number, limits: MemoryLimits): WatchAction {
  const { residentBytes, cpuMs } = sample;
  if (residentBytes !== null && residentBytes > limits.hardBytes) return { kind: "kill", reason: "too large" };
  const silentMs = now - state.answeredAt - state.blindMs;
  if (silentMs >= (state.answeredEver ? SILENCE_MAX_MS : FIRST_ANSWER_MS)) return { kind: "kill", reason: "silent" };
  const hang = sample.alone ? HUNG_ALONE : HUNG_AMONG_OTHERS;
  if (silentMs >= hang.silentMs && cpuMs !== null && cpuMs - state.cpuThenMs >= busyFrom(state, sample, hang)) {
    return { kind: "kill", reason: "hung" };
  }
  if (residentBytes !== null && residentBytes > limits.softBytes && !sample.recycling) return { kind: "recycle" };
  return NONE;
}

/** The processor time in silence from which an edge is busy; what was waiting can hang a new one before its first answer. */
function busyFrom(state: WatchState, sample: WatchSample, { busyMs }: Hang): number {
  if (state.answeredEver) return busyMs;
  return sample.startCpuMs === null ? Infinity : busyMs + sample.startCpuMs * START_CPU_FACTOR;
}

/** What is remembered of a process that only finishes its requests. */
export interface DrainState {
  /** Begin of the stretch of time that is being judged, and the processor time used by then. */
  since: number;
  cpuThenMs: number;
}

/**
 * Whether a process that is to finish its requests must be ended instead: it grows past all bounds, or is kept
 * busy for a whole stretch of time although nothing new reaches it.
 */
export function decideDraining(
  state: DrainState,
  sample: Pick<WatchSample, "cpuMs" | "residentBytes">,
  now: number,
  limits: MemoryLimits,
): { state: DrainState; kill: boolean } {
  const { cpuMs, residentBytes } = sample;
  if (residentBytes !== null && residentBytes > limits.hardBytes) return { state, kill: true };
  const stretchMs = now - state.since;
  if (cpuMs === null || stretchMs < SILENCE_MAX_MS) return { state, kill: false };
  const busy = cpuMs - state.cpuThenMs >= stretchMs * DRAIN_BUSY_SHARE;
  return { state: { since: now, cpuThenMs: cpuMs }, kill: busy };
}

/** Pause before the next try, in milliseconds, after so many processes in a row that ended without ever answering. */
export function respawnPauseMs(failedStarts: number): number {
  return failedStarts === 0 ? 0 : Math.min(RESPAWN_PAUSE_MAX_MS, RESPAWN_PAUSE_MS * 2 ** (failedStarts - 1));
}
