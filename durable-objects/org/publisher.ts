import { PUBLICATION_WAIT_MS } from "../../contracts/limits.ts";
import { Alarms, type AlarmStorage } from "../alarms.ts";
import type { Database } from "../database.ts";
import { settlesWithin } from "../outbox/deadline.ts";
import { drain } from "../outbox/drain.ts";
import { dueRows, isOnlyDependants, nextDueAt, postpone, settle } from "../outbox/rows.ts";
import { SingleFlight } from "../outbox/single-flight.ts";
import { tombstoneWakeUp } from "../tombstone.ts";
import { deliver, type Outside } from "./delivery.ts";
import { isRemovable } from "./destroy.ts";

/**
 * Carries what an org commits to the outside: at once, and by the object's alarm for whatever
 * could not be carried then.
 */
export class Publisher {
  readonly #db: Database;
  readonly #outside: Outside;
  /** Those who wait until only code of dependants is left; a drain that ends lets go of them too. */
  #waiting: (() => void)[] = [];
  readonly #flight = new SingleFlight(() => this.#drain());
  readonly alarms: Alarms;

  constructor(db: Database, storage: AlarmStorage, outside: Outside) {
    this.#db = db;
    this.#outside = outside;
    this.alarms = new Alarms(storage, {
      outbox: { dueAt: () => (db.exists ? nextDueAt(db) : null), run: () => this.#flight.run() },
      tombstone: tombstoneWakeUp(db),
    });
  }

  /**
   * To be called in the same turn as a commit, whose alarm it sets. Waits for the publication, but
   * not for long, and not for code that edges can get without it: a change stands whether or not the
   * outside hears of it now.
   */
  async publish(waitMs: number = PUBLICATION_WAIT_MS): Promise<void> {
    const armed = this.alarms.arm(Date.now() + waitMs);
    if (this.#db.exists && nextDueAt(this.#db) !== null) {
      await settlesWithin(Promise.race([this.#flight.run(), this.#onlyDependantsLeft()]), waitMs);
    }
    await armed;
  }

  #onlyDependantsLeft(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #settled(): void {
    if (this.#waiting.length === 0 || !isOnlyDependants(this.#db)) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #drain(): Promise<void> {
    const db = this.#db;
    if (!db.exists) return;
    await drain({
      now: Date.now,
      due: (now, limit) => dueRows(db, now, limit),
      deliver: (row) => deliver(db, this.#outside, row),
      settle: (row) => {
        settle(db, row);
        this.#settled();
      },
      postpone: (row, retryAt) => postpone(db, row, retryAt),
    });
    this.#waiting = [];
    if (isRemovable(db)) await db.erase(Date.now());
    await this.alarms.arm(Date.now());
  }
}
