import { SIGN_IN_AT_DOOR_MAX, SIGN_IN_SUBJECTS_MAX, SIGN_IN_WINDOW_S } from "../../../contracts/limits.ts";
import { tooManyRequests } from "../../../contracts/rate/headers.ts";
import { RateLimiter } from "../../../contracts/rate/limiter.ts";
import { sha256Hex } from "./hash.ts";

/**
 * Turns away, before they wait for anything, who comes far more often than the buckets in the database will let pass:
 * else whoever hammers one account, or comes from one address, would fill the queue in which honest people wait. It
 * counts in memory, each process for itself; what it lets pass is counted exactly behind it.
 */
export class Doorstep {
  readonly #limiter = new RateLimiter(SIGN_IN_WINDOW_S * 1_000, SIGN_IN_SUBJECTS_MAX);

  /** Throws `too_many_requests`. An address that nobody tells is not counted. */
  async enter(email: string, address: string | null, now: number): Promise<void> {
    if (address !== null) this.#take("address", address, now, "Too many attempts to sign in from this address");
    this.#take("account", await sha256Hex(email), now, "Too many attempts to sign in to this account");
  }

  #take(kind: string, subject: string, now: number, what: string): void {
    const standing = this.#limiter.take(`${kind}:${subject}`, SIGN_IN_AT_DOOR_MAX, now);
    if (!standing.allowed) throw tooManyRequests(what, standing);
  }
}

export const doorstep = new Doorstep();
