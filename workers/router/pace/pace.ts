/** Runs of one org that may begin in one turn, at most. */
const STARTS_PER_TURN_MAX = 32;
/** How long the runs of one org should keep a turn, in milliseconds; a single one may take longer. */
const TURN_MS = 40;
/** Pause between two long runs, in milliseconds: a request takes several turns from its arrival to its script. */
const BREATH_MS = 5;
/** Time after which a turn must be over where nobody waits for its end, in milliseconds: of short runs, and of others. */
const SURELY_OVER_SHORT_MS = 1;
const SURELY_OVER_MS = 5;
/** Time after which whoever waited for a turn's end must have gone away, in milliseconds. */
const FORSAKEN_MS = 1_000;
/** Time in which the first run of a version should have ended; then it waits rather than computes, in milliseconds. */
const FIRST_RUN_MS = 500;
/** Runs that keep a turn for longer than this are followed by a rest of the same length while others are there, in milliseconds. */
const LONG_MS = 15;
/** Time in which another version has had a run for it to count as there, in milliseconds. */
const OTHERS_MS = 1_000;
/** How long a run waits for its turn at most, in milliseconds. */
export const PACE_WAIT_MS_MAX = 10_000;
/** Versions that are kept in mind, at most; then all begin anew. */
const VERSIONS_MAX = 10_000;

interface Turn {
  /** When the first run of all began; null once one has ended. */
  firstAt: number | null;
  number: number;
  beganAt: number;
  started: number;
  startsMax: number;
  waiting: number;
  /** No run begins before, in epoch milliseconds. */
  restUntil: number;
}

/**
 * Where all isolates share one thread, the runs that are begun in one turn of the event loop are all computed before
 * anybody else is heard: other orgs wait for the lot, and the whole process looks hung. So a version that computes for long
 * begins one run a turn, and one whose runs are short as many as come. A request takes several turns from its arrival to its
 * answer, so while others are there, long runs leave them as much time as they take.
 */
export class Pace {
  readonly #turns = new Map<string, Turn>();
  /** The version that came last, when it did, and when another one came last. */
  #last = "";
  #lastAt = 0;
  #otherAt = 0;
  readonly #nextTurn: (pauseMs: number) => Promise<unknown>;

  /** @param nextTurn resolves after a pause, when the event loop has looked for news at least once. */
  constructor(nextTurn: (pauseMs: number) => Promise<unknown> = (pauseMs) => scheduler.wait(pauseMs)) {
    this.#nextTurn = nextTurn;
  }

  /** Whether a run of a version may begin at `now` (epoch milliseconds); otherwise it has to {@link wait}. */
  enter(versionId: string, now: number): boolean {
    const turn = this.#turns.get(versionId);
    if (versionId !== this.#last) {
      this.#otherAt = this.#lastAt;
      this.#last = versionId;
    }
    this.#lastAt = now;
    if (turn === undefined) {
      if (this.#turns.size >= VERSIONS_MAX) this.#turns.clear();
      this.#turns.set(versionId, {
        firstAt: now,
        number: 0,
        beganAt: now,
        started: 1,
        startsMax: 1,
        waiting: 0,
        restUntil: 0,
      });
      return true;
    }
    // A caller that goes away may take its run along, in the middle of its wait.
    if (now - turn.beganAt > FORSAKEN_MS && now > turn.restUntil) turn.waiting = 0;
    if (now < turn.restUntil) return false;
    const surelyOverMs = turn.startsMax === STARTS_PER_TURN_MAX ? SURELY_OVER_SHORT_MS : SURELY_OVER_MS;
    if (turn.waiting === 0 && now - turn.beganAt >= surelyOverMs) begin(turn, now);
    if (turn.started >= turn.startsMax || turn.waiting > 0 || isUnproven(turn, now)) return false;
    turn.started++;
    return true;
  }

  /** Notes that a run has ended. */
  leave(versionId: string): void {
    const turn = this.#turns.get(versionId);
    if (turn !== undefined) turn.firstAt = null;
  }

  /** Resolves when a run that was not let in may begin; to false when that would take too long. */
  async wait(versionId: string): Promise<boolean> {
    const turn = this.#turns.get(versionId);
    if (turn === undefined) return true;
    const giveUpAt = Date.now() + PACE_WAIT_MS_MAX;
    turn.waiting++;
    try {
      for (;;) {
        const { number } = turn;
        await this.#nextTurn(Math.max(turn.startsMax === 1 ? BREATH_MS : 0, turn.restUntil - Date.now()));
        const now = Date.now();
        if (now >= giveUpAt) return false;
        if (isUnproven(turn, now) || now < turn.restUntil) continue;
        if (turn.number === number) {
          const tookMs = now - Math.max(turn.beganAt, turn.restUntil) - BREATH_MS;
          adapt(turn, now);
          const rests = turn.restUntil < turn.beganAt && tookMs > LONG_MS && this.#isAmongOthers(versionId, now);
          if (rests) {
            turn.restUntil = now + tookMs;
            continue;
          }
          begin(turn, now);
        }
        if (turn.started < turn.startsMax) break;
      }
      turn.started++;
      return true;
    } finally {
      turn.waiting = Math.max(0, turn.waiting - 1);
    }
  }

  #isAmongOthers(versionId: string, now: number): boolean {
    return now - (versionId === this.#last ? this.#otherAt : this.#lastAt) < OTHERS_MS;
  }
}

/** Nothing is known yet, least of all that it is short: its code may still be on the way. */
const isUnproven = ({ firstAt }: Turn, now: number): boolean => firstAt !== null && now - firstAt < FIRST_RUN_MS;

function begin(turn: Turn, now: number): void {
  turn.number++;
  turn.beganAt = now;
  turn.started = 0;
}

/** As many as would have filled the turn that is over. */
function adapt(turn: Turn, now: number): void {
  const runMs = Math.max(1, now - turn.beganAt) / Math.max(1, turn.started);
  turn.startsMax = Math.max(1, Math.min(STARTS_PER_TURN_MAX, Math.floor(TURN_MS / runMs)));
}

/** That of this process. */
export const pace = new Pace();
