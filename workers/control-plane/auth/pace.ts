import { PlatformError } from "../../../contracts/errors.ts";

export interface PaceOptions {
  /** Time for other work between two turns, in milliseconds. */
  pauseMs: number;
  /** Longest wait for a turn, in milliseconds. */
  waitMsMax: number;
  /** How long a turn takes while nobody knows better, in milliseconds. */
  turnMs: number;
}

interface Clock {
  now(): number;
  wait(ms: number): Promise<unknown>;
}

const CLOCK: Clock = { now: () => Date.now(), wait: (ms) => scheduler.wait(ms) };

/** How long a turn is kept for work that does not begin, and pause between two looks whether it was, in milliseconds. */
const LEASE_MS = 1_000;
const LOOK_MS = 50;

/**
 * Gives turns to work that holds the thread, one at a time and with a pause between two. Each comer is given a time and
 * not a place in a queue: one that goes away meanwhile leaves its time unused and nobody waiting for it, which matters
 * where a request may end at any await.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #clock: Clock;
  #turnMs: number;
  /** When the next comer's turn is. */
  #nextAt = 0;
  /** Until when there is no turn. */
  #quietUntil = 0;

  constructor(options: PaceOptions, clock: Clock = CLOCK) {
    this.#options = options;
    this.#clock = clock;
    this.#turnMs = options.turnMs;
  }

  /** Does work, which runs to its end without awaiting, in a turn of its own. Throws as {@link Pace.wait} does. */
  async turn<T>(work: () => T): Promise<T> {
    await this.wait();
    return this.run(work);
  }

  /**
   * Waits for a turn, which is over when another one is due.
   *
   * @throws PlatformError `unavailable` for who would wait too long.
   */
  async wait(): Promise<void> {
    const clock = this.#clock;
    const { pauseMs, waitMsMax } = this.#options;
    const came = clock.now();
    const at = Math.max(came, this.#nextAt);
    if (at - came > waitMsMax) throw busy(at - came - waitMsMax);
    this.#nextAt = at + this.#turnMs + pauseMs;
    for (let now = came; ; now = clock.now()) {
      const until = Math.max(at, this.#quietUntil);
      if (now >= until) {
        // Nobody else before the work is done, or whoever was to do it has gone.
        this.#quietUntil = now + LEASE_MS;
        return;
      }
      await clock.wait(now < at ? at - now : Math.min(until - now, LOOK_MS));
    }
  }

  /** Gives a turn back that was waited for and is not needed. */
  pass(): void {
    this.#quietUntil = this.#clock.now();
  }

  /** Does work in a turn that was waited for. */
  run<T>(work: () => T): T {
    const began = this.#clock.now();
    try {
      return work();
    } finally {
      const took = this.#clock.now() - began;
      // Where the clock stands still during work, what was believed before stays.
      if (took > 0) this.#turnMs = Math.round((this.#turnMs * 3 + took) / 4);
      this.#quietUntil = began + took + this.#options.pauseMs;
    }
  }
}

const busy = (overMs: number): PlatformError =>
  new PlatformError("unavailable", "Too many people are signing in right now. Try again in a moment.", {
    retryAfterSeconds: Math.ceil(overMs / 1_000) + 1,
  });
