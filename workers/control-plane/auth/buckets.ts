import { eq, inArray, type SQL, sql } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import {
  ACCOUNT_FAILURES_MAX,
  ACCOUNT_WAIT_S,
  ACCOUNT_WINDOW_S,
  PASSWORD_RESETS_MAX,
  PASSWORD_RESETS_WINDOW_S,
  SIGN_IN_ATTEMPTS_MAX,
  SIGN_IN_WINDOW_S,
  TWO_FACTOR_ATTEMPTS_MAX,
  TWO_FACTOR_CODE_TTL_S,
} from "../../../contracts/limits.ts";
import type { Queries } from "../database/connect.ts";
import { rateLimit } from "../database/schema.ts";
import { sha256Hex } from "./hash.ts";

/** How many attempts may be made, and when there may be more. Counted in the database, and so by all processes together. */
export interface Bucket {
  name: string;
  /** Attempts in a window. */
  max: number;
  /** Seconds from the first attempt after which all is forgotten; with a wait, from the latest one. */
  windowS: number;
  /** Seconds to wait before an attempt beyond `max`; doubles with each. Null: none before the window is over. */
  waitS: number | null;
  refusal: string;
}

const OTHER_WAYS = "A passkey or another way to sign in is not held up by this.";

export const BUCKETS = {
  /** Attempts to sign in, whoever is to be signed in. */
  address: {
    name: "sign-in:address",
    max: SIGN_IN_ATTEMPTS_MAX,
    windowS: SIGN_IN_WINDOW_S,
    waitS: null,
    refusal: "Too many attempts to sign in from this address.",
  },
  /** Passwords tried for one account, whether there is such an account or not. The right one empties it. */
  account: {
    name: "sign-in:account",
    max: ACCOUNT_FAILURES_MAX,
    windowS: ACCOUNT_WINDOW_S,
    waitS: ACCOUNT_WAIT_S,
    refusal: `Too many wrong passwords for this account. ${OTHER_WAYS}`,
  },
  /** Codes of second factors. */
  code: {
    name: "two-factor:address",
    max: TWO_FACTOR_ATTEMPTS_MAX,
    windowS: SIGN_IN_WINDOW_S,
    waitS: null,
    refusal: "Too many codes from this address.",
  },
  /** One code of one account: good once (RFC 6238, 5.2), and not worth a second try otherwise. */
  usedCode: {
    name: "two-factor:code",
    max: 1,
    windowS: TWO_FACTOR_CODE_TTL_S,
    waitS: null,
    refusal: "This code was sent before. Wait for the next one.",
  },
  /** Codes by which a second factor is turned on, by account: its secret is no secret to who may see it. */
  confirmation: {
    name: "two-factor:confirm",
    max: TWO_FACTOR_ATTEMPTS_MAX,
    windowS: SIGN_IN_WINDOW_S,
    waitS: null,
    refusal: "Too many codes.",
  },
  /** Letters with the way to a new password, by account. */
  reset: {
    name: "reset:account",
    max: PASSWORD_RESETS_MAX,
    windowS: PASSWORD_RESETS_WINDOW_S,
    waitS: null,
    refusal: "Too many letters were asked for.",
  },
} as const satisfies Record<string, Bucket>;

/** The longest that a bucket remembers anything, in milliseconds. */
export const BUCKET_MEMORY_MS = Math.max(...Object.values(BUCKETS).map(({ windowS }) => windowS)) * 1_000;

/**
 * Counts an attempt, in one statement: of any number at once exactly as many pass as may.
 *
 * @throws PlatformError `too_many_requests` with the bound and when to try again, and counts nothing.
 */
export async function take(queries: Queries, bucket: Bucket, subject: string): Promise<void> {
  const key = await keyOf(bucket, subject);
  const now = Date.now();
  const sinceMs = sql`(${now}::bigint - ${rateLimit.lastRequest})`;
  const isOver = sql`${sinceMs} >= ${bucket.windowS * 1_000}`;
  const count = sql`case when ${isOver} then 1 else ${rateLimit.count} + 1 end`;
  const lastRequest = sql`case when ${isOver} then ${now} else ${rateLimit.lastRequest} end`;
  const [taken] = await queries
    .insert(rateLimit)
    .values({ id: crypto.randomUUID(), key, count: 1, lastRequest: now })
    .onConflictDoUpdate({
      target: rateLimit.key,
      set: { count, lastRequest: bucket.waitS === null ? lastRequest : now },
      setWhere: sql`${isOver} or ${rateLimit.count} < ${bucket.max} or ${hasWaited(bucket, sinceMs)}`,
    })
    .returning({ count: rateLimit.count });
  if (taken !== undefined) return;
  const [row] = await queries.select().from(rateLimit).where(eq(rateLimit.key, key));
  throw refusal(bucket, row === undefined ? 1 : retryAfterS(bucket, row, now));
}

/** Forgets the attempts of a subject; give the transaction of what made them good. */
export async function clear(queries: Queries, buckets: readonly Bucket[], subject: string): Promise<void> {
  const keys = await Promise.all(buckets.map((bucket) => keyOf(bucket, subject)));
  await queries.delete(rateLimit).where(inArray(rateLimit.key, keys));
}

/** Until the next attempt may be made, in whole seconds. */
function retryAfterS(bucket: Bucket, row: { count: number; lastRequest: number }, now: number): number {
  const waitS =
    bucket.waitS === null ? bucket.windowS : Math.min(bucket.windowS, bucket.waitS * 2 ** (row.count - bucket.max));
  return Math.max(1, Math.ceil((row.lastRequest + waitS * 1_000 - now) / 1_000));
}

/** The same wait in the words of the database. */
function hasWaited({ max, windowS, waitS }: Bucket, sinceMs: SQL): SQL {
  if (waitS === null) return sql`false`;
  const doublings = sql`least(${rateLimit.count} - ${max}, 30)`;
  return sql`${sinceMs} >= least(${windowS}::float8, ${waitS}::float8 * power(2, ${doublings})) * 1000`;
}

function refusal(bucket: Bucket, retryAfterSeconds: number): PlatformError {
  return new PlatformError("too_many_requests", `${bucket.refusal} Try again in ${retryAfterSeconds} s.`, {
    limit: bucket.max,
    resetSeconds: retryAfterSeconds,
    retryAfterSeconds,
  });
}

/** What was tried for whom is nobody's business who reads the table. */
const keyOf = async ({ name }: Bucket, subject: string): Promise<string> => `${name}:${await sha256Hex(subject)}`;
