import type { DeliverRequest } from "../../../contracts/events/dispatch.ts";
import type { NewDelivery } from "../../../contracts/events/delivery.ts";
import {
  ALARM_RETRY_MS,
  DELIVERIES_READY_LENGTH_MAX,
  DELIVERIES_READY_MAX,
  DELIVERIES_SAFETY_MS,
  DELIVERIES_SETTLE_MS,
  DELIVERIES_SOON_MS,
  DELIVERIES_TIMER_GRACE_MS,
} from "../../../contracts/limits.ts";
import type { WakeUp } from "../../alarms.ts";
import type { Database } from "../../database.ts";
import type { Configuration } from "../configuration.ts";
import type { Outside } from "../outside.ts";
import { Backlog } from "./backlog.ts";
import { addDelivery, ASYNC_SOURCE, type DeliveryRow, discardOpen } from "./deliveries.ts";
import type { Parts } from "./part.ts";
import { type Made, Pump } from "./pump.ts";
import { requestOf } from "./request.ts";
import { Room } from "./room.ts";
import { type Settled, settle } from "./settle.ts";

/** What the engine needs of its object. */
export interface EngineDeps {
  db: Database;
  configuration: Configuration;
  outside: Outside;
  parts: Parts;
  /** Sets the object's alarm anew. */
  arm(): void;
  /** So many deliveries have ended. */
  ended(count: number): void;
}

/**
 * Carries deliveries from storage to the edges and what came of them back. Every change of what is to be delivered
 * goes through {@link commit}, after which what is due leaves in the same turn.
 */
export class Engine {
  readonly #deps: EngineDeps;
  readonly #room: Room;
  readonly #pump: Pump;
  /** Added by the transaction under way, as far as memory is to hold it, and how much that is. */
  #added: DeliveryRow[] = [];
  #addedLength = 0;
  #made: Made[] = [];
  #settling = false;
  #safetyAt: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** When the timer rings; null while there is none. */
  #timerAt: number | null = null;
  /** What was due by then and is not under way waits for room. */
  #filledAt = 0;
  readonly backlog: Backlog;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.#room = new Room(deps.db);
    this.backlog = new Backlog(deps.db);
    this.#pump = new Pump({
      backlog: this.backlog,
      outside: deps.outside,
      request: (row) => this.#request(row),
      made: (made) => this.#note(made),
    });
  }

  /** Wakes the object for what is due later, and for what a restart may have left. */
  get wakeUp(): WakeUp {
    return {
      dueAt: () => this.#dueAt(),
      run: async () => {
        this.#safetyAt = null;
        this.kick();
      },
    };
  }

  /** Runs a change of the configuration in one transaction, and follows it when it is committed. */
  reconfigure(change: () => void): void {
    this.commit(change, () => this.reload());
  }

  /** Reads the configuration, and delivers for its active triggers, and runs, from now on. */
  reload(): void {
    const { configuration } = this.#deps;
    configuration.load();
    const active = [...configuration.triggers.values()].filter(({ state }) => state === "active");
    this.backlog.setSources(configuration.resting ? [] : [...active.map(({ id }) => id), ASYNC_SOURCE]);
    this.#safetyAt = null;
  }

  /** Runs a change in one transaction, and delivers what it added as soon as it is committed. */
  commit<T>(change: () => T, committed: () => void = () => {}): T {
    this.#added = [];
    this.#addedLength = 0;
    const result = this.#deps.db.transaction(change);
    committed();
    const added = this.#added.splice(0);
    const now = Date.now();
    for (const row of added) this.backlog.offer(row, now);
    this.kick();
    return result;
  }

  /**
   * Adds a delivery, within a change that {@link commit} runs. False where its id was here before. Throws
   * `unavailable` when too many wait.
   */
  add(delivery: NewDelivery, dueAt: number, since: number = delivery.at): boolean {
    this.#room.reserve(1, delivery.data.length, Date.now());
    const row = addDelivery(this.#deps.db, delivery, dueAt, since);
    if (row !== null) this.#remember(row);
    return row !== null;
  }

  /** Throws away what a trigger has waiting; answers how many. What is under way goes on. */
  discard(triggerId: string, also: () => number): number {
    const taken = this.backlog.taken();
    return this.commit(
      () => discardOpen(this.#deps.db, triggerId, taken) + also(),
      () => this.backlog.reread(triggerId),
    );
  }

  /** Starts what is due. Nothing else needs to be done for it to be delivered. */
  kick(): void {
    this.#filledAt = Date.now();
    this.#pump.fill();
    this.#rouse();
    this.#deps.arm();
  }

  /** A timer keeps the time of what is due soon: exact, and without the alarm's price. The alarm stands behind it. */
  #rouse(): void {
    const nextAt = this.backlog.nextAt(this.#filledAt);
    if (nextAt === null || nextAt - this.#filledAt > DELIVERIES_SOON_MS) return;
    if (this.#timerAt !== null && this.#timerAt <= nextAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = nextAt;
    this.#timer = setTimeout(() => {
      this.#timerAt = null;
      this.kick();
    }, nextAt - this.#filledAt);
  }

  /** What is too much for memory is found in storage; to look there does no harm should the change fail. */
  #remember(row: DeliveryRow): void {
    if (this.#added.length >= DELIVERIES_READY_MAX || this.#addedLength >= DELIVERIES_READY_LENGTH_MAX) {
      if (row.due_at !== null) this.backlog.dueBy(row.trigger_id, row.due_at);
      return;
    }
    this.#added.push(row);
    this.#addedLength += row.length;
  }

  #request(row: DeliveryRow): DeliverRequest | null {
    const { identity, triggers } = this.#deps.configuration;
    try {
      return identity === null ? null : requestOf(identity, triggers.get(row.trigger_id) ?? null, row);
    } catch (error) {
      console.error(`dispatcher: delivery ${row.id} cannot be read`, error);
      return null;
    }
  }

  #note(made: Made): void {
    this.#made.push(made);
    if (this.#settling) return;
    this.#settling = true;
    setTimeout(() => {
      this.#settling = false;
      this.#settleAll(this.#made.splice(0));
    }, DELIVERIES_SETTLE_MS);
  }

  /** Writes down together what has come back; where that fails, one by one, so that one cannot hold back the others. */
  #settleAll(all: Made[]): void {
    try {
      this.#settle(all);
    } catch (error) {
      if (all.length > 1) for (const made of all) this.#settleAll([made]);
      else this.#giveUp(all, error);
    }
    this.kick();
  }

  #settle(all: Made[]): void {
    if (!this.#deps.db.exists) {
      for (const { row } of all) this.backlog.letGo(row, null);
      return;
    }
    const settled: Settled[] = [];
    this.commit(() => {
      for (const made of all) settled.push(settle(this.#settleDeps(), made));
    });
    const now = Date.now();
    let ended = 0;
    for (const { row, next, dueAt } of settled) {
      this.backlog.letGo(row, dueAt);
      if (next !== null) this.backlog.offer(next, now);
      if (dueAt === null) ended += 1;
    }
    this.#deps.ended(ended);
  }

  #settleDeps(): Parameters<typeof settle>[0] {
    const { db, configuration, parts, outside } = this.#deps;
    return {
      db,
      triggers: configuration.triggers,
      parts,
      chance: () => outside.chance(),
      add: (delivery, dueAt) => this.add(delivery, dueAt),
    };
  }

  /** What cannot be written down has not happened: it is delivered again. */
  #giveUp(all: Made[], error: unknown): void {
    console.error("dispatcher: the result of a delivery could not be stored", error);
    for (const { row } of all) this.backlog.letGo(row, Date.now() + ALARM_RETRY_MS);
  }

  #dueAt(): number | null {
    const isBusy = this.backlog.isBusy || this.backlog.isOverdue(this.#filledAt);
    if (this.#safetyAt === null && isBusy) this.#safetyAt = Date.now() + DELIVERIES_SAFETY_MS;
    const nextAt = this.backlog.nextAt(this.#filledAt);
    if (nextAt === null) return this.#safetyAt;
    const wakeAt = this.#timerAt !== null && this.#timerAt <= nextAt ? nextAt + DELIVERIES_TIMER_GRACE_MS : nextAt;
    return this.#safetyAt === null ? wakeAt : Math.min(wakeAt, this.#safetyAt);
  }
}
