import type { PlatformError } from "../../../contracts/errors.ts";
import {
  UNKNOWN_HOSTS_ADDRESSES_MAX,
  UNKNOWN_HOSTS_PER_MINUTE,
  UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS,
} from "../../../contracts/limits.ts";
import { addressKey } from "../../../contracts/rate/address.ts";
import { tooManyRequests } from "../../../contracts/rate/headers.ts";
import { RateLimiter } from "../../../contracts/rate/limiter.ts";
import type { RouterEnv } from "../env.ts";

const MINUTE_MS = 60_000;
/** Stands for everybody where nobody can tell addresses. */
const EVERYWHERE = "";

/**
 * Bounds requests for hosts that are no org's, so that whoever guesses slugs cannot keep the directory busy. An org that
 * an edge remembers, or finds published, is never in their way.
 */
export class UnknownHosts {
  readonly #limiter = new RateLimiter(MINUTE_MS, UNKNOWN_HOSTS_ADDRESSES_MAX);

  /** Counts such a request, or says why it is refused; `now` in epoch milliseconds. */
  refusal(request: Request, env: Pick<RouterEnv, "PUBLIC_URL">, now: number): PlatformError | null {
    // Only Cloudflare overwrites this header; elsewhere a caller could write it.
    const address = env.PUBLIC_URL.startsWith("https://") ? request.headers.get("cf-connecting-ip") : null;
    const standing =
      address === null
        ? this.#limiter.take(EVERYWHERE, UNKNOWN_HOSTS_PER_MINUTE, now)
        : this.#limiter.take(addressKey(address), UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS, now);
    return standing.allowed
      ? null
      : tooManyRequests("There were too many requests for hosts where no org lives", standing);
  }
}

/** Those of this isolate. */
export const unknownHosts = new UnknownHosts();
