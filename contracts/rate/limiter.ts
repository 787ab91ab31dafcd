import { type Bucket, fill, fullBucket, type Rate, type RateStanding, standingOf, take } from "./bucket.ts";
import { Generations } from "./generations.ts";

/**
 * A bucket for each key, of a bounded number of keys. A bucket that nobody touched for a period is full again, so
 * forgetting it gives nothing away. Where so many keys come that there is no room, those that are new share one bucket,
 * so that no flood of made-up keys brings anybody a fresh bucket in place of an empty one.
 */
export class RateLimiter {
  readonly #periodMs: number;
  readonly #bucketsMax: number;
  readonly #buckets: Generations<Bucket>;
  #shared: Bucket | null = null;

  /** @param periodMs in which the limits count; all keys have the same */
  constructor(periodMs: number, bucketsMax: number) {
    this.#periodMs = periodMs;
    this.#bucketsMax = bucketsMax;
    this.#buckets = new Generations(periodMs);
  }

  /** Buckets that are kept now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Counts a request of a key, or refuses it; `now` in epoch milliseconds. */
  take(key: string, limit: number, now: number): RateStanding {
    const rate = { limit, periodMs: this.#periodMs };
    const bucket = this.#buckets.use(key, now) ?? this.#newBucket(key, rate, now);
    fill(bucket, rate, now);
    return standingOf(bucket, rate, take(bucket, rate));
  }

  /** How a key stands, without counting anything. */
  look(key: string, limit: number, now: number): RateStanding {
    const rate = { limit, periodMs: this.#periodMs };
    const bucket = { ...(this.#buckets.look(key) ?? this.#sharedBucket() ?? fullBucket(rate, now)) };
    fill(bucket, rate, now);
    const standing = standingOf(bucket, rate, true);
    return { ...standing, allowed: standing.remaining >= 1 };
  }

  #newBucket(key: string, rate: Rate, now: number): Bucket {
    if (!this.#hasRoom) return (this.#shared ??= fullBucket(rate, now));
    const bucket = fullBucket(rate, now);
    this.#buckets.add(key, bucket);
    return bucket;
  }

  #sharedBucket(): Bucket | null {
    return this.#hasRoom ? null : this.#shared;
  }

  get #hasRoom(): boolean {
    return this.#buckets.size < this.#bucketsMax;
  }
}
