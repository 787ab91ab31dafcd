import { DurableObject } from "cloudflare:workers";

import { Alarms } from "../alarms.ts";
import { Database } from "../database.ts";
import type { Env } from "../env.ts";
import { tombstoneWakeUp } from "../tombstone.ts";

/** The SQLite of one org's own: all tables are its scripts'. */
export class Sql extends DurableObject<Env> {
  readonly #db: Database;
  readonly #alarms: Alarms;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#db = new Database(ctx.storage, []);
    this.#alarms = new Alarms(ctx.storage, { tombstone: tombstoneWakeUp(this.#db) });
    void ctx.blockConcurrencyWhile(async () => {
      this.#db.open(Date.now());
      await this.#alarms.arm(Date.now());
    });
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
}
