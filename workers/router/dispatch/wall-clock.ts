/** What a run's wait resolves to when its time is over. */
export const EXPIRED = Symbol("expired");

/** A run's wait for its answer. */
export interface Patience {
  expired: Promise<typeof EXPIRED>;
  /** Ends the wait; nothing is left of it. */
  end(): void;
}

interface Waiting {
  dueAt: number;
  resolve: (expired: typeof EXPIRED) => void;
}

/**
 * The waits of all runs that have not begun to answer. A timer of its own costs a run more than its routing, so where
 * somebody visits this process many times a second, the visits end what is overdue.
 */
export class WallClock {
  readonly #waiting = new Set<Waiting>();

  /** A wait that a later {@link sweep} ends. */
  visited(ms: number, now: number): Patience {
    const waiting: Waiting = { dueAt: now + ms, resolve: () => {} };
    const expired = new Promise<typeof EXPIRED>((resolve) => {
      waiting.resolve = resolve;
    });
    this.#waiting.add(waiting);
    return { expired, end: () => this.#waiting.delete(waiting) };
  }

  /** A wait with a timer of its own. */
  timed(ms: number): Patience {
    let handle: ReturnType<typeof setTimeout> | undefined;
    const expired = new Promise<typeof EXPIRED>((resolve) => {
      handle = setTimeout(resolve, ms, EXPIRED);
    });
    return { expired, end: () => clearTimeout(handle ?? null) };
  }

  /** Ends the waits whose time is over. */
  sweep(now: number): void {
    for (const waiting of this.#waiting) {
      if (now < waiting.dueAt) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(EXPIRED);
    }
  }
}

/** That of this process. */
export const wallClock = new WallClock();
