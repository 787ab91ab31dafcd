import type { PlatformError } from "../../../contracts/errors.ts";
import { OTHER_EDGES_FRESH_MS } from "../../../contracts/limits.ts";
import type { Projection } from "../../../contracts/projection.ts";
import {
  type Bucket,
  fill,
  fullBucket,
  type Rate,
  type RateStanding,
  standingOf,
  take,
  unitsOfRequest,
  unitsPerMs,
} from "../../../contracts/rate/bucket.ts";
import { Generations } from "../../../contracts/rate/generations.ts";
import { tooManyRequests } from "../../../contracts/rate/headers.ts";

const SECOND_MS = 1_000;
/** After so long without a request an org's bucket is full, whatever other edges took, in milliseconds. */
const FORGOTTEN_MS = OTHER_EDGES_FRESH_MS + 2 * SECOND_MS;
/** Part of an org's limit that an edge gives however much the others do, so that no edge is shut out. */
const LEAST_SHARE = 1 / 20;

interface OrgBucket extends Bucket {
  /** Requests that were let through in the second that began at `countedFrom`, and in the one before. */
  count: number;
  countBefore: number;
  countedFrom: number;
  /** Requests of other edges in the last second, and until when that is believed, in epoch milliseconds. */
  others: number;
  othersUntil: number;
  /** Units that a millisecond adds, while other edges have requests too. */
  share: number;
}

/**
 * The rate that the plan of an org allows its hosts. Each edge counts for itself and hears from time to time what the
 * others let through; then it gives the part of the limit that it had of all requests in the last second, or what the
 * others left where that is more. So edges that are all busy come down to the limit together within a second or two,
 * whatever part of the requests each of them gets.
 *
 * Only orgs that exist and have such a limit are kept, and none for long.
 */
export class OrgRates {
  readonly #buckets = new Generations<OrgBucket>(FORGOTTEN_MS);

  /** Orgs that are kept now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Lets a request to an org's host through, or says why not; `now` in epoch milliseconds. */
  refusal({ orgId, settings }: Projection, now: number): PlatformError | null {
    const limit = settings.quotas.requestsPerSecond;
    if (limit === undefined) return null;
    const rate = { limit, periodMs: SECOND_MS };
    const bucket = this.#bucketOf(orgId, rate, now);
    fill(bucket, rate, now, addedPerMs(bucket, rate, now));
    if (take(bucket, rate)) {
      count(bucket, now);
      return null;
    }
    const standing = standingOf(bucket, rate, false, addedPerMs(bucket, rate, now));
    return tooManyRequests(`This org takes ${limit} requests a second`, standing);
  }

  /** How an org stands that has less than half of its limit left; null for all others, and next to free. */
  warning({ orgId, settings }: Projection, now: number): RateStanding | null {
    const limit = settings.quotas.requestsPerSecond;
    if (limit === undefined) return null;
    const rate = { limit, periodMs: SECOND_MS };
    const bucket = this.#buckets.look(orgId);
    if (bucket === undefined || 2 * bucket.level >= limit * unitsOfRequest(rate)) return null;
    const added = addedPerMs(bucket, rate, now);
    const filled = { ...bucket };
    fill(filled, rate, now, added);
    return standingOf(filled, rate, true, added);
  }

  /** Takes over how many requests of an org the other edges let through in the last second. */
  setOthers(orgId: string, perSecond: number, now: number): void {
    const bucket = this.#buckets.look(orgId);
    if (bucket === undefined) return;
    bucket.others = perSecond;
    bucket.othersUntil = now + OTHER_EDGES_FRESH_MS;
    bucket.share = shareOf(countedLately(bucket, now), perSecond);
  }

  #bucketOf(orgId: string, rate: Rate, now: number): OrgBucket {
    const kept = this.#buckets.use(orgId, now);
    if (kept !== undefined) return kept;
    const counts = { count: 0, countBefore: 0, countedFrom: now, others: 0, othersUntil: 0, share: 1 };
    const bucket = { ...fullBucket(rate, now), ...counts };
    this.#buckets.add(orgId, bucket);
    return bucket;
  }
}

/** Units that come in here in a millisecond: whole ones, so that counting stays exact. */
function addedPerMs(bucket: OrgBucket, rate: Rate, now: number): number {
  const all = unitsPerMs(rate);
  if (bucket.others === 0 || now >= bucket.othersUntil) return all;
  const left = 1 - bucket.others / rate.limit;
  return Math.ceil(all * Math.max(left, bucket.share, LEAST_SHARE));
}

/** The part that `own` has of all requests. */
const shareOf = (own: number, others: number): number => (own + others === 0 ? 1 : own / (own + others));

function count(bucket: OrgBucket, now: number): void {
  turn(bucket, now);
  bucket.count += 1;
}

/** Requests that were let through in the last second: those of the second before count for the part that reaches into it. */
function countedLately(bucket: OrgBucket, now: number): number {
  turn(bucket, now);
  const elapsedMs = Math.max(0, now - bucket.countedFrom);
  return bucket.count + bucket.countBefore * (1 - elapsedMs / SECOND_MS);
}

function turn(bucket: OrgBucket, now: number): void {
  const elapsedMs = now - bucket.countedFrom;
  if (Math.abs(elapsedMs) < SECOND_MS) return;
  bucket.countBefore = elapsedMs >= SECOND_MS && elapsedMs < 2 * SECOND_MS ? bucket.count : 0;
  bucket.countedFrom = bucket.countBefore > 0 ? bucket.countedFrom + SECOND_MS : now;
  bucket.count = 0;
}

/** Those of this isolate. */
export const orgRates = new OrgRates();
