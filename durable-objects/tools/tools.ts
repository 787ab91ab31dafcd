import { DurableObject } from "cloudflare:workers";

import { PlatformError } from "../../contracts/errors.ts";
import { Alarms } from "../alarms.ts";
import { Database } from "../database.ts";
import type { Env } from "../env.ts";
import type { ToolsObject } from "../objects.ts";
import { tombstoneWakeUp } from "../tombstone.ts";
import { addToCounter, readCounter } from "./counters.ts";
import {
  checkLockTtl,
  clearLocks,
  type HeldLock,
  nextClearingAt,
  prolongLock,
  releaseLock,
  takeLock,
} from "./locks.ts";
import { TOOLS_MIGRATIONS } from "./schema.ts";

/** Locks and counters of one org. Methods are those of `ToolsDoor`. */
export class Tools extends DurableObject<Env> implements ToolsObject {
  readonly #db: Database;
  readonly #alarms: Alarms;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const db = new Database(ctx.storage, TOOLS_MIGRATIONS);
    this.#db = db;
    this.#alarms = new Alarms(ctx.storage, {
      locks: { dueAt: () => (db.exists ? nextClearingAt(db) : null), run: async (now) => clearLocks(db, now) },
      tombstone: tombstoneWakeUp(db),
    });
    void ctx.blockConcurrencyWhile(async () => {
      db.open(Date.now());
      await this.#alarms.arm(Date.now());
    });
  }

  counterAdd(name: string, by: number): number {
    if (by === 0) return this.#db.exists ? readCounter(this.#db, name) : 0;
    return this.#change((db) => addToCounter(db, name, by));
  }

  lockAcquire(name: string, ttlMs: number, token: string | null): HeldLock | null {
    checkLockTtl(ttlMs);
    if (token !== null && !this.#db.exists) return null;
    const lock = this.#change((db, now) =>
      token === null
        ? takeLock(db, name, { ttlMs, token: crypto.randomUUID() }, now)
        : prolongLock(db, name, { ttlMs, token }, now),
    );
    // In this same turn, hence durable with the lock.
    if (lock !== null) void this.#alarms.arm(Date.now());
    return lock;
  }

  lockRelease(name: string, token: string): boolean {
    return this.#db.exists && releaseLock(this.#db, name, token, Date.now());
  }

  /** Removes everything; safe to repeat. What comes late is refused. */
  async erase(): Promise<void> {
    const now = Date.now();
    if (this.#db.erasedAt === null) await this.#db.erase(now);
    await this.#alarms.arm(now);
  }

  override async alarm(): Promise<void> {
    await this.#alarms.fire(Date.now());
  }

  /** Makes the tables on first use. */
  #change<T>(work: (db: Database, now: number) => T): T {
    const now = Date.now();
    if (this.#db.erasedAt !== null)
      throw new PlatformError("not_found", "The org of these locks and counters is gone.");
    return this.#db.transaction(() => {
      if (!this.#db.exists) this.#db.create(now);
      return work(this.#db, now);
    });
  }
}
