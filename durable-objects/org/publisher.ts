import { PUBLICATION_WAIT_MS } from "../../contracts/limits.ts";
import { Alarms, type AlarmStorage } from "../alarms.ts";
import type { Database } from "../database.ts";
import { settlesWithin } from "../outbox/deadline.ts";
import { drain } from "../outbox/drain.ts";
import { dueRows, isOnlyDependants, type Lane, LANES, nextDueAt, postpone, settle } from "../outbox/rows.ts";
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
  readonly #flights: Record<Lane, SingleFlight> = {
    publication: new SingleFlight(() => this.#drain("publication")),
    objects: new SingleFlight(() => this.#drain("objects")),
  };
  #removal: Promise<void> | null = null;
  readonly alarms: Alarms;

  constructor(db: Database, storage: AlarmStorage, outside: Outside) {
    this.#db = db;
    this.#outside = outside;
    this.alarms = new Alarms(storage, {
      outbox: { dueAt: () => this.#nextDueAt(), run: () => this.#run() },
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
    if (this.#nextDueAt() !== null) await settlesWithin(this.#run(this.#onlyDependantsLeft()), waitMs);
    await armed;
  }

  #nextDueAt(): number | null {
    if (!this.#db.exists) return null;
    const due = LANES.flatMap((lane) => nextDueAt(this.#db, lane) ?? []);
    return due.length === 0 ? null : Math.min(...due);
  }

  /** Drains both lanes; does not wait for the end of the publication where `enough` of it is there before. */
  async #run(enough?: Promise<void>): Promise<void> {
    const publication = this.#flights.publication.run();
    const published = enough === undefined ? publication : Promise.race([publication, enough]);
    await Promise.all([published, this.#flights.objects.run()]);
  }

  #onlyDependantsLeft(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #settled(): void {
    if (this.#waiting.length === 0 || !isOnlyDependants(this.#db)) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #drain(lane: Lane): Promise<void> {
    const db = this.#db;
    if (!db.exists) return;
    await drain({
      now: Date.now,
      due: (now, limit) => dueRows(db, lane, now, limit),
      deliver: (row) => deliver(db, this.#outside, row),
      settle: (row) => {
        settle(db, row);
        this.#settled();
      },
      postpone: (row, retryAt) => postpone(db, row, retryAt),
    });
    if (lane === "publication") this.#waiting = [];
    await this.#remove();
    await this.alarms.arm(Date.now());
  }

  /** Erases the org once both lanes are empty; the lane that ends second waits, for there are no tables to ask. */
  async #remove(): Promise<void> {
    if (this.#removal === null && this.#db.exists && isRemovable(this.#db)) {
      this.#removal = this.#db.erase(Date.now()).finally(() => {
        this.#removal = null;
      });
    }
    await this.#removal;
  }
}
