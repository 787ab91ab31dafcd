/** So many requests in so long a time. All of them may come at once, so that no period sees more than twice the limit. */
export interface Rate {
  /** Requests in a period. */
  limit: number;
  periodMs: number;
}

/**
 * A token bucket. What it holds is counted in whole units, {@link unitsOfRequest} to a request, so that nothing is lost
 * or won by rounding, however often it is asked.
 */
export interface Bucket {
  /** Units at {@link Bucket.at}. */
  level: number;
  /** When it was filled last, in epoch milliseconds. */
  at: number;
}

/** How a bucket stands after a request, or would before one. */
export interface RateStanding {
  /** Whether there was room for one request. */
  allowed: boolean;
  limit: number;
  /** Whole requests that could come at once. */
  remaining: number;
  /** Until the whole limit is there again, in seconds, rounded up. */
  resetSeconds: number;
  /** Until one request can come, in seconds, rounded up; 0 where it can come now. */
  retryAfterSeconds: number;
}

/** A limit beyond this is none: the units of a minute's worth would no longer be exact. */
export const RATE_LIMIT_MAX = 100_000_000;
/** Units that a millisecond adds for each request of the limit; a rate can be divided into as many parts. */
const UNITS_PER_REQUEST_MS = 1_000;

const limitOf = ({ limit }: Rate): number => Math.min(limit, RATE_LIMIT_MAX);

/** Requests that are under way together may see times that differ by so much, in milliseconds, and not in order. */
const OUT_OF_ORDER_MS = 1_000;

/** Units that one request takes. */
export const unitsOfRequest = ({ periodMs }: Rate): number => periodMs * UNITS_PER_REQUEST_MS;

/** Units that a bucket can hold. */
const capacityOf = (rate: Rate): number => limitOf(rate) * unitsOfRequest(rate);

/** Units that a millisecond adds. */
export const unitsPerMs = (rate: Rate): number => limitOf(rate) * UNITS_PER_REQUEST_MS;

/** A bucket that holds all it can. */
export const fullBucket = (rate: Rate, now: number): Bucket => ({ level: capacityOf(rate), at: now });

/**
 * Adds what has come in since. Where the clock was set back nothing comes in, and time goes on from there: so a bucket
 * never gives more than its limit and the rate times the time that went forward, and nobody waits for a clock to catch up.
 *
 * @param addedPerMs units that a millisecond adds, where they are not all of the rate's
 */
export function fill(bucket: Bucket, rate: Rate, now: number, addedPerMs: number = unitsPerMs(rate)): void {
  const elapsedMs = now - bucket.at;
  const capacity = capacityOf(rate);
  const level = elapsedMs > 0 ? bucket.level + elapsedMs * addedPerMs : bucket.level;
  bucket.level = level < capacity ? level : capacity;
  if (elapsedMs > 0 || elapsedMs < -OUT_OF_ORDER_MS) bucket.at = now;
}

/** Takes one request out of a bucket that has been filled; false, and nothing taken, when it does not hold one. */
export function take(bucket: Bucket, rate: Rate): boolean {
  const cost = unitsOfRequest(rate);
  if (bucket.level < cost) return false;
  bucket.level -= cost;
  return true;
}

/** How a bucket that has been filled stands. `addedPerMs` as in {@link fill}. */
export function standingOf(
  bucket: Bucket,
  rate: Rate,
  allowed: boolean,
  addedPerMs: number = unitsPerMs(rate),
): RateStanding {
  const cost = unitsOfRequest(rate);
  const secondsUntil = (level: number): number => Math.max(0, Math.ceil((level - bucket.level) / addedPerMs / 1_000));
  return {
    allowed,
    limit: limitOf(rate),
    remaining: Math.floor(bucket.level / cost),
    resetSeconds: secondsUntil(capacityOf(rate)),
    retryAfterSeconds: secondsUntil(cost),
  };
}
