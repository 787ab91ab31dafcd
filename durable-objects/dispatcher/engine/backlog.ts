import {
  DELIVERIES_PER_TRIGGER_CONCURRENCY,
  DELIVERIES_READY_LENGTH_MAX,
  DELIVERIES_READY_MAX,
} from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { type DeliveryRow, dueRows, nextDueAt } from "./deliveries.ts";
import { Source } from "./source.ts";

/** Deliveries that one look into the storage takes into memory, and their events, in characters. */
const REFILL_ROWS = 64;
const REFILL_LENGTH = DELIVERIES_READY_LENGTH_MAX / 8;

/**
 * What is to be delivered next. All of it is in storage; in memory is as much as its bounds allow, so that what
 * leaves at once need not be read again. Triggers take turns, whatever any of them has waiting.
 */
export class Backlog {
  readonly #db: Database;
  readonly #sources = new Map<string, Source>();
  readonly #turns: Source[] = [];
  /** Those in memory: in a queue, or taken and not let go of. */
  readonly #known = new Set<number>();
  readonly #taken = new Map<number, { row: DeliveryRow; underWay: boolean }>();
  #queued = 0;
  #queuedLength = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Whether anything is queued, or taken and not let go of. */
  get isBusy(): boolean {
    return this.#known.size > 0;
  }

  /** Delivers of these from now on and of no others; what is under way goes on. */
  setSources(ids: Iterable<string>): void {
    const wanted = new Set(ids);
    for (const source of this.#sources.values()) if (!wanted.has(source.id)) this.#drop(source);
    for (const id of wanted) {
      if (this.#sources.has(id)) continue;
      const source = new Source(id);
      source.nextAt = this.#db.exists ? nextDueAt(this.#db, id, 0) : null;
      for (const { row, underWay } of this.#taken.values()) if (underWay && row.trigger_id === id) source.underWay += 1;
      this.#sources.set(id, source);
    }
  }

  /** Forgets what of a source is queued, for its storage has changed. */
  reread(id: string): void {
    const source = this.#sources.get(id);
    if (source === undefined) return;
    this.#forget(source);
    source.nextAt = nextDueAt(this.#db, id, 0);
  }

  /** Takes in what has been committed; it waits in storage where there is no room. */
  offer(row: DeliveryRow, now: number): void {
    const source = this.#sources.get(row.trigger_id);
    if (source === undefined || row.due_at === null) return;
    const others = source.nextAt !== null && source.nextAt <= now;
    if (row.due_at > now || others || !this.#hasRoom()) source.dueBy(row.due_at);
    else this.#push(source, row);
  }

  /** Something of a source, in storage, is due then. */
  dueBy(id: string, at: number): void {
    this.#sources.get(id)?.dueBy(at);
  }

  /** Whether anything has its turn coming. */
  isReady(now: number): boolean {
    this.#callDue(now);
    return this.#turns.length > 0;
  }

  /** The next one in turn, which is taken until it is let go of or given back; null for none. */
  take(now: number): DeliveryRow | null {
    for (let left = this.#turns.length; left > 0; left -= 1) {
      const source = this.#turns.shift();
      if (source === undefined) return null;
      const row = source.underWay < DELIVERIES_PER_TRIGGER_CONCURRENCY ? this.#takeOf(source, now) : null;
      if (this.#sources.get(source.id) === source && source.isDue(now)) this.#turns.push(source);
      else source.inTurn = false;
      if (row !== null) return row;
    }
    return null;
  }

  /** Puts one that was taken back to the head of its queue. */
  giveBack(row: DeliveryRow): void {
    this.freePlace(row);
    this.#taken.delete(row.seq);
    const source = this.#sources.get(row.trigger_id);
    if (source === undefined) {
      this.#known.delete(row.seq);
      return;
    }
    source.queue.unshift(row);
    this.#queued += 1;
    this.#queuedLength += row.length;
    this.#call(source);
  }

  /** An attempt has ended: its place is free, while the row stays taken until what came of it is stored. */
  freePlace(row: DeliveryRow): void {
    const taken = this.#taken.get(row.seq);
    if (taken === undefined || !taken.underWay) return;
    taken.underWay = false;
    const source = this.#sources.get(row.trigger_id);
    if (source !== undefined) source.underWay -= 1;
  }

  /** Forgets one whose fate is stored; `dueAt` where it is tried again. */
  letGo(row: DeliveryRow, dueAt: number | null): void {
    this.#taken.delete(row.seq);
    this.#known.delete(row.seq);
    if (dueAt !== null) this.dueBy(row.trigger_id, dueAt);
  }

  /** Those that are taken and not let go of. */
  taken(): number[] {
    return [...this.#taken.keys()];
  }

  /** When something that is not in memory is due, at the earliest after a time. */
  nextAt(after: number): number | null {
    let earliest: number | null = null;
    for (const { nextAt } of this.#sources.values()) {
      if (nextAt !== null && nextAt > after && (earliest === null || nextAt < earliest)) earliest = nextAt;
    }
    return earliest;
  }

  /** Whether something that is not in memory was due by a time. */
  isOverdue(by: number): boolean {
    for (const { nextAt } of this.#sources.values()) if (nextAt !== null && nextAt <= by) return true;
    return false;
  }

  #hasRoom(): boolean {
    return this.#queued < DELIVERIES_READY_MAX && this.#queuedLength < DELIVERIES_READY_LENGTH_MAX;
  }

  #callDue(now: number): void {
    for (const source of this.#sources.values()) if (!source.inTurn && source.isDue(now)) this.#call(source);
  }

  #call(source: Source): void {
    if (source.inTurn) return;
    source.inTurn = true;
    this.#turns.push(source);
  }

  #push(source: Source, row: DeliveryRow): void {
    if (this.#known.has(row.seq)) return;
    this.#known.add(row.seq);
    source.queue.push(row);
    this.#queued += 1;
    this.#queuedLength += row.length;
    this.#call(source);
  }

  #takeOf(source: Source, now: number): DeliveryRow | null {
    if (source.queue.length === 0) this.#refill(source, now);
    const row = source.queue.shift();
    if (row === undefined) return null;
    this.#queued -= 1;
    this.#queuedLength -= row.length;
    source.underWay += 1;
    this.#taken.set(row.seq, { row, underWay: true });
    return row;
  }

  #refill(source: Source, now: number): void {
    if (source.nextAt === null || source.nextAt > now) return;
    let limit = REFILL_ROWS;
    for (const { row } of this.#taken.values()) if (row.trigger_id === source.id) limit += 1;
    let read = 0;
    let length = 0;
    let complete = true;
    for (const row of dueRows(this.#db, source.id, now, limit)) {
      read += 1;
      if (this.#known.has(row.seq)) continue;
      this.#push(source, row);
      length += row.length;
      if (length < REFILL_LENGTH) continue;
      complete = false;
      break;
    }
    // What is left is due already, so the time stands as it is.
    if (complete && read < limit) source.nextAt = nextDueAt(this.#db, source.id, now);
  }

  #forget(source: Source): void {
    for (const row of source.queue) {
      this.#known.delete(row.seq);
      this.#queuedLength -= row.length;
    }
    this.#queued -= source.queue.length;
    source.queue.length = 0;
  }

  #drop(source: Source): void {
    this.#forget(source);
    // It may have its turn coming still, and must not be read again then.
    source.nextAt = null;
    this.#sources.delete(source.id);
  }
}
