import type { NewDelivery } from "../../../contracts/events/delivery.ts";
import {
  EVENTS_RETRY_MS_MAX,
  EVENTS_RETRY_MS_MIN,
  EVENTS_WATCH_MS,
  OUTBOX_DELIVERY_MS,
} from "../../../contracts/limits.ts";
import type { WakeUp } from "../../alarms.ts";
import type { Database } from "../../database.ts";
import { settlesWithin, withDeadline } from "../../outbox/deadline.ts";
import { SingleFlight } from "../../outbox/single-flight.ts";
import { takeBatch } from "./batch.ts";
import { isEmpty, removeRows, rows } from "./rows.ts";

/** What handing over needs of the world. */
export interface HandoverDeps {
  /** Durable when it returns; safe to repeat. */
  enqueue(deliveries: NewDelivery[]): Promise<void>;
  /** Called when the time of the next attempt has changed. */
  rearm(): void;
  now(): number;
}

/**
 * Hands the events of a collection over to the deliveries of its org: at once after each commit, in the order of
 * the changes, many at a time; and by the object's alarm what could not be handed over then. A row goes when it
 * was taken over, never before.
 */
export class Handover {
  readonly #db: Database;
  readonly #deps: HandoverDeps;
  readonly #flight = new SingleFlight(() => this.#drain());
  #flying = false;
  /** Failures in a row, and when to try again after them. After a restart all is tried at once. */
  #failures = 0;
  #retryAt = 0;

  constructor(db: Database, deps: HandoverDeps) {
    this.#db = db;
    this.#deps = deps;
  }

  /** Begins to hand over what there is, unless that failed just now. Its first call leaves in this same turn. */
  kick(): void {
    void this.#flight.run();
  }

  readonly wakeUp: WakeUp = {
    dueAt: () => {
      if (!this.#db.exists || isEmpty(this.#db)) return null;
      // While it goes on by itself the alarm only stands by, and in steps, so as not to be set anew by each change.
      return this.#flying ? (Math.ceil(this.#deps.now() / EVENTS_WATCH_MS) + 1) * EVENTS_WATCH_MS : this.#retryAt;
    },
    // Under constant writes a flight may not end, and the alarm has other things to do.
    run: async () => void (await settlesWithin(this.#flight.run(), EVENTS_WATCH_MS)),
  };

  async #drain(): Promise<void> {
    if (this.#deps.now() < this.#retryAt) return;
    this.#flying = true;
    try {
      await this.#handAllOver();
      this.#failures = 0;
      this.#retryAt = 0;
    } catch (error) {
      this.#failures += 1;
      const pause = Math.min(EVENTS_RETRY_MS_MIN * 2 ** (this.#failures - 1), EVENTS_RETRY_MS_MAX);
      this.#retryAt = this.#deps.now() + pause;
      console.error(`events wait: the deliveries did not take them over, next attempt in ${pause} ms`, error);
    } finally {
      this.#flying = false;
    }
    if (this.#failures > 0) this.#deps.rearm();
  }

  async #handAllOver(): Promise<void> {
    let done = 0;
    while (this.#db.exists) {
      const batch = takeBatch(rows(this.#db), done);
      if (batch.deliveries.length === 0) return;
      await withDeadline(this.#deps.enqueue(batch.deliveries), OUTBOX_DELIVERY_MS);
      if (!this.#db.exists) return;
      if (batch.upTo !== null) removeRows(this.#db, batch.upTo);
      done = batch.done;
      this.#failures = 0;
    }
  }
}
