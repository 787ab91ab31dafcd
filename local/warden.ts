import { randomBytes } from "node:crypto";

import type { Verdict, WatchOrders } from "../contracts/quarantine.ts";
import { JournalBook } from "./journal-book.ts";
import { blame, decayed, HALF_LIFE_MS, rememberDeath, type Blame, type Death } from "./suspects.ts";

/** How long every run is journalled after a death, in milliseconds. */
export const JOURNAL_MS = 10 * 60_000;
/** How long an org is refused everywhere after its share in a death, so that what waits does not hang the next edge too. */
export const COOL_DOWN_MS = 5_000;
/** Deaths from which an org runs nothing on the edge that stands in for others. */
const KEPT_OUT_SCORE = 0.9;
/** How long that lasts, in milliseconds; it is told anew whenever that edge is woken. */
const KEPT_OUT_MS = 10_000;
/** Deaths from which an org runs one script at a time. */
export const SLOWED_SCORE = 1.9;
/** Deaths from which it runs none for a while. */
export const REFUSED_SCORE = 2.8;
/** How many a death counts for that left nobody serving: twice that would keep everybody from being served. */
const OUTAGE_SEVERITY = 1.5;
/** Part of a death from which it counts as an org's own. */
const GUILTY_SHARE = 0.5;
/** First refusal, and the longest; each is twice the one before. */
export const REFUSAL_MS = 60_000;
export const REFUSAL_MAX_MS = 60 * 60_000;
/** Time without a death after which the next refusal is a first one again, in milliseconds. */
const REFUSALS_FORGOTTEN_MS = 6 * 60 * 60_000;
/** Runs after which an org that has ended no edge is not held on a mere suspicion. */
const KNOWN_RUNS = 20;
/** How long an org is held after one of its runs has begun to hang an edge, unless the edge recovers, in milliseconds. */
const HOLD_MS = 2_500;
/** Orgs whose runs are counted, at most. */
const ORGS_MAX = 10_000;

interface Refusal {
  count: number;
  untilMs: number;
}

/** An org that seems to hang an edge right now. */
interface Held {
  book: JournalBook;
  untilMs: number;
}

interface Counted {
  runs: number;
  at: number;
}

/** Keeps the books of all edges and decides who is held back. Times are epoch milliseconds. */
export class Warden {
  readonly #runs = new Map<string, Counted>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #held = new Map<string, Held>();
  #deaths: Death[] = [];
  /** As of the latest death. */
  #blamed: Blame[] = [];
  #journalUntilMs = 0;

  /** Whether there is anything to tell the edges again, since verdicts follow on one another. */
  get troubled(): boolean {
    return this.#deaths.length > 0;
  }

  /** The book of a new process, and the secret mark of its lines. */
  openBook(): { mark: string; book: JournalBook } {
    const mark = `journal-${randomBytes(16).toString("hex")}`;
    return { mark, book: new JournalBook(mark, (orgId, now) => this.#count(orgId, now)) };
  }

  /**
   * Takes note of a process that ended through a fault of its own, or was killed for one.
   *
   * @param outage no other edge served at the time.
   * @returns a line for people when an org is held back for it; null otherwise.
   */
  died(book: JournalBook, now: number, outage: boolean): string | null {
    this.#journalUntilMs = now + JOURNAL_MS;
    const severity = outage ? OUTAGE_SEVERITY : 1;
    this.#deaths = rememberDeath(this.#deaths, { at: now, severity, suspects: book.suspects(now) });
    this.#blamed = blame(this.#deaths, (orgId) => this.#runsOf(orgId, now), now);
    const guilty = this.#blamed.find(({ latestShare }) => latestShare >= GUILTY_SHARE);
    if (guilty === undefined || guilty.score < SLOWED_SCORE) return null;
    if (guilty.score < REFUSED_SCORE) return `${guilty.orgId} ends edges: it runs one script at a time for now`;
    const untilMs = this.#refuse(guilty.orgId, now);
    return `${guilty.orgId} keeps ending edges: refused until ${new Date(untilMs).toISOString()}`;
  }

  /**
   * Takes note of who seems to hang the silent edges, for the one that stands in for them: it must not be hung as well.
   *
   * @returns whether its orders have changed.
   */
  suspect(edges: readonly { book: JournalBook; silent: boolean }[], now: number): boolean {
    const before = [...this.#held.keys()].join(" ");
    for (const [orgId, { book, untilMs }] of this.#held) {
      const recovered = edges.some((edge) => edge.book === book && !edge.silent);
      if (recovered || now >= untilMs) this.#held.delete(orgId);
    }
    for (const { book, silent } of edges) {
      if (!silent) continue;
      for (const orgId of this.#guiltyIf(book, now)) {
        if (!this.#held.has(orgId)) this.#held.set(orgId, { book, untilMs: now + HOLD_MS });
      }
    }
    return before !== [...this.#held.keys()].join(" ");
  }

  /** What an edge is to know. */
  orders(now: number, standIn: boolean): WatchOrders {
    const standing = this.#blamed.flatMap((each) => this.#verdictOf(each, now, standIn) ?? []);
    const refused = new Set(standing.filter(({ kind }) => kind === "refused").map(({ orgId }) => orgId));
    const held = [...this.#held].flatMap(([orgId, { untilMs }]): Verdict[] =>
      standIn && !refused.has(orgId) ? [{ orgId, kind: "held", reason: "It hangs another edge.", untilMs }] : [],
    );
    // The latter of two for one org holds.
    return { journalUntilMs: this.#journalUntilMs, verdicts: [...standing, ...held] };
  }

  /** Whom the death of an edge would be held against. */
  #guiltyIf(book: JournalBook, now: number): string[] {
    const death = { at: now, severity: 1, suspects: book.suspects(now) };
    if (death.suspects.length === 0) return [];
    const blamed = blame([...this.#deaths, death], (orgId) => this.#runsOf(orgId, now), now);
    const known = (orgId: string, scoreBefore: number): boolean =>
      scoreBefore < GUILTY_SHARE && this.#runsOf(orgId, now) >= KNOWN_RUNS;
    return blamed
      .filter(({ latestShare }) => latestShare >= GUILTY_SHARE)
      .filter(({ orgId, score, latestShare }) => !known(orgId, score - latestShare))
      .map(({ orgId }) => orgId);
  }

  #verdictOf(
    { orgId, score: scoreThen, versionId, latestShare }: Blame,
    now: number,
    standIn: boolean,
  ): Verdict | null {
    const latestAt = this.#deaths.at(-1)?.at ?? now;
    const score = decayed(scoreThen, now - latestAt);
    const refusedUntilMs = this.#refusals.get(orgId)?.untilMs ?? 0;
    const cause = `This org's scripts keep ending the process they run in, by hanging it or using up its memory (last: version ${versionId}).`;
    if (now < refusedUntilMs) {
      const until = new Date(refusedUntilMs).toISOString();
      const reason = `${cause} They are not run until ${until}. Mend the script by then: each further pause is twice as long.`;
      return { orgId, kind: "refused", reason, untilMs: refusedUntilMs };
    }
    const cooling = latestShare >= GUILTY_SHARE && now - latestAt < COOL_DOWN_MS;
    if (score >= KEPT_OUT_SCORE && (cooling || standIn)) {
      const reason = `${cause} One has just ended. Try again in some seconds.`;
      return { orgId, kind: "refused", reason, untilMs: cooling ? latestAt + COOL_DOWN_MS : now + KEPT_OUT_MS };
    }
    if (score < SLOWED_SCORE) return null;
    const untilMs = Math.round(now + HALF_LIFE_MS * Math.log2(score / SLOWED_SCORE) + 1_000);
    return { orgId, kind: "slowed", reason: `${cause} They run one at a time. Mend the script.`, untilMs };
  }

  #refuse(orgId: string, now: number): number {
    const before = this.#refusals.get(orgId);
    // Edges that were hung by the same requests die one after another.
    if (before !== undefined && now < before.untilMs) return before.untilMs;
    const fresh = before === undefined || now - before.untilMs > REFUSALS_FORGOTTEN_MS;
    const count = fresh ? 1 : before.count + 1;
    const untilMs = now + Math.min(REFUSAL_MAX_MS, REFUSAL_MS * 2 ** (count - 1));
    this.#refusals.set(orgId, { count, untilMs });
    return untilMs;
  }

  #count(orgId: string, now: number): void {
    if (!this.#runs.has(orgId) && this.#runs.size >= ORGS_MAX) this.#runs.clear();
    const counted = this.#runs.get(orgId);
    if (counted === undefined) this.#runs.set(orgId, { runs: 1, at: now });
    else {
      counted.runs = decayed(counted.runs, now - counted.at) + 1;
      counted.at = now;
    }
  }

  #runsOf(orgId: string, now: number): number {
    const counted = this.#runs.get(orgId);
    return counted === undefined ? 0 : decayed(counted.runs, now - counted.at);
  }
}
