import { DurableObject } from "cloudflare:workers";

import type { ExecutionDetail, ExecutionFilter, Page, PageRequest } from "../../contracts/doors.ts";
import type { LogBatch } from "../../contracts/execution.ts";
import type { UsageBatch, UsageHour, UsageStanding } from "../../contracts/usage.ts";
import { Alarms } from "../alarms.ts";
import { Database } from "../database.ts";
import type { Env } from "../env.ts";
import { tombstoneWakeUp } from "../tombstone.ts";
import { append } from "./append.ts";
import { findExecution } from "./find.ts";
import { findLines } from "./lines.ts";
import { listExecutions } from "./list.ts";
import { Rates } from "./rates.ts";
import { retentionWakeUp } from "./retention.ts";
import { LOG_MIGRATIONS } from "./schema.ts";
import { Tails } from "./tails.ts";
import { countUsage, monthUsage, noteStorage, usageChanged, usageHours } from "./usage.ts";

/** What ran in one org, and what it said. Methods are those of `StateDoor`. */
export class Log extends DurableObject<Env> {
  readonly #db: Database;
  readonly #alarms: Alarms;
  readonly #tails = new Tails();
  readonly #rates = new Rates();

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

  /**
   * Takes what an edge saw and counted, all or none of it. Ignored once the log is erased: what is late then belongs to
   * nobody, and there is nothing to be said of it.
   */
  async append(batches: LogBatch[], usage: UsageBatch | null): Promise<Omit<UsageStanding, "orgId"> | null> {
    const db = this.#db;
    const now = Date.now();
    if (db.erasedAt !== null) return null;
    db.transaction(() => {
      if (!db.exists) db.create(now);
      for (const batch of batches) append(db, batch, now);
      if (usage !== null && countUsage(db, usage, now)) this.#rates.tell(usage.source, requestsIn(usage), now);
    });
    for (const batch of batches) this.#tails.tell(batch, (executionId) => findLines(db, executionId));
    if (batches.length > 0) await this.#alarms.arm(now);
    if (usage === null) return null;
    return { ...monthUsage(db, now), otherRequestsPerSecond: this.#rates.ofOthers(usage.source, now) };
  }

  usageHours(since: number, until: number): UsageHour[] {
    return this.#db.exists ? usageHours(this.#db, since, until) : [];
  }

  usageChanged(since: number, until: number): UsageHour[] {
    return this.#db.exists ? usageChanged(this.#db, since, until) : [];
  }

  /** Notes how many bytes the org stores; an org that never stored anything needs no note. */
  noteStorage(bytes: number): void {
    const db = this.#db;
    const now = Date.now();
    if (db.erasedAt !== null || (bytes === 0 && !db.exists)) return;
    db.transaction(() => {
      if (!db.exists) db.create(now);
      noteStorage(db, bytes, now);
    });
  }

  /** Told by the Org how long executions are kept, in milliseconds; null for as long as the platform keeps them. */
  async setRetention(retentionMs: number | null): Promise<void> {
    const db = this.#db;
    const now = Date.now();
    if (db.erasedAt !== null) return;
    db.transaction(() => {
      if (!db.exists) db.create(now);
      db.run("UPDATE usage SET retention_ms = ?", retentionMs);
    });
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

const requestsIn = ({ hours }: UsageBatch): number => hours.reduce((sum, { counts }) => sum + counts.requests, 0);
