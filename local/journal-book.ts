import type { Suspect } from "./suspects.ts";

/** Time after its answer in which a run may still do something, in milliseconds. */
const AFTERMATH_MS = 30_000;
/** Runs that one book holds, at most; the oldest go first. */
const RUNS_MAX = 10_000;
/** A line without an end is passed on in pieces of this length, in characters. */
const LINE_LENGTH_MAX = 64 * 1024;
/** How suspicious a run is: one that had answered, one that went on, and the one that began last. */
const ENDED_WEIGHT = 0.1;
const RUNNING_WEIGHT = 1;
const LAST_WEIGHT = 3;

interface JournalledRun {
  orgId: string;
  versionId: string;
  /** Null while it goes on. */
  endedAt: number | null;
}

/** Which runs go on in one process, from the lines that its router writes among all others. */
export class JournalBook {
  readonly #prefix: string;
  readonly #onRun: (orgId: string, now: number) => void;
  readonly #runs = new Map<string, JournalledRun>();
  #partial = "";

  /**
   * @param mark what begins each line of the journal in this process.
   * @param onRun told of each run that begins.
   */
  constructor(mark: string, onRun: (orgId: string, now: number) => void) {
    this.#prefix = `${mark} `;
    this.#onRun = onRun;
  }

  /** Reads output of the process; returns the part of it that is not the journal. */
  read(output: string, now: number): string {
    const text = this.#partial + output;
    const lines = text.split("\n");
    this.#partial = lines.pop() ?? "";
    let rest = "";
    for (const line of lines) {
      if (line.startsWith(this.#prefix)) this.#enter(line.slice(this.#prefix.length), now);
      else rest += `${line}\n`;
    }
    if (this.#partial.length > LINE_LENGTH_MAX) {
      rest += this.#partial;
      this.#partial = "";
    }
    return rest;
  }

  /** Who could have ended the process, if it ended at `now`. */
  suspects(now: number): Suspect[] {
    const found = new Map<string, Suspect>();
    const entries = [...this.#runs.values()];
    const last = entries.at(-1);
    for (const run of entries) {
      if (run.endedAt !== null && now - run.endedAt > AFTERMATH_MS) continue;
      const { orgId, versionId, endedAt } = run;
      const weight = endedAt !== null ? ENDED_WEIGHT : run === last ? LAST_WEIGHT : RUNNING_WEIGHT;
      if (weight >= (found.get(orgId)?.weight ?? 0)) found.set(orgId, { orgId, versionId, weight });
    }
    return [...found.values()];
  }

  #enter(line: string, now: number): void {
    const [sign, executionId = "", orgId = "", versionId = ""] = line.split(" ");
    if (sign === "-") {
      const run = this.#runs.get(executionId);
      if (run !== undefined) run.endedAt = now;
      return;
    }
    this.#onRun(orgId, now);
    this.#runs.set(executionId, { orgId, versionId, endedAt: null });
    this.#forget(now);
  }

  /** In the order of their beginning, so that looking at the first is enough. */
  #forget(now: number): void {
    for (const [executionId, { endedAt }] of this.#runs) {
      const over = endedAt !== null && now - endedAt > AFTERMATH_MS;
      if (!over && this.#runs.size <= RUNS_MAX) return;
      this.#runs.delete(executionId);
    }
  }
}
