import { PlatformError } from "../../../contracts/errors.ts";
import { WAIT_UNTIL_MS } from "../../../contracts/limits.ts";
import type { LimitName, ScriptLimits } from "../../../contracts/script-limits.ts";

/** Runs kept after their answer, at most; the oldest go first. */
const ANSWERED_MAX = 10_000;

/** Whose code holds a capability, as its props say. */
export interface Holder {
  orgId: string;
  scriptId: string;
}

/** A run while it may use what it was given. */
export interface LiveRun extends Holder {
  executionId: string;
  scriptName: string;
  limits: ScriptLimits;
  /** Runs above it, by `invoke`. */
  depth: number;
  /** Events above it, its own too. */
  eventDepth: number;
  /** When it has to have begun its answer, in epoch milliseconds. */
  dueAt: number;
  /** When it dies; without end until it has answered. */
  endsAt: number;
  subrequests: number;
  capabilityCalls: number;
  egressBytes: number;
  /** The first limit it ran over. */
  broken: LimitName | null;
}

const SPENT: Record<"subrequests" | "capabilityCalls" | "egressBytes", string> = {
  subrequests: "requests through fetch",
  capabilityCalls: "calls of the platform",
  egressBytes: "bytes sent through fetch",
};

/**
 * The runs that hold capabilities: what they may use is counted here, outside of the isolate, and ends with
 * them. A run is found by its execution id, which its isolate hands over; an id that is missing or dead falls back to the
 * latest run of the same script, so that a script can only spend what is its own.
 */
export class RunTable {
  readonly #runs = new Map<string, LiveRun>();
  readonly #latest = new Map<string, LiveRun>();
  #answered: LiveRun[] = [];
  #answeredStart = 0;

  /** Runs that are alive or not yet removed. */
  get size(): number {
    return this.#runs.size;
  }

  begin(run: Omit<LiveRun, "endsAt" | "subrequests" | "capabilityCalls" | "egressBytes" | "broken">): LiveRun {
    const live: LiveRun = {
      ...run,
      endsAt: Infinity,
      subrequests: 0,
      capabilityCalls: 0,
      egressBytes: 0,
      broken: null,
    };
    this.#runs.set(run.executionId, live);
    this.#latest.set(run.scriptId, live);
    return live;
  }

  /** From now on the run has only what time `waitUntil` gives. */
  answered(run: LiveRun, now: number): void {
    run.endsAt = now + WAIT_UNTIL_MS;
    this.#answered.push(run);
    this.#removeDead(now);
  }

  /** The run in whose name a holder acts; null when there is none alive. */
  find(holder: Holder, executionId: unknown, now: number): LiveRun | null {
    const named = typeof executionId === "string" ? this.#runs.get(executionId) : undefined;
    if (named !== undefined && named.scriptId === holder.scriptId && now < named.endsAt) return named;
    const latest = this.#latest.get(holder.scriptId);
    return latest !== undefined && now < latest.endsAt ? latest : null;
  }

  #removeDead(now: number): void {
    while (this.#answeredStart < this.#answered.length) {
      const oldest = this.#answered[this.#answeredStart];
      if (oldest === undefined) break;
      if (now < oldest.endsAt && this.#answered.length - this.#answeredStart <= ANSWERED_MAX) break;
      this.#answeredStart++;
      this.#runs.delete(oldest.executionId);
      if (this.#latest.get(oldest.scriptId) === oldest) this.#latest.delete(oldest.scriptId);
    }
    if (this.#answeredStart < 1_000 || this.#answeredStart * 2 < this.#answered.length) return;
    this.#answered = this.#answered.slice(this.#answeredStart);
    this.#answeredStart = 0;
  }
}

/** That of this process. */
export const runTable = new RunTable();

/**
 * Takes from a run's budget, before what it pays for happens. What is thrown is for the script to read.
 *
 * @throws PlatformError `over_budget` with the limit
 */
export function spend(run: LiveRun, limit: keyof typeof SPENT, amount: number): void {
  const max = run.limits[limit];
  if (run[limit] + amount > max) {
    run.broken ??= limit;
    const what = `This run is over its limit of ${max} ${SPENT[limit]} (${limit}).`;
    throw new PlatformError("over_budget", `${what} Use fewer, or raise the script's limit.`, { limit, max });
  }
  run[limit] += amount;
}

/**
 * Pays for one request that leaves a script, and for the body that goes with it.
 *
 * @param executionId what the isolate says of the run; anything at all.
 * @param bytes length of the body as far as it is known beforehand.
 * @returns the run, to pay for what was not known by {@link spend}.
 */
export function chargeSubrequest(holder: Holder, executionId: unknown, bytes: number): LiveRun {
  const run = runTable.find(holder, executionId, Date.now());
  if (run === null) {
    throw new PlatformError(
      "gone",
      "The run of this request is over. Keep it alive with ctx.waitUntil, for 30 s at most.",
    );
  }
  spend(run, "subrequests", 1);
  if (bytes > 0) spend(run, "egressBytes", bytes);
  return run;
}
