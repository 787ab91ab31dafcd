import { DurableObject } from "cloudflare:workers";

import type { SqlResult, SqlStatement } from "../../contracts/data/tools.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { Alarms } from "../alarms.ts";
import { Database } from "../database.ts";
import type { Env } from "../env.ts";
import type { SqlObject } from "../objects.ts";
import { tombstoneWakeUp } from "../tombstone.ts";
import { Runner } from "./run.ts";

/** The SQLite of one org's own: all tables are its scripts'. */
export class Sql extends DurableObject<Env> implements SqlObject {
  /** Of its end only: it has no tables of ours. */
  readonly #db: Database;
  readonly #alarms: Alarms;
  #runner: Runner;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#db = new Database(ctx.storage, []);
    this.#alarms = new Alarms(ctx.storage, { tombstone: tombstoneWakeUp(this.#db) });
    this.#runner = new Runner(ctx.storage.sql);
    void ctx.blockConcurrencyWhile(async () => {
      this.#db.open(Date.now());
      await this.#alarms.arm(Date.now());
    });
  }

  run(statements: SqlStatement[]): SqlResult[] {
    if (this.#db.erasedAt !== null) throw new PlatformError("not_found", "There is no such org.");
    return this.#db.transaction(() => this.#runner.run(statements));
  }

  /** Removes everything; safe to repeat. What comes late is refused. */
  async erase(): Promise<void> {
    const now = Date.now();
    if (this.#db.erasedAt === null) await this.#db.erase(now);
    this.#runner = new Runner(this.ctx.storage.sql);
    await this.#alarms.arm(now);
  }

  override async alarm(): Promise<void> {
    await this.#alarms.fire(Date.now());
  }
}
