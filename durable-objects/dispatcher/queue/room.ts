import { PlatformError } from "../../../contracts/errors.ts";
import { QUEUE_BYTES_MAX, QUEUE_MESSAGES_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";

/** How often full queues are counted whether they still are, in milliseconds. */
const RECOUNT_MS = 250;

/** Keeps the messages of an org within their bounds; it remembers numbers that are never too small. */
export class QueueRoom {
  readonly #db: Database;
  #messages = Number.MAX_SAFE_INTEGER;
  #bytes = 0;
  #fullUntil = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Asks for room; throws `over_budget` with what is used where there is none. */
  reserve(messages: number, bytes: number, now: number): void {
    if (!this.#fits(messages, bytes)) {
      if (now >= this.#fullUntil) this.#recount();
      if (!this.#fits(messages, bytes)) {
        this.#fullUntil = Math.max(this.#fullUntil, now + RECOUNT_MS);
        throw this.#full();
      }
    }
    this.#messages += messages;
    this.#bytes += bytes;
  }

  /** Forgets what it remembers, after many have gone. */
  recount(): void {
    this.#messages = Number.MAX_SAFE_INTEGER;
    this.#fullUntil = 0;
  }

  #fits(messages: number, bytes: number): boolean {
    return this.#messages + messages <= QUEUE_MESSAGES_MAX && this.#bytes + bytes <= QUEUE_BYTES_MAX;
  }

  #recount(): void {
    const query = "SELECT count(*) AS messages, total(bytes) AS bytes FROM queue_messages";
    const row = this.#db.find<{ messages: number; bytes: number }>(query);
    this.#messages = row?.messages ?? 0;
    this.#bytes = row?.bytes ?? 0;
  }

  #full(): PlatformError {
    return new PlatformError(
      "over_budget",
      "The queues of this org are full. Have their messages consumed, or purge those that are not needed.",
      { messages: this.#messages, messagesMax: QUEUE_MESSAGES_MAX, bytes: this.#bytes, bytesMax: QUEUE_BYTES_MAX },
    );
  }
}
