import type { Verdict } from "../../../contracts/quarantine.ts";

/** Pause between two looks at whether an org is still held, in milliseconds. */
const HELD_LOOK_MS = 20;

/** The orgs that are held back on this edge, because they have ended edges before. */
export class Quarantine {
  #verdicts = new Map<string, Verdict>();

  /** Whether anybody is held back at all; ask this first, it costs nothing. */
  get active(): boolean {
    return this.#verdicts.size > 0;
  }

  /** Puts these verdicts in the place of all that held before. */
  set(verdicts: readonly Verdict[]): void {
    this.#verdicts = new Map(verdicts.map((verdict) => [verdict.orgId, verdict]));
  }

  /** What holds for an org at `now` (epoch milliseconds); null for one that is free. */
  verdictOf(orgId: string, now: number): Verdict | null {
    const verdict = this.#verdicts.get(orgId);
    if (verdict === undefined) return null;
    if (now < verdict.untilMs) return verdict;
    this.#verdicts.delete(orgId);
    return null;
  }

  /** Waits while an org is held; resolves to what holds for it then. */
  async released(orgId: string): Promise<Verdict | null> {
    for (;;) {
      const verdict = this.verdictOf(orgId, Date.now());
      if (verdict?.kind !== "held") return verdict;
      await scheduler.wait(HELD_LOOK_MS);
    }
  }
}
