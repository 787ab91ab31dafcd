import { DurableObject } from "cloudflare:workers";

import type { CollectionStats } from "../../contracts/data/collections.ts";
import type { Doc, DocIndex, DocPage, DocQuery, DocWrite, DocWritten } from "../../contracts/data/docs.ts";
import type { KvCall, KvEntry, KvOutcome, KvRange, KvWrite, KvWritten } from "../../contracts/data/kv.ts";
import { NO_ORIGIN, type Origin } from "../../contracts/data/origin.ts";
import { PlatformError, platformErrorOf } from "../../contracts/errors.ts";
import { STORAGE_LOOK_BYTES } from "../../contracts/limits.ts";
import type { Page } from "../../contracts/page.ts";
import { Alarms } from "../alarms.ts";
import { Database } from "../database.ts";
import type { Env } from "../env.ts";
import type { StoreName, StoreObject, StoreTriggers } from "../objects.ts";
import { tombstoneWakeUp } from "../tombstone.ts";
import { Changes } from "./changes.ts";
import { addCollection, type Collection, findCollection, replaceTriggers } from "./collection.ts";
import { countDocs, countNothing, findDocs, findNothing } from "./docs/find.ts";
import { clearDocs, createIndex, dropIndex } from "./docs/index-changes.ts";
import { listIndexes, toDocIndex } from "./docs/indexes.ts";
import { getDocs } from "./docs/read.ts";
import { writeDocs, writeNoDocs } from "./docs/write.ts";
import { countExpired, expireEntries, nextExpiryAt } from "./kv/expire.ts";
import { getEntries, listEntries } from "./kv/read.ts";
import { writeEntries, writeNothing } from "./kv/write.ts";
import { Handover } from "./outbox/handover.ts";
import { outsideOf, type StoreOutside } from "./outside.ts";
import { STORE_MIGRATIONS } from "./schema.ts";
import { isWorthTelling, statsOf } from "./size.ts";

/**
 * One collection of kv or docs. Each change stands in one transaction with the events that it is; they are handed
 * over to the deliveries of the org as soon as it is durable. Methods are those of `StateDoor`.
 */
export class Store extends DurableObject<Env> implements StoreObject {
  readonly #db: Database;
  readonly #outside: StoreOutside;
  readonly #handover: Handover;
  readonly #alarms: Alarms;
  /** What the row of the collection says; null where it was never written. */
  #collection: Collection | null = null;
  /** Bytes that were written and removed since the last look at the size, and the size that the org was told. */
  #movedBytes = 0;
  #toldBytes = 0;

  constructor(ctx: DurableObjectState, env: Env, outside: StoreOutside = outsideOf(env)) {
    super(ctx, env);
    const db = new Database(ctx.storage, STORE_MIGRATIONS);
    this.#db = db;
    this.#outside = outside;
    this.#handover = new Handover(db, {
      enqueue: async (deliveries) => this.#outside.enqueue(this.#existing().orgId, deliveries),
      rearm: () => void this.#alarms.arm(Date.now()),
      now: Date.now,
    });
    this.#alarms = new Alarms(ctx.storage, {
      events: this.#handover.wakeUp,
      expiry: {
        dueAt: () => (db.exists ? nextExpiryAt(db) : null),
        run: async () => this.#change(NO_ORIGIN, expireEntries),
      },
      tombstone: tombstoneWakeUp(db),
    });
    void ctx.blockConcurrencyWhile(async () => {
      db.open(Date.now());
      this.#collection = findCollection(db);
      this.#toldBytes = this.size();
      await this.#alarms.arm(Date.now());
    });
  }

  kvGet(_store: StoreName, keys: string[], values: boolean): (KvEntry | null)[] {
    return this.#db.exists ? getEntries(this.#db, { keys, values }, Date.now()) : keys.map(() => null);
  }

  kvList(store: StoreName, range: KvRange): Page<KvEntry> {
    return this.#db.exists ? listEntries(this.#db, store.name, range, Date.now()) : { items: [], cursor: null };
  }

  async kvWrite(store: StoreName, writes: KvWrite[], origin: Origin): Promise<KvWritten[]> {
    const nothing = this.#db.exists ? null : writeNothing(writes);
    if (nothing !== null) return nothing;
    if (this.#collection?.announced !== true) await this.#create(store);
    return this.#change(origin, (changes) => writeEntries(changes, writes));
  }

  async kvWriteMany(store: StoreName, calls: KvCall[]): Promise<KvOutcome[]> {
    const outcomes: KvOutcome[] = [];
    // Those after the first do not wait: what they write is committed together.
    for (const { writes, origin } of calls) {
      try {
        outcomes.push({ ok: true, written: await this.kvWrite(store, writes, origin) });
      } catch (error) {
        const refusal = platformErrorOf(error);
        if (refusal === null) throw error;
        const { code, message, details } = refusal;
        outcomes.push({ ok: false, error: { code, message, details } });
      }
    }
    return outcomes;
  }

  docsGet(_store: StoreName, ids: string[]): (Doc | null)[] {
    return this.#db.exists ? getDocs(this.#db, ids) : ids.map(() => null);
  }

  docsFind(store: StoreName, query: DocQuery): DocPage {
    return this.#db.exists ? findDocs(this.#db, store.name, query) : findNothing(query);
  }

  docsCount(_store: StoreName, filter: string, max: number): { count: number; exact: boolean } {
    return this.#db.exists ? countDocs(this.#db, filter, max) : countNothing(filter);
  }

  async docsWrite(store: StoreName, writes: DocWrite[], origin: Origin): Promise<DocWritten[]> {
    const nothing = this.#db.exists ? null : writeNoDocs(writes);
    if (nothing !== null) return nothing;
    if (this.#collection?.announced !== true) await this.#create(store);
    return this.#change(origin, (changes) => writeDocs(changes, writes));
  }

  listIndexes(_store: StoreName): DocIndex[] {
    return this.#db.exists ? listIndexes(this.#db).map(toDocIndex) : [];
  }

  async createIndex(store: StoreName, index: DocIndex): Promise<DocIndex> {
    if (this.#collection?.announced !== true) await this.#create(store);
    return this.#change(NO_ORIGIN, (changes) => createIndex(changes, index));
  }

  async dropIndex(_store: StoreName, name: string): Promise<boolean> {
    return this.#db.exists && this.#db.transaction(() => dropIndex(this.#db, name));
  }

  stats(_store: StoreName): CollectionStats | null {
    const collection = this.#collection;
    if (collection === null) return null;
    const expired = collection.kind === "kv" ? countExpired(this.#db, Date.now()) : 0;
    return statsOf(collection.count - expired, this.ctx.storage.sql.databaseSize);
  }

  size(): number {
    return this.#collection === null ? 0 : this.ctx.storage.sql.databaseSize;
  }

  async setTriggers(store: StoreName, triggers: StoreTriggers): Promise<void> {
    // The org knows of the collection, though its first write may still be on its way here.
    this.#open(store, triggers, false);
  }

  async drop(store: StoreName): Promise<boolean> {
    const collection = this.#collection;
    if (collection === null) return false;
    // Nothing is written until the org has heard of it: the next write makes the collection known again.
    const failure = await this.ctx.blockConcurrencyWhile(async () => {
      this.#clear();
      return this.#outside.dropCollection(store).then(
        () => null,
        (error: unknown) => ({ error }),
      );
    });
    if (failure !== null) throw failure.error;
    return collection.announced;
  }

  /** Versions go on from where they are, and events of what was written before are still delivered. */
  #clear(): void {
    this.#db.transaction(() => {
      this.#db.run("DELETE FROM kv");
      this.#db.run("UPDATE collection SET count = 0, announced = 0");
      clearDocs(this.#db);
    });
    this.#collection = findCollection(this.#db);
    this.#toldBytes = 0;
  }

  /** Removes everything, events that wait too; safe to repeat. What comes late is refused. */
  async erase(): Promise<void> {
    const now = Date.now();
    if (this.#db.erasedAt === null) await this.#db.erase(now);
    this.#collection = null;
    await this.#alarms.arm(now);
  }

  override async alarm(): Promise<void> {
    await this.#alarms.fire(Date.now());
  }

  #existing(): Collection {
    if (this.#collection !== null) return this.#collection;
    throw new PlatformError("not_found", "The org of this collection is gone.");
  }

  /** Makes the collection on its first write, or known again on the first after it was dropped. */
  async #create(store: StoreName): Promise<void> {
    if (this.#db.erasedAt === null) this.#open(store, await this.#outside.addCollection(store), true);
  }

  /**
   * Makes the tables where they are not there, and takes triggers over where they are newer.
   *
   * @param announced whether the org has just been told of the collection.
   */
  #open(store: StoreName, triggers: StoreTriggers, announced: boolean): void {
    const now = Date.now();
    // Read here, and not by who called: while they waited, the org may have come to its end.
    if (this.#db.erasedAt !== null) return;
    this.#db.transaction(() => {
      if (this.#db.exists) {
        if (announced) this.#db.run("UPDATE collection SET announced = 1");
        return replaceTriggers(this.#db, triggers);
      }
      this.#db.create(now);
      addCollection(this.#db, store, triggers, now);
    });
    this.#collection = findCollection(this.#db);
  }

  /** Lets the org know of a size that has changed by much; where it does not hear of it, it asks within the hour. */
  #tellSize(collection: Collection, grownBytes: number): void {
    this.#movedBytes += Math.abs(grownBytes);
    if (this.#movedBytes < STORAGE_LOOK_BYTES) return;
    this.#movedBytes = 0;
    const bytes = this.ctx.storage.sql.databaseSize;
    if (!isWorthTelling(bytes, this.#toldBytes)) return;
    this.#toldBytes = bytes;
    this.#outside.tellSize(collection, bytes).catch((error: unknown) => {
      console.warn(`size of ${collection.kind}/${collection.name}:`, error);
    });
  }

  /** Makes changes all or none, with their events, and has those handed over without waiting for it. */
  #change<T>(origin: Origin, work: (changes: Changes) => T): T {
    const collection = this.#existing();
    const now = Date.now();
    const changes = new Changes(this.#db, collection, origin, now);
    const [result, after] = this.#db.transaction(() => {
      const done = work(changes);
      return [done, changes.finish(() => this.ctx.storage.sql.databaseSize)] as const;
    });
    this.#collection = after;
    if (changes.events > 0) this.#handover.kick();
    this.#tellSize(after, changes.grownBytes);
    // In this same turn, hence durable with the change.
    if (changes.wakes) void this.#alarms.arm(now);
    return result;
  }
}
