import type { CollectionKind, CollectionStats, CollectionSummary } from "../contracts/data/collections.ts";
import type { Doc, DocIndex, DocPage, DocQuery, DocWrite, DocWritten } from "../contracts/data/docs.ts";
import type { KvCall, KvEntry, KvOutcome, KvRange, KvWrite, KvWritten } from "../contracts/data/kv.ts";
import type { Origin } from "../contracts/data/origin.ts";
import type { SqlResult, SqlStatement } from "../contracts/data/tools.ts";
import type { EventsDoor, NewDelivery, TriggersDoor } from "../contracts/events/delivery.ts";
import type { SourceOf, Trigger } from "../contracts/events/trigger.ts";
import type { Page, PageRequest } from "../contracts/page.ts";
import type { SecretsDoor } from "../contracts/secrets.ts";

/** How the objects know each other: what one asks of another, beside what the door asks of each. */

/** Which collection a Store is. */
export interface StoreName {
  orgId: string;
  kind: CollectionKind;
  name: string;
}

/** A trigger as a Store needs it to tell which of its changes are events. */
export interface StoreTrigger {
  id: string;
  source: SourceOf<"kv"> | SourceOf<"docs">;
}

/** What its org tells a collection. What is of a lower revision never replaces what is of a higher one. */
export interface StoreTriggers {
  revision: number;
  triggers: StoreTrigger[];
  /** Why it may not grow, in bytes of the whole org; nothing or null while it may. */
  overQuota?: { limit: number; used: number } | null;
}

/** A webhook trigger's signing secrets, sealed; the newest first. */
export interface SigningSecret {
  sealed: string;
  /** When it stops, in epoch milliseconds; null for the newest. */
  until: number | null;
}

/** What a Dispatcher is told of its org. */
export interface DispatcherConfiguration {
  orgId: string;
  slug: string;
  /** Of a lower revision nothing is taken. */
  revision: number;
  /** Whether the org is not running: what there is to deliver waits, and so do schedules. */
  resting: boolean;
  /** All that are not disabled. */
  triggers: Trigger[];
  /** By trigger id. */
  signingSecrets: Record<string, SigningSecret[]>;
}

/** One collection. */
export interface StoreObject {
  kvGet(store: StoreName, keys: string[], values: boolean): (KvEntry | null)[];
  kvList(store: StoreName, range: KvRange): Page<KvEntry>;
  kvWrite(store: StoreName, writes: KvWrite[], origin: Origin): Promise<KvWritten[]>;
  kvWriteMany(store: StoreName, calls: KvCall[]): Promise<KvOutcome[]>;
  docsGet(store: StoreName, ids: string[]): (Doc | null)[];
  docsFind(store: StoreName, query: DocQuery): DocPage;
  docsCount(store: StoreName, filter: string, max: number): { count: number; exact: boolean };
  docsWrite(store: StoreName, writes: DocWrite[], origin: Origin): Promise<DocWritten[]>;
  listIndexes(store: StoreName): DocIndex[];
  createIndex(store: StoreName, index: DocIndex): Promise<DocIndex>;
  dropIndex(store: StoreName, name: string): Promise<boolean>;
  stats(store: StoreName): CollectionStats | null;
  /** Bytes that it takes; 0 where it was never written. */
  size(): number;
  /** Told by the Org; durable when it returns. */
  setTriggers(store: StoreName, triggers: StoreTriggers): Promise<void>;
  /** Removes all entries and keeps the collection's triggers; false when there was nothing. */
  drop(store: StoreName): Promise<boolean>;
  erase(): Promise<void>;
}

/** The deliveries of an org. */
export interface DispatcherObject extends WithoutOrg<EventsDoor> {
  /** Told by the Org; durable when it returns. */
  configure(configuration: DispatcherConfiguration): Promise<void>;
  /**
   * Takes deliveries over from a Store's outbox; durable when it returns, and safe to repeat. One for a trigger that is
   * not there (any more) is let go. Throws `unavailable` when too many wait; the outbox keeps them then.
   */
  enqueue(deliveries: NewDelivery[]): Promise<void>;
  erase(): Promise<void>;
}

/** Locks and counters of an org. */
export interface ToolsObject {
  counterAdd(name: string, by: number): number;
  lockAcquire(
    name: string,
    ttlMs: number,
    token: string | null,
  ): { token: string; fence: number; expiresAt: number } | null;
  lockRelease(name: string, token: string): boolean;
  erase(): Promise<void>;
}

/** The org's own SQLite. */
export interface SqlObject {
  run(statements: SqlStatement[]): SqlResult[];
  erase(): Promise<void>;
}

/** What an Org does for the objects of its org. */
export interface OrgObject extends WithoutOrg<Omit<TriggersDoor, "previewSchedule">>, WithoutOrg<SecretsDoor> {
  listCollections(kind: CollectionKind, page: PageRequest): Page<CollectionSummary>;
  /**
   * Writes down that a collection is there, so that it can be found, and removed with the org; safe. Throws `not_found`
   * for an org that is gone and `over_budget` when it has as many as it may.
   */
  addCollection(kind: CollectionKind, name: string): StoreTriggers;
  /** Lists it no more, until it is added again; safe. */
  dropCollection(kind: CollectionKind, name: string): void;
  /** A collection tells how many bytes it has, when that has changed by much; safe. */
  tellSize(kind: CollectionKind, name: string, bytes: number): Promise<void>;
  /** Asks all collections how many bytes they have, and answers the sum; safe. */
  measureStorage(): Promise<number>;
  /**
   * What a Dispatcher has to know. The Org hands it over with every change of its triggers; a Dispatcher that has
   * none yet, for queues, topics and runs that nobody waits for need no trigger, asks for it. Safe. Throws `not_found`
   * for an org that is gone.
   */
  dispatcherConfiguration(): DispatcherConfiguration;
}

type WithoutOrg<D> = {
  [K in keyof D]: D[K] extends (orgId: string, ...rest: infer A) => infer R ? (...rest: A) => R : never;
};

/** An object as it is reached from elsewhere. */
export type Remote<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};
