import { DELIVERIES_CONCURRENCY, SATURATED_PAUSE_MS, SATURATED_PAUSE_MS_MAX } from "../../../contracts/limits.ts";

/**
 * How many deliveries may be under way at once. It shrinks to what found room when edges say that there is no more,
 * and grows again with every success. While it is small one more is tried now and then, less and less often while
 * there is no room for it.
 */
export class Window {
  #size = DELIVERIES_CONCURRENCY;
  /** In a row, with no success between. */
  #refusals = 0;
  #probeAt = 0;
  #probing = false;

  /** Whether one more may start beside so many. */
  enter(underWay: number, now: number): boolean {
    if (underWay < Math.floor(this.#size) && (underWay > 0 || this.#refusals === 0)) return true;
    if (underWay >= DELIVERIES_CONCURRENCY || this.#size >= DELIVERIES_CONCURRENCY || now < this.#probeAt) return false;
    this.#probeAt = now + this.#pause();
    this.#probing = true;
    return true;
  }

  /** When one more is tried in any case, in epoch milliseconds. */
  get probeAt(): number {
    return this.#probeAt;
  }

  /** One found no room beside so many others. */
  refused(others: number, retryAfterMs: number, now: number, chance: number): void {
    this.#size = Math.max(1, Math.min(this.#size, others, DELIVERIES_CONCURRENCY - 1));
    // Those that began together and were refused together are one refusal.
    if (this.#refusals > 0 && !this.#probing) return;
    this.#probing = false;
    this.#refusals += 1;
    this.#probeAt = now + Math.ceil(Math.max(this.#pause(), retryAfterMs) * (1 + 0.2 * chance));
  }

  /** One found room. */
  admitted(): void {
    this.#refusals = 0;
    this.#probing = false;
    this.#size = Math.min(DELIVERIES_CONCURRENCY, this.#size + 1 / this.#size);
  }

  #pause(): number {
    return Math.min(SATURATED_PAUSE_MS * 2 ** Math.max(0, this.#refusals - 1), SATURATED_PAUSE_MS_MAX);
  }
}
