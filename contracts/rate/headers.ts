import { PlatformError } from "../errors.ts";
import type { RateStanding } from "./bucket.ts";

/** The headers that tell a caller how it stands, as widely used (no standard has them): in requests, and in seconds. */
export const RATE_HEADERS = {
  limit: "x-ratelimit-limit",
  remaining: "x-ratelimit-remaining",
  reset: "x-ratelimit-reset",
} as const;

type ToldStanding = Pick<RateStanding, "limit" | "remaining" | "resetSeconds">;

/** Name and value of each header of a standing. */
export function rateHeaders({ limit, remaining, resetSeconds }: ToldStanding): [name: string, value: string][] {
  return [
    [RATE_HEADERS.limit, String(limit)],
    [RATE_HEADERS.remaining, String(remaining)],
    [RATE_HEADERS.reset, String(resetSeconds)],
  ];
}

/** The refusal of a request that came too soon. `what` says whose limit it is, as a sentence without its end. */
export function tooManyRequests(what: string, standing: RateStanding): PlatformError {
  const { limit, resetSeconds } = standing;
  const retryAfterSeconds = Math.max(1, standing.retryAfterSeconds);
  const message = `${what}. Wait ${retryAfterSeconds} s and try again.`;
  return new PlatformError("too_many_requests", message, { limit, resetSeconds, retryAfterSeconds });
}

/** The headers of such a refusal; none for any other one. */
export function rateHeadersOf({ code, details }: PlatformError): [name: string, value: string][] {
  const { limit, resetSeconds } = details;
  if (code !== "too_many_requests" || typeof limit !== "number" || typeof resetSeconds !== "number") return [];
  return rateHeaders({ limit, remaining: 0, resetSeconds });
}
