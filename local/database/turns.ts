/** Ends a turn. Calling it again does nothing. */
export type EndTurn = () => void;

/** Who may use the one thing that all of them share: in the order in which they asked, one at a time. */
export class Turns {
  #taken = false;
  readonly #waiting = new Set<() => void>();

  /**
   * Waits for a turn.
   *
   * @param waitMs `Infinity` to wait until it comes.
   * @returns how to end it; null when it did not come in time or the signal was aborted.
   */
  async take(waitMs: number, signal?: AbortSignal): Promise<EndTurn | null> {
    if (signal?.aborted === true) return null;
    if (!this.#taken) {
      this.#taken = true;
      return this.#endOnce();
    }
    return new Promise((resolve) => {
      const settle = (end: EndTurn | null): void => {
        clearTimeout(timeout);
        signal?.removeEventListener("abort", giveUp);
        this.#waiting.delete(begin);
        resolve(end);
      };
      const begin = (): void => settle(this.#endOnce());
      const giveUp = (): void => settle(null);
      const timeout = waitMs === Infinity ? undefined : setTimeout(giveUp, waitMs);
      signal?.addEventListener("abort", giveUp);
      this.#waiting.add(begin);
    });
  }

  #endOnce(): EndTurn {
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const [next] = this.#waiting;
      if (next === undefined) this.#taken = false;
      else next();
    };
  }
}
