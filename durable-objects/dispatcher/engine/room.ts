import { PlatformError } from "../../../contracts/errors.ts";
import { DELIVERIES_WAITING_LENGTH_MAX, DELIVERIES_WAITING_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";

/** How often a full dispatcher counts whether it still is, in milliseconds. */
const RECOUNT_MS = 250;

/**
 * Keeps what waits within its bounds. It remembers a number that is never too small, and counts only when that
 * passes a bound.
 */
export class Room {
  readonly #db: Database;
  #count = Number.MAX_SAFE_INTEGER;
  #length = 0;
  #fullUntil = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Asks for room for deliveries with events of so many characters; throws `unavailable` where there is none. */
  reserve(count: number, length: number, now: number): void {
    if (!this.#fits(count, length)) {
      if (now < this.#fullUntil) throw full();
      this.#recount();
      if (!this.#fits(count, length)) {
        this.#fullUntil = now + RECOUNT_MS;
        throw full();
      }
    }
    this.#count += count;
    this.#length += length;
  }

  #fits(count: number, length: number): boolean {
    return this.#count + count <= DELIVERIES_WAITING_MAX && this.#length + length <= DELIVERIES_WAITING_LENGTH_MAX;
  }

  #recount(): void {
    const query = "SELECT count(*) AS count, total(length) AS length FROM deliveries WHERE state = 'waiting'";
    const row = this.#db.find<{ count: number; length: number }>(query);
    this.#count = row?.count ?? 0;
    this.#length = row?.length ?? 0;
  }
}

const full = (): PlatformError =>
  new PlatformError(
    "unavailable",
    "Too many deliveries of this org are waiting. Resume or discard those of paused triggers, or try again later.",
    { max: DELIVERIES_WAITING_MAX, retryAfterSeconds: 5 },
  );
