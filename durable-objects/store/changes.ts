import type { Origin } from "../../contracts/data/origin.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { EVENTS_OUTBOX_MAX } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";
import type { Collection } from "./collection.ts";
import { addRow, backlog } from "./outbox/rows.ts";
import { checkQuota, checkSize } from "./size.ts";
import type { Change } from "./triggers.ts";

/**
 * The changes of one transaction, of kv and of docs alike: it gives out versions, keeps count, and puts the events
 * of each change into the outbox beside it.
 */
export class Changes {
  readonly db: Database;
  /** When they happen, in epoch milliseconds. */
  readonly now: number;
  readonly origin: Origin;
  readonly #collection: Collection;
  #version: number;
  #count: number;
  #grownBytes = 0;
  #events = 0;
  #wakes = false;
  /** Rows that the outbox still takes; null before anybody asked. */
  #room: number | null = null;

  constructor(db: Database, collection: Collection, origin: Origin, now: number) {
    this.db = db;
    this.now = now;
    this.origin = origin;
    this.#collection = collection;
    this.#version = collection.version;
    this.#count = collection.count;
  }

  /** Changes that are events. */
  get events(): number {
    return this.#events;
  }

  /** Whether they leave something to wake for. */
  get wakes(): boolean {
    return this.#wakes || this.#events > 0;
  }

  /** Bytes by which the collection has grown; less than 0 where it has shrunk. */
  get grownBytes(): number {
    return this.#grownBytes;
  }

  /** Says that they do, other than for their events. */
  wake(): void {
    this.#wakes = true;
  }

  /** A version that no change of the collection ever had. */
  nextVersion(): number {
    return (this.#version += 1);
  }

  /** Says by how many keys or documents, and by how many bytes, the collection has grown; less than 0 for shrunk. */
  grew(count: number, bytes: number): void {
    this.#count += count;
    this.#grownBytes += bytes;
  }

  /** Whether a change may be an event, so that its value before is worth reading. */
  mayMatter(operation: Change["operation"], key: string): boolean {
    return this.#collection.triggers.some((trigger) => trigger.mayMatch(operation, key));
  }

  /**
   * Writes down the events that a change is; none where no trigger wants it.
   *
   * @param origin who made it, where that is somebody else than who made the others.
   * @throws PlatformError `unavailable` when too many wait to be handed over.
   */
  record(change: Change, origin: Origin = this.origin): void {
    const triggerIds = this.#collection.triggers.filter((trigger) => trigger.matches(change)).map(({ id }) => id);
    if (triggerIds.length === 0) return;
    this.#room ??= EVENTS_OUTBOX_MAX - backlog(this.db);
    if (this.#events >= this.#room) throw outboxFull(this.#collection.name);
    const length = addRow(this.db, this.#collection, { change, triggerIds, origin }, this.now);
    // What was removed has made as much room as its event takes, and must always be possible.
    if (change.next !== null) this.#grownBytes += length;
    this.#events += 1;
  }

  /**
   * Ends them, still inside the transaction; answers the collection as it is now.
   *
   * @param bytes reads the size of the storage.
   * @throws PlatformError `over_budget` for a collection that grew beyond what it may have, `over_quota` for one that
   *   may not grow.
   */
  finish(bytes: () => number): Collection {
    if (this.#grownBytes > 0) {
      checkSize(bytes());
      checkQuota(this.#collection.overQuota);
    }
    const next = { ...this.#collection, version: this.#version, count: this.#count };
    if (next.version !== this.#collection.version || next.count !== this.#collection.count) {
      this.db.run("UPDATE collection SET version = ?, count = ?", next.version, next.count);
    }
    return next;
  }
}

const outboxFull = (collection: string): PlatformError =>
  new PlatformError(
    "unavailable",
    `${EVENTS_OUTBOX_MAX} changes of ${collection} wait to become deliveries, and no more are taken. ` +
      "Resume or remove the triggers that hold them up, or write again later.",
    { limit: EVENTS_OUTBOX_MAX, retryAfterSeconds: 10 },
  );
