/**
 * Values by key, each kept for at least a period after its last use and forgotten after two: they live in two
 * generations, and once a period the elder one is dropped whole, so that forgetting costs nothing.
 */
export class Generations<V> {
  readonly #periodMs: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #turnedAt = 0;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Uses a value: it is kept for another period. `now` in epoch milliseconds. */
  use(key: string, now: number): V | undefined {
    if (now - this.#turnedAt >= this.#periodMs || now < this.#turnedAt) this.#turn(now);
    const value = this.#young.get(key);
    if (value !== undefined || this.#old.size === 0) return value;
    const kept = this.#old.get(key);
    if (kept === undefined) return undefined;
    this.#old.delete(key);
    this.#young.set(key, kept);
    return kept;
  }

  /** Looks at a value, without keeping it for longer. */
  look(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Keeps a value under a key that has none. */
  add(key: string, value: V): void {
    this.#young.set(key, value);
  }

  /** Where the clock was set back, the period begins anew, so that none is shorter. */
  #turn(now: number): void {
    if (now >= this.#turnedAt) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#turnedAt = now;
  }
}
