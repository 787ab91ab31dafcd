/**
 * Who ended an edge. Nothing but the runs that went on at the time is known, and an innocent tenant with many runs is
 * there every time. So each death is shared out among the orgs that were there, by how often edges die per run of theirs; and
 * because a later death tells something about an earlier one, all of them are shared out anew each time.
 */

/** Time in which half of a death is forgotten, in milliseconds. */
export const HALF_LIFE_MS = 30 * 60_000;
/** Deaths that are remembered, at most. */
const DEATHS_MAX = 100;
/** How often the sharing out is repeated, each time with what the time before has shown. */
const ROUNDS = 12;
/** Deaths and runs that everybody is taken to have had, so that the first of either proves little. */
const PRIOR_DEATHS = 0.5;
const PRIOR_RUNS = 10;

/** An org that had runs on an edge when it died. */
export interface Suspect {
  orgId: string;
  /** Of its most suspicious run. */
  versionId: string;
  /** How much that run looks like the one, by its place among all. */
  weight: number;
}

/** A death and who was there. */
export interface Death {
  at: number;
  /** How many it counts for. */
  severity: number;
  suspects: readonly Suspect[];
}

/** What is held against an org. */
export interface Blame {
  orgId: string;
  /** Deaths that are its, as far as anybody can tell; those long ago count less. */
  score: number;
  /** The version that the latest of them points to. */
  versionId: string;
  /** Its part in the latest death of all. */
  latestShare: number;
}

/** What is left of an amount after some time. */
export const decayed = (amount: number, ageMs: number): number => amount * 2 ** (-ageMs / HALF_LIFE_MS);

/** The deaths that are still worth remembering, with one more. */
export function rememberDeath(deaths: readonly Death[], death: Death): Death[] {
  return [...deaths, death].filter(({ at }) => death.at - at < HALF_LIFE_MS * 10).slice(-DEATHS_MAX);
}

/**
 * Shares the deaths out, from the oldest to the latest.
 *
 * @param runsOf how many runs of an org were seen, those long ago counting less.
 * @returns the orgs with the highest score first.
 */
export function blame(deaths: readonly Death[], runsOf: (orgId: string) => number, now: number): Blame[] {
  const blamed = new Map<string, Blame>();
  for (let round = 0; round < ROUNDS; round++) {
    const rate = ({ orgId }: Suspect): number =>
      ((blamed.get(orgId)?.score ?? 0) + PRIOR_DEATHS) / (runsOf(orgId) + PRIOR_RUNS);
    const next = new Map<string, Blame>();
    for (const death of deaths) shareOut(death, rate, now, next);
    blamed.clear();
    for (const [orgId, each] of next) blamed.set(orgId, each);
  }
  return [...blamed.values()].sort((a, b) => b.score - a.score);
}

function shareOut(death: Death, rate: (suspect: Suspect) => number, now: number, into: Map<string, Blame>): void {
  for (const each of into.values()) each.latestShare = 0;
  const parts = death.suspects.map((suspect) => ({ suspect, part: suspect.weight * rate(suspect) }));
  const whole = parts.reduce((sum, { part }) => sum + part, 0);
  if (whole === 0) return;
  for (const { suspect, part } of parts) {
    const { orgId, versionId } = suspect;
    const latestShare = part / whole;
    const known = into.get(orgId);
    const score = (known?.score ?? 0) + decayed(latestShare * death.severity, now - death.at);
    into.set(orgId, { orgId, score, latestShare, versionId: latestShare < 0.5 && known ? known.versionId : versionId });
  }
}
