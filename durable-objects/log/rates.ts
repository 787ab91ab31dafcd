/** How far back requests count as the ones of now, in milliseconds. */
const WINDOW_MS = 1_000;

/** How many requests each process that counts for an org has told of lately. In memory: after a restart it is learnt anew. */
export class Rates {
  readonly #told = new Map<string, { at: number; requests: number }[]>();

  /** A source tells of requests; times in epoch milliseconds. */
  tell(source: string, requests: number, now: number): void {
    const told = this.#told.get(source) ?? [];
    told.push({ at: now, requests });
    this.#told.set(source, told);
  }

  /** Requests that all other sources have told of in the last second. */
  ofOthers(source: string, now: number): number {
    let sum = 0;
    for (const [other, told] of this.#told) {
      while (told[0] !== undefined && told[0].at <= now - WINDOW_MS) told.shift();
      if (told.length === 0) this.#told.delete(other);
      else if (other !== source) for (const { requests } of told) sum += requests;
    }
    return sum;
  }
}
