import type { Appended, UsageBatch, UsageCounts } from "../../../contracts/usage.ts";
import { USAGE_IDLE_MS } from "../../../contracts/limits.ts";
import type { Metered } from "../../../contracts/prices.ts";
import { Tally } from "./tally.ts";

const NOTHING_METERED: Metered = { requests: 0, executions: 0, cpuMs: 0, storageByteHours: 0 };

/**
 * Counts what orgs use, in memory, so that no request waits for it. What was counted is handed over in batches: one at
 * a time for each org, which goes out unchanged until it is taken, so that nothing is counted twice.
 */
export class UsageMeter {
  readonly #tallies = new Map<string, Tally>();
  #source = "";
  #sequence = 0;
  #waits = false;

  /** Whether anything was counted that is not handed over. */
  get waits(): boolean {
    return this.#waits;
  }

  /** A request reached the org's host; what is refused is told by {@link refused} instead. Times in epoch milliseconds. */
  requested(orgId: string, now: number): void {
    this.#tally(orgId, now).counts(now).requests += 1;
  }

  /** A request or a run was refused for its rate or a quota. */
  refused(orgId: string, now: number): void {
    this.#tally(orgId, now).counts(now).refused += 1;
  }

  /** A script ran. */
  ran(orgId: string, ok: boolean, now: number): void {
    const counts = this.#tally(orgId, now).counts(now);
    counts.executions += 1;
    if (!ok) counts.failures += 1;
  }

  /** An isolate of the org says that it used so much processor time, in milliseconds. */
  spent(orgId: string, cpuMs: number, now: number): void {
    this.#tally(orgId, now).spend(cpuMs, now);
  }

  /** What the org used in the month that is running, all edges together, as far as it is known here. */
  usedThisMonth(orgId: string, name: keyof UsageCounts, now: number): number {
    return this.#tallies.get(orgId)?.usedThisMonth(name, now) ?? 0;
  }

  /** The same of all that costs something. */
  meteredThisMonth(orgId: string, now: number): Metered {
    return this.#tallies.get(orgId)?.meteredThisMonth(now) ?? NOTHING_METERED;
  }

  /** What is to be handed over now; to be followed by {@link settle} before the next. */
  take(now: number): UsageBatch[] {
    const batches: UsageBatch[] = [];
    this.#waits = false;
    for (const [orgId, tally] of this.#tallies) {
      // What was counted since stands behind a batch that goes out once more.
      if (tally.sent !== null) this.#waits = true;
      const batch = (tally.sent ??= this.#batchOf(orgId, tally));
      if (batch !== null) batches.push(batch);
      else if (now - tally.usedAt > USAGE_IDLE_MS) this.#tallies.delete(orgId);
    }
    return batches;
  }

  /** Says what became of the batches: null where nobody knows. What was not taken waits for the next time. */
  settle(batches: readonly UsageBatch[], appended: Appended | null): void {
    const failed = new Set(appended?.failedOrgs);
    for (const batch of batches) {
      const tally = this.#tallies.get(batch.orgId);
      if (appended === null || failed.has(batch.orgId)) this.#waits = true;
      else if (tally?.sent === batch) tally.sent = null;
    }
    for (const standing of appended?.standings ?? []) this.#tallies.get(standing.orgId)?.learn(standing);
  }

  #batchOf(orgId: string, tally: Tally): UsageBatch | null {
    const hours = tally.close();
    if (hours.length === 0) return null;
    // Drawn with the first batch: there is no chance before a process has anything to do.
    this.#source ||= crypto.randomUUID();
    return { orgId, source: this.#source, sequence: (this.#sequence += 1), hours };
  }

  #tally(orgId: string, now: number): Tally {
    this.#waits = true;
    let tally = this.#tallies.get(orgId);
    if (tally === undefined) {
      tally = new Tally(now);
      this.#tallies.set(orgId, tally);
    }
    return tally;
  }
}

/** The one meter of this isolate. */
export const usageMeter = new UsageMeter();
