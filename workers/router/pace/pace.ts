/** Runs of one org that may begin in one turn, at most. */
const STARTS_PER_TURN_MAX = 32;
/** How long the runs of one org should keep a turn, in milliseconds; a single one may take longer. */
const TURN_MS = 40;
/** Time after which a turn must be over where nobody waits for its end, in milliseconds: of short runs, and of others. */
const SURELY_OVER_SHORT_MS = 1;
const SURELY_OVER_MS = 5;
/** Time after which whoever waited for a turn's end must have gone away, in milliseconds. */
const FORSAKEN_MS = 1_000;
/** Orgs that are kept in mind, at most; then all begin anew. */
const ORGS_MAX = 10_000;

interface Turn {
  number: number;
  beganAt: number;
  started: number;
  startsMax: number;
  waiting: number;
}

/**
 * Where all isolates share one thread, the runs that are begun in one turn of the event loop are all computed before
 * anybody else is heard: other orgs wait for the lot, and the whole process looks hung. So an org that computes for long
 * begins one run a turn, and one whose runs are short as many as come.
 */
export class Pace {
  readonly #turns = new Map<string, Turn>();
  readonly #nextTurn: () => Promise<unknown>;

  /** @param nextTurn resolves when the event loop has looked for news at least once. */
  constructor(nextTurn: () => Promise<unknown> = () => scheduler.wait(0)) {
    this.#nextTurn = nextTurn;
  }

  /** Whether a run of an org may begin at `now` (epoch milliseconds); otherwise it has to {@link wait}. */
  enter(orgId: string, now: number): boolean {
    const turn = this.#turns.get(orgId);
    if (turn === undefined) {
      if (this.#turns.size >= ORGS_MAX) this.#turns.clear();
      this.#turns.set(orgId, { number: 0, beganAt: now, started: 1, startsMax: 1, waiting: 0 });
      return true;
    }
    // A caller that goes away may take its run along, in the middle of its wait.
    if (now - turn.beganAt > FORSAKEN_MS) turn.waiting = 0;
    const surelyOverMs = turn.startsMax === STARTS_PER_TURN_MAX ? SURELY_OVER_SHORT_MS : SURELY_OVER_MS;
    if (turn.waiting === 0 && now - turn.beganAt >= surelyOverMs) begin(turn, now);
    if (turn.started >= turn.startsMax || turn.waiting > 0) return false;
    turn.started++;
    return true;
  }

  /** Resolves when a run that was not let in may begin. */
  async wait(orgId: string): Promise<void> {
    const turn = this.#turns.get(orgId);
    if (turn === undefined) return;
    turn.waiting++;
    try {
      for (;;) {
        const { number } = turn;
        await this.#nextTurn();
        if (turn.number === number) {
          const now = Date.now();
          adapt(turn, now);
          begin(turn, now);
        }
        if (turn.started < turn.startsMax) break;
      }
      turn.started++;
    } finally {
      turn.waiting = Math.max(0, turn.waiting - 1);
    }
  }
}

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
