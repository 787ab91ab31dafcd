import { type Bucket, fill, fullBucket, type Rate, type RateStanding, standingOf, take } from "./bucket.ts";

/**
 * A bucket for each key, of a bounded number of keys. A bucket that nobody touched for a period is full again, so
 * forgetting it gives nothing away: keys live in two generations, and once a period the elder one is dropped whole.
 * Where so many keys come that there is no room, those that are new share one bucket, so that no flood of made-up keys
 * brings anybody a fresh bucket in place of an empty one.
 */
export class RateLimiter {
  readonly #periodMs: number;
  readonly #bucketsMax: number;
  #young = new Map<string, Bucket>();
  #old = new Map<string, Bucket>();
  #shared: Bucket | null = null;
  #turnedAt = 0;

  /** @param periodMs in which the limits count; all keys have the same */
  constructor(periodMs: number, bucketsMax: number) {
    this.#periodMs = periodMs;
    this.#bucketsMax = bucketsMax;
  }

  /** Buckets that are kept now. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Counts a request of a key, or refuses it; `now` in epoch milliseconds. */
  take(key: string, limit: number, now: number): RateStanding {
    const rate = { limit, periodMs: this.#periodMs };
    const bucket = this.#bucketOf(key, rate, now);
    fill(bucket, rate, now);
    return standingOf(bucket, rate, take(bucket, rate));
  }

  /** How a key stands, without counting anything. */
  look(key: string, limit: number, now: number): RateStanding {
    const rate = { limit, periodMs: this.#periodMs };
    const bucket = { ...(this.#find(key) ?? this.#withoutRoom() ?? fullBucket(rate, now)) };
    fill(bucket, rate, now);
    const standing = standingOf(bucket, rate, true);
    return { ...standing, allowed: standing.remaining >= 1 };
  }

  #bucketOf(key: string, rate: Rate, now: number): Bucket {
    this.#turn(now);
    const found = this.#young.get(key);
    if (found !== undefined) return found;
    const kept = this.#old.get(key);
    if (kept === undefined && this.size >= this.#bucketsMax) return (this.#shared ??= fullBucket(rate, now));
    this.#old.delete(key);
    const bucket = kept ?? fullBucket(rate, now);
    this.#young.set(key, bucket);
    return bucket;
  }

  #find(key: string): Bucket | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  #withoutRoom(): Bucket | null {
    return this.size >= this.#bucketsMax ? this.#shared : null;
  }

  #turn(now: number): void {
    if (now < this.#turnedAt) this.#turnedAt = now;
    if (now - this.#turnedAt < this.#periodMs) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnedAt = now;
  }
}
