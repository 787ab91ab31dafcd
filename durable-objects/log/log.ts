import { DurableObject } from "cloudflare:workers";

import type { ExecutionDetail, ExecutionFilter, Page, PageRequest } from "../../contracts/doors.ts";
import type { LogBatch } from "../../contracts/execution.ts";
import { Alarms } from "../alarms.ts";
import { Database } from "../database.ts";
import type { Env } from "../env.ts";
import { tombstoneWakeUp } from "../tombstone.ts";
import { append } from "./append.ts";
import { findExecution } from "./find.ts";
import { findLines } from "./lines.ts";
import { listExecutions } from "./list.ts";
import { retentionWakeUp } from "./retention.ts";
import { LOG_MIGRATIONS } from "./schema.ts";
import { Tails } from "./tails.ts";

/** What ran in one org, and what it said. Methods are those of `StateDoor`. */
export class Log extends DurableObject<Env> {
  readonly #db: Database;
  readonly #alarms: Alarms;
  readonly #tails = new Tails();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const db = new Database(ctx.storage, LOG_MIGRATIONS);
    this.#db = db;
    this.#alarms = new Alarms(ctx.storage, { retention: retentionWakeUp(db), tombstone: tombstoneWakeUp(db) });
    void ctx.blockConcurrencyWhile(async () => {
      db.open(Date.now());
      await this.#alarms.arm(Date.now());
    });
  }

  /** Ignored once the log is erased: what is late then belongs to nobody. */
  async append(batch: LogBatch): Promise<void> {
    const db = this.#db;
    const now = Date.now();
    if (db.erasedAt !== null) return;
    db.transaction(() => {
      if (!db.exists) db.create(now);
      append(db, batch, now);
    });
    this.#tails.tell(batch, (executionId) => findLines(db, executionId));
    await this.#alarms.arm(now);
  }

  listExecutions(filter: ExecutionFilter, page: PageRequest): Page<ExecutionDetail> {
    return this.#db.exists ? listExecutions(this.#db, { filter, page }, Date.now()) : { items: [], cursor: null };
  }

  findExecution(executionId: string): ExecutionDetail | null {
    return this.#db.exists ? findExecution(this.#db, executionId, Date.now()) : null;
  }

  /** What runs from now on; lines of JSON. */
  tailExecutions(filter: ExecutionFilter): Promise<ReadableStream<Uint8Array>> {
    return this.#tails.open(filter, Date.now());
  }

  /** Removes everything; safe to repeat. */
  async erase(): Promise<void> {
    const now = Date.now();
    this.#tails.end();
    if (this.#db.erasedAt === null) await this.#db.erase(now);
    await this.#alarms.arm(now);
  }

  override async alarm(): Promise<void> {
    await this.#alarms.fire(Date.now());
  }
}
