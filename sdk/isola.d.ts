/**
 * What the platform gives to scripts: `import { kv, docs, … } from "isola"`. This file stands for itself: put it into a
 * project and editors know the module.
 *
 * Everything here is asynchronous, is counted as one call of the platform (limit `capabilityCalls`) unless its
 * description says otherwise, and throws an {@link IsolaError}. Values are those of JSON: what JSON cannot hold (`undefined`, `NaN`, a
 * `BigInt`, a function, a `Map`, an instance of a class without `toJSON`, what contains itself) is refused with the place of it.
 */
declare module "isola" {
  // ─── Handlers ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * What a script may export: `export default { fetch, event, scheduled, queue } satisfies Handlers`. An event goes to the handler
   * of its kind, and to `event` where there is none; when it throws or takes too long, it is delivered again.
   */
  export interface Handlers<Env = Readonly<Record<string, unknown>>> {
    /** Answers a request. */
    fetch?(request: Request, env: Env, ctx: RunContext): Response | Promise<Response>;
    /** Takes an event of any kind that has no handler of its own. */
    event?(event: IsolaEvent, env: Env, ctx: RunContext): unknown;
    /** Runs when a schedule is due. */
    scheduled?(controller: ScheduledController, env: Env, ctx: RunContext): unknown;
    /** Takes messages of a queue. */
    queue?(batch: QueueBatch, env: Env, ctx: RunContext): unknown;
  }

  /** What a handler of a module may ask of its run. */
  export interface RunContext {
    /** Keeps the run going until the promise settles, for 30 s after the answer at most. */
    waitUntil(promise: Promise<unknown>): void;
  }

  /**
   * A script as a plain function, for requests and events alike. What it returns for a request becomes the response: a `Response` as
   * it is, a map with `statusCode` as `{ statusCode, headers, body }`, anything else as JSON with status 200.
   */
  export type Handler = (request: Request, context: Context) => unknown;

  /** What a plain-function script gets beside the request. */
  export interface Context extends RunContext {
    /** What the route captured, decoded: `/hello/:name` gives `params.name`. */
    readonly params: Readonly<Record<string, string>>;
    /** Id of this run, as the log shows it. */
    readonly executionId: string;
    readonly script: {
      readonly name: string;
      /** Number of the version that runs. */
      readonly version: number;
    };
    /** What the script holds. */
    readonly env: Readonly<Record<string, unknown>>;
    /** Whoever is signed in at the org's host, when a browser of theirs asks; null for nobody, and for events. */
    readonly user: User | null;
    /** The script that invoked this one, by {@link invoke}; null for a request from outside. */
    readonly caller: { readonly script: string; readonly executionId: string } | null;
    /** The event that this run is for, and the body of its request, too; null for a request. */
    readonly event: IsolaEvent | null;
  }

  /** A person who is signed in at the org's host. */
  export interface User {
    /** The same for this person at every host. */
    readonly id: string;
    readonly email: string;
    readonly name: string;
    /** Role in the org; null for somebody of the platform who has no part in it. */
    readonly role: "owner" | "admin" | "developer" | "viewer" | null;
  }

  /**
   * Whoever this run's request comes from, as `ctx.user` is in a plain function; null for nobody. It is no call of the platform. Throws
   * an {@link IsolaError} with the code `gone` where no request and no event is being answered.
   */
  export function user(): User | null;

  // ─── Events ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What is known of every event. Events come at least once, so that one may come again. */
  export interface EventFacts {
    /** The same at every attempt, and for nothing else: remember it to do a thing once. */
    readonly id: string;
    readonly trigger: { readonly id: string; readonly name: string };
    /** 1 for the first time. */
    readonly attempt: number;
    /** Events in a row that led here; the platform ends a chain of more than 8. */
    readonly depth: number;
    /** When it happened, in epoch milliseconds. */
    readonly at: number;
    /** Id of the run that caused it; null where none did. */
    readonly causedBy: string | null;
  }

  interface Change<V, Id> {
    /** The value before; absent where there was none. */
    readonly prev?: V;
    /** The value after; absent where there is none. */
    readonly next?: V;
    /** Of the write: grows with every write of the collection. */
    readonly version: number;
    readonly collection: string;
    readonly kind: Id;
  }

  /** A key changed. Those of one key come in their order. */
  export interface KvEvent<V = unknown> extends EventFacts, Change<V, "kv"> {
    readonly key: string;
    /** `expire` when its time was over. */
    readonly operation: "set" | "delete" | "expire";
  }

  /** A document changed. Those of one document come in their order. */
  export interface DocsEvent<D = object> extends EventFacts, Change<Doc<D>, "docs"> {
    readonly documentId: string;
    readonly operation: "insert" | "update" | "delete";
  }

  /** A schedule is due. */
  export interface CronEvent extends EventFacts {
    readonly kind: "cron";
    readonly schedule: string;
    /** IANA name. */
    readonly timeZone: string;
    /** When it was due, in epoch milliseconds. */
    readonly scheduledAt: number;
    /** Due times before this one that passed while nothing ran. */
    readonly missed: number;
  }

  /** Messages of a queue, for a script without a handler `queue`. They are done when the handler returns. */
  export interface QueueEvent<V = unknown> extends EventFacts {
    readonly kind: "queue";
    readonly queue: string;
    readonly messages: readonly {
      readonly id: string;
      /** When it was sent, in epoch milliseconds. */
      readonly timestamp: number;
      /** 1 for the first time. */
      readonly attempts: number;
      readonly value: V;
    }[];
  }

  /** Somebody published to a topic. */
  export interface TopicEvent<V = unknown> extends EventFacts {
    readonly kind: "pubsub";
    readonly topic: string;
    readonly messageId: string;
    readonly value: V;
  }

  /** A signed message from outside, checked by the platform. */
  export interface WebhookEvent<B = unknown> extends EventFacts {
    readonly kind: "webhook";
    /** The sender's id of the message; one that was sent twice comes once. */
    readonly messageId: string;
    /** When it was signed, in epoch milliseconds. */
    readonly timestamp: number;
    readonly contentType: string;
    /** Lower-case, without those that are secret. */
    readonly headers: Readonly<Record<string, string>>;
    /** Parsed where `contentType` is JSON, else text, or base 64 where it is no text. */
    readonly body: B;
    /** Set where the body is base 64. */
    readonly bodyEncoding?: "base64";
  }

  /** A delivery was given up. */
  export interface DeadLetterEvent extends EventFacts {
    readonly kind: "dead_letter";
    readonly deadLetterId: string;
    /** The trigger that gave up. */
    readonly failedTrigger: { readonly id: string; readonly name: string };
    /** What it gave up on, as its handler saw it, but for what is known of every event. */
    readonly failed: FailedEvent;
    readonly error: { readonly code: string; readonly message: string };
    readonly attempts: number;
  }
  type WithoutFacts<E> = E extends unknown ? Omit<E, keyof EventFacts> : never;
  /** The data of an event that was given up. */
  export type FailedEvent = WithoutFacts<Exclude<IsolaEvent, DeadLetterEvent>>;

  /** Any event; `kind` tells which. */
  export type IsolaEvent = KvEvent | DocsEvent | CronEvent | QueueEvent | TopicEvent | WebhookEvent | DeadLetterEvent;

  /** What the handler `scheduled` is called with. */
  export interface ScheduledController {
    /** When it was due, in epoch milliseconds. */
    readonly scheduledTime: number;
    /** The schedule as it was written. */
    readonly cron: string;
    readonly type: "scheduled";
    /** Says that a run which fails is not to be tried again. */
    noRetry(): void;
  }

  /**
   * What the handler `queue` is called with. The first word on a message counts; one on which nothing was said goes by how the handler
   * ended: done when it returned, tried again when it threw.
   */
  export interface QueueBatch<V = unknown> {
    readonly queue: string;
    readonly messages: readonly QueueMessage<V>[];
    ackAll(): void;
    retryAll(options?: RetryOptions): void;
  }

  export interface QueueMessage<V = unknown> {
    readonly id: string;
    /** When it was sent. */
    readonly timestamp: Date;
    /** 1 for the first time. */
    readonly attempts: number;
    readonly value: V;
    /** The same as `value`. */
    readonly body: V;
    /** It is done, whatever becomes of the others. */
    ack(): void;
    /** It is to come again. */
    retry(options?: RetryOptions): void;
  }

  export interface RetryOptions {
    /** From now on; without it the trigger's policy says when. */
    delaySeconds?: number;
  }

  // ─── Errors ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Codes of errors. `gone`: the run is over · `conflict`: a version, an id or a lock is not as it has to be · `over_budget`: a limit. */
  export type IsolaErrorCode =
    | "malformed"
    | "unauthenticated"
    | "forbidden"
    | "not_found"
    | "method_not_allowed"
    | "conflict"
    | "gone"
    | "too_large"
    | "unsupported_media_type"
    | "invalid"
    | "too_many_requests"
    | "internal"
    | "script_error"
    | "unavailable"
    | "timeout"
    | "over_budget";

  /** What everything here throws. The message says what to do. */
  export class IsolaError extends Error {
    constructor(code: IsolaErrorCode, message: string, details: Record<string, unknown>);
    readonly code: IsolaErrorCode | "status";
    /** More, by code: `{ issues: [{ field, reason }] }` of `invalid`, `{ key, version }` of a `conflict`, `{ limitBytes }` of `too_large`. */
    readonly details: Readonly<Record<string, unknown>>;
  }

  // ─── kv ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Keys and values, durable when the call returns. A collection is there with its first write. Keys are up to 512 bytes of UTF-8 without
   * control characters, values up to 256 KiB of JSON and 64 levels deep.
   */
  export const kv: {
    /** @param name letters, digits, `_`, `-` and `.`, up to 64. Costs nothing by itself. */
    collection<V = unknown>(name: string): KvCollection<V>;
  };

  /** What JSON can hold of a type; `never` for what it never can. */
  export type Storable<V> = V extends
    | undefined
    | bigint
    | symbol
    | ((...args: never[]) => unknown)
    | ReadonlyMap<unknown, unknown>
    | ReadonlySet<unknown>
    ? never
    : V;

  export interface KvKey {
    readonly key: string;
    /** Grows with every write of the collection and is never used twice. */
    readonly version: number;
    /** Epoch milliseconds. */
    readonly updatedAt: number;
    /** When it goes by itself, in epoch milliseconds; null for never. */
    readonly expiresAt: number | null;
  }
  export interface KvEntry<V = unknown> extends KvKey {
    readonly value: V;
  }

  export interface IfVersion {
    /** Only if this is the version that is there; 0: only if nothing is. Otherwise `conflict`. */
    ifVersion?: number | null | undefined;
  }
  export interface KvSetOptions extends IfVersion {
    /** Life from now on, at least 1 s; for ever without it. */
    ttlSeconds?: number | null | undefined;
  }
  export interface KvListOptions {
    prefix?: string | undefined;
    /** Of the page before. Good while others write: it goes on behind the last key that was given. */
    cursor?: string | null | undefined;
    /** Up to 1,000; 100 without it. */
    limit?: number | undefined;
  }

  export type KvOperation<V = unknown> =
    | ({ operation: "set"; key: string; value: Storable<V> } & KvSetOptions)
    | ({ operation: "delete"; key: string } & IfVersion);
  export interface KvBatch<V = unknown> {
    set(key: string, value: Storable<V>, options?: KvSetOptions): void;
    delete(key: string, options?: IfVersion): void;
  }
  export interface KvWritten {
    readonly key: string;
    /** Null where the key is not there any more. */
    readonly version: number | null;
    /** Whether it was there before. */
    readonly existed: boolean;
  }

  export interface KvCollection<V = unknown> {
    /** The value, or undefined where there is none. */
    get(key: string): Promise<V | undefined>;
    /** The value with what is known of it. */
    getEntry(key: string): Promise<KvEntry<V> | undefined>;
    /** Up to 1,000 in one call; what is not there is not in the map. */
    getMany(keys: Iterable<string>): Promise<Map<string, V>>;
    has(key: string): Promise<boolean>;
    set(key: string, value: Storable<V>, options?: KvSetOptions): Promise<{ version: number }>;
    /** Whether it was there. */
    delete(key: string, options?: IfVersion): Promise<boolean>;
    /** A page of entries, in the order of their keys' bytes. It may be short and still have a cursor. */
    list(options: KvListOptions & { values: false }): Promise<{ items: KvKey[]; cursor: string | null }>;
    list(options?: KvListOptions & { values?: true }): Promise<{ items: KvEntry<V>[]; cursor: string | null }>;
    /** All entries, one by one; one call for each 250. */
    entries(options?: { prefix?: string }): AsyncIterableIterator<KvEntry<V>>;
    /** Up to 1,000 and 8 MiB in one call, all or none; answers how many. */
    setMany(
      entries: Readonly<Record<string, Storable<V>>> | Iterable<readonly [string, Storable<V>]>,
      options?: { ttlSeconds?: number | null | undefined },
    ): Promise<number>;
    /** Up to 1,000 in one call, all or none; answers how many were there. */
    deleteMany(keys: Iterable<string>): Promise<number>;
    /** Writes in their order, all or none: a list, or a function that says them. */
    batch(work: Iterable<KvOperation<V>> | ((batch: KvBatch<V>) => unknown)): Promise<KvWritten[]>;
    /**
     * Reads, computes and writes only if nobody wrote in between, else again, up to `attempts` times (10), then throws `conflict`. `change` may
     * run several times; what returns undefined changes nothing. The life of the key goes on unless `ttlSeconds` says otherwise.
     *
     * @returns the value as it is then.
     */
    update(
      key: string,
      change: (value: V | undefined) => Storable<V> | Promise<Storable<V>>,
      options?: { attempts?: number; ttlSeconds?: number },
    ): Promise<V>;
    update(
      key: string,
      change: (value: V | undefined) => Storable<V> | undefined | Promise<Storable<V> | undefined>,
      options?: { attempts?: number; ttlSeconds?: number },
    ): Promise<V | undefined>;
  }

  // ─── docs ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Documents with an id, found by what is in them; durable when the call returns. A document is up to 256 KiB of JSON. */
  export const docs: {
    /** @param name letters, digits, `_`, `-` and `.`, up to 64. Costs nothing by itself. */
    collection<D extends object = Record<string, unknown>>(name: string): DocsCollection<D>;
  };

  /** A document as it is kept. */
  export type Doc<D> = D & { readonly id: string };
  /** A document that is to be kept; its `id` is made where it has none. */
  export type NewDoc<D> = Omit<D, "id"> & { id?: string };

  export interface DocEntry<D> {
    readonly id: string;
    readonly value: Doc<D>;
    /** Grows with every write of the collection and is never used twice. */
    readonly version: number;
    /** Epoch milliseconds. */
    readonly createdAt: number;
    readonly updatedAt: number;
  }

  /** A field: its name, or a dotted path such as `customer.city` or `items.0.price`. */
  export type FieldPath<D> = (keyof D & string) | "id" | `${string}.${string}`;

  /** What a field must be: a value, or operators that must all hold. */
  export type Condition<T> = Exclude<T, undefined> | null | Operators<Exclude<T, undefined>>;
  export interface Operators<T> {
    $eq?: T | null;
    $ne?: T | null;
    $gt?: T;
    $gte?: T;
    $lt?: T;
    $lte?: T;
    /** Up to 200 values. */
    $in?: readonly (T | null)[];
    $nin?: readonly (T | null)[];
    $exists?: boolean;
    $not?: Operators<T>;
  }
  /** What documents are found by. Numbers compare as numbers and texts as texts; values of different types never match. */
  export type Filter<D> = { readonly [Field in keyof D]?: Condition<D[Field]> } & {
    readonly [path: `${string}.${string}`]: unknown;
  } & {
    readonly id?: Condition<string>;
    readonly $and?: readonly Filter<D>[];
    readonly $or?: readonly Filter<D>[];
    readonly $nor?: readonly Filter<D>[];
    readonly $not?: Filter<D>;
  };

  export type Direction = "asc" | "desc";
  /** By one field, or by several in order of weight: `{ createdOn: "desc" }` or `[["city", "asc"], ["name", "asc"]]`. */
  export type Sort<D> =
    | { readonly [Field in FieldPath<D>]?: Direction }
    | readonly (readonly [FieldPath<D>, Direction])[];

  export interface FindOptions<D> {
    /**
     * Missing fields first, then null, booleans, numbers, texts, arrays, objects. Ties, and all without it, go by id, or by the index that
     * is used. Without an index for it, up to 10,000 documents can be sorted.
     */
    sort?: Sort<D> | undefined;
    /** Up to 1,000; 100 without it. */
    limit?: number | undefined;
    /** Of the page before. */
    cursor?: string | null | undefined;
  }
  export interface Found<D> {
    readonly items: Doc<D>[];
    /** Null at the end. A page may be short and still have one: no more than so many documents are looked at in one call. */
    readonly cursor: string | null;
    /** Documents that were looked at. Many for few items: make an index. */
    readonly examined: number;
    /** Name of the index that was used; null where all were looked through. */
    readonly index: string | null;
  }

  type PatchOf<T> = T extends readonly unknown[] ? T : T extends object ? T | Patch<T> : T;
  /** JSON Merge Patch (RFC 7396): what is named is replaced, objects are merged, null removes a field that may be missing. */
  export type Patch<D> = {
    readonly [Field in Exclude<keyof D, "id">]?:
      | PatchOf<Exclude<D[Field], undefined>>
      | (undefined extends D[Field] ? null : never);
  };

  export type DocsOperation<D> =
    | { operation: "insert"; doc: NewDoc<D> }
    | ({ operation: "put"; id: string; doc: NewDoc<D> } & IfVersion)
    | ({ operation: "update"; id: string; patch: Patch<D> } & IfVersion)
    | ({ operation: "delete"; id: string } & IfVersion);
  export interface DocsBatch<D> {
    insert(doc: NewDoc<D>): void;
    put(id: string, doc: NewDoc<D>, options?: IfVersion): void;
    update(id: string, patch: Patch<D>, options?: IfVersion): void;
    delete(id: string, options?: IfVersion): void;
  }
  export interface DocWritten<D> {
    readonly id: string;
    /** As it is now; undefined after a deletion. */
    readonly doc: Doc<D> | undefined;
    readonly version: number | null;
    /** Whether it was there before. */
    readonly existed: boolean;
  }

  export interface DocsIndex {
    readonly name: string;
    readonly fields: readonly { readonly field: string; readonly descending: boolean }[];
    readonly unique: boolean;
  }

  export interface DocsCollection<D extends object = Record<string, unknown>> {
    /** Keeps a new document; `conflict` where its id, or a value that has to be unique, is taken. */
    insert(doc: NewDoc<D>): Promise<Doc<D>>;
    /** Up to 1,000 and 8 MiB in one call, all or none. */
    insertMany(docs: Iterable<NewDoc<D>>): Promise<Doc<D>[]>;
    get(id: string): Promise<Doc<D> | undefined>;
    /** The document with its version and times. */
    getEntry(id: string): Promise<DocEntry<D> | undefined>;
    /** Up to 1,000 in one call, by id; what is not there is not in the map. */
    getMany(ids: Iterable<string>): Promise<Map<string, Doc<D>>>;
    /** A page of the documents that match; all without a filter. */
    find(filter?: Filter<D>, options?: FindOptions<D>): Promise<Found<D>>;
    /** The first that matches. */
    findOne(filter?: Filter<D>, options?: { sort?: Sort<D> }): Promise<Doc<D> | undefined>;
    /** All that match, one by one; a call for each 250. */
    iterate(filter?: Filter<D>, options?: { sort?: Sort<D> }): AsyncIterableIterator<Doc<D>>;
    /** How many match, counted to `max` (10,000); `exact` is false where there are more, or not all could be looked at. */
    count(filter?: Filter<D>, options?: { max?: number }): Promise<{ count: number; exact: boolean }>;
    /** Keeps a whole document, there or not. */
    put(id: string, doc: NewDoc<D>, options?: IfVersion): Promise<Doc<D>>;
    /** Changes a document that is there; `not_found` where it is not. */
    update(id: string, patch: Patch<D>, options?: IfVersion): Promise<Doc<D>>;
    /** Whether it was there. */
    delete(id: string, options?: IfVersion): Promise<boolean>;
    /** Writes in their order, all or none: a list, or a function that says them. */
    batch(work: Iterable<DocsOperation<D>> | ((batch: DocsBatch<D>) => unknown)): Promise<DocWritten<D>[]>;
    /** Makes an index over up to 4 fields; again with the same does nothing. Up to 20 a collection. */
    createIndex(
      fields: FieldPath<D> | readonly FieldPath<D>[] | Sort<D>,
      options?: { name?: string; unique?: boolean },
    ): Promise<DocsIndex>;
    /** Whether it was there. */
    dropIndex(name: string): Promise<boolean>;
    listIndexes(): Promise<DocsIndex[]>;
  }

  // ─── Messages ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A queue: each message goes to the one trigger of kind `queue` that takes from it, and waits up to 7 days for it. Messages are up to 128 KiB of JSON. */
  export function queue<V = unknown>(name: string): Queue<V>;
  export interface Queue<V = unknown> {
    /** @param options.delaySeconds up to 7 days. */
    send(value: Storable<V>, options?: { delaySeconds?: number }): Promise<{ id: string }>;
    /** Up to 100 in one call, all or none. */
    sendBatch(messages: Iterable<{ value: Storable<V>; delaySeconds?: number }>): Promise<{ ids: string[] }>;
  }

  /** A topic: each message goes to all triggers of kind `pubsub` that listen to it then. Messages are up to 128 KiB of JSON. */
  export function topic<V = unknown>(name: string): Topic<V>;
  export interface Topic<V = unknown> {
    publish(value: Storable<V>): Promise<{ id: string; subscribers: number }>;
    /** Up to 100 in one call, all or none. */
    publishBatch(values: Iterable<Storable<V>>): Promise<{ ids: string[]; subscribers: number }>;
  }

  export interface InvokeOptions {
    /** `false` returns as soon as the run is accepted; it is then run in its own time, and its result kept for a day. The payload is then at most 256 KiB. */
    wait?: boolean;
  }

  /**
   * Runs another endpoint script of the same org with `POST /` and the payload as JSON, in the time that this run has left.
   *
   * @param script name or id.
   * @param payload anything that JSON has.
   * @returns what the script answered: parsed where it is JSON, else as text.
   * @throws InvokeError when it is not there, fails, is too slow, or answers with a status other than 2xx.
   */
  export function invoke<Answer = unknown>(
    script: string,
    payload?: unknown,
    options?: { wait?: true },
  ): Promise<Answer>;
  export function invoke(script: string, payload: unknown, options: { wait: false }): Promise<{ executionId: string }>;

  /** Why an {@link invoke} came to nothing; its `code` is `status` for an answer that is no 2xx. */
  export class InvokeError extends IsolaError {
    /** The HTTP status that was answered; 0 where there was no answer. */
    readonly status: number;
    /** The body of that answer. */
    readonly body: string;
  }

  // ─── Secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Secrets of the org and of this script, which comes first. A change is seen within a second. What was read is kept out of the log. */
  export const secrets: {
    get(name: string): Promise<string | undefined>;
    /** @throws IsolaError `not_found` where there is none. */
    require(name: string): Promise<string>;
  };

  // ─── Locks and counters ────────────────────────────────────────────────────────────────────────────────────────────

  export interface LockOptions {
    /** For how long it is held unless it is given back or extended: 0.1 to 900, 60 without it. */
    ttlSeconds?: number;
    /** How long to wait while somebody else has it, up to 30; no turn is kept. */
    waitSeconds?: number;
  }
  export interface HeldLock {
    readonly token: string;
    /** Grows with every taking: hand it on, so that who was late can be told apart. */
    readonly fence: number;
    /** Epoch milliseconds; from then on it may be somebody else's. */
    readonly expiresAt: number;
    /** False when it was not held any more. */
    release(): Promise<boolean>;
    /** Holds it for as long again from now on; false when it was lost. */
    extend(options?: { ttlSeconds?: number }): Promise<boolean>;
  }
  /**
   * Does something while no other run of the org holds the lock; gives it back after, also when that throws. Waits for it for 10 s where
   * nothing else is said, and throws `conflict` when it cannot be had. A lock runs out: work that may take longer than `ttlSeconds` extends it.
   */
  export const lock: {
    <T>(name: string, options: LockOptions, work: (held: HeldLock) => T | Promise<T>): Promise<T>;
    <T>(name: string, work: (held: HeldLock) => T | Promise<T>): Promise<T>;
    /** Takes it, or answers null when somebody else has it; waits only where that is said. */
    acquire(name: string, options?: LockOptions): Promise<HeldLock | null>;
  };

  /** A whole number that many add to, from 0, with nothing lost. */
  export function counter(name: string): {
    /** Adds, 1 where nothing is said, and answers what it is then. */
    add(by?: number): Promise<number>;
    get(): Promise<number>;
  };

  // ─── Cache ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A memory of this isolate alone: best effort, gone with the isolate or the next version, and another on each edge. Costs no call of the
   * platform. Holds JSON, 1,000 entries and 4 Mi characters of it; what was not used for longest goes first.
   */
  export const cache: {
    get<V = unknown>(key: string): Promise<V | undefined>;
    set(key: string, value: unknown, options?: { ttlSeconds?: number }): Promise<void>;
    delete(key: string): Promise<boolean>;
    /** What is kept, or else what `make` makes, which is kept then. Runs that miss at once each make it. */
    remember<V>(key: string, options: { ttlSeconds?: number }, make: () => V | Promise<V>): Promise<V>;
  };

  // ─── sql ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  export type SqlValue = string | number | null;
  export type SqlParameter = SqlValue | boolean | Date;
  /** A statement that runs when it is awaited, once. */
  export type SqlStatement<Row = Record<string, SqlValue>> = Pick<Promise<Row[]>, "then" | "catch" | "finally">;

  /**
   * The org's own SQLite. Values never become part of the statement's text:
   *
   * ```ts
   * const rows = await sql<{ id: number; name: string }>`select id, name from users where city = ${city}`;
   * ```
   */
  export const sql: {
    <Row = Record<string, SqlValue>>(strings: TemplateStringsArray, ...values: SqlParameter[]): SqlStatement<Row>;
    /** Runs up to 100 statements in their order, all or none; answers the rows of each. */
    transaction<const T extends readonly SqlStatement<unknown>[]>(
      statements: T,
    ): Promise<{ -readonly [I in keyof T]: T[I] extends SqlStatement<infer Row> ? Row[] : never }>;
  };

  // ─── Hashes, passwords, webhooks, checks: these cost no call of the platform ───────────────────────────────────────

  type Bytes = ArrayBuffer | ArrayBufferView;

  export const hash: {
    /** In hexadecimal. */
    sha256(data: string | Bytes): Promise<string>;
    /** HMAC with SHA-256, in hexadecimal. */
    hmac(key: string | Bytes, data: string | Bytes): Promise<string>;
    /** Whether two secrets are the same, without telling by the time it takes where they differ. */
    equal(a: string | Bytes, b: string | Bytes): Promise<boolean>;
    /** So many random bytes (32), in URL-safe base 64. */
    token(bytes?: number): Promise<string>;
  };

  /**
   * Passwords by PBKDF2 with SHA-256, 100,000 rounds and a salt each: as much as the runtime does in one go. Either call
   * takes some 20 to 40 ms of processor time, of 50 that a run has where nobody says otherwise (limit `cpuMs`).
   */
  export const passwords: {
    /** What to store. */
    hash(password: string): Promise<string>;
    /** Whether it is the password; `invalid` for what {@link passwords.hash} did not make. */
    verify(password: string, stored: string): Promise<boolean>;
  };

  /** Signed messages by the rules of Standard Webhooks. */
  export const webhook: {
    /**
     * Signs what is to be sent: `fetch(url, { method: "POST", ...await webhook.sign(secret, payload) })`.
     *
     * @param secret base 64, with or without `whsec_` before it.
     * @param payload text as it is, anything else as JSON.
     * @param options.id of the message: the same when it is sent again.
     * @param options.timestamp in epoch seconds.
     */
    sign(
      secret: string,
      payload: unknown,
      options?: { id?: string; timestamp?: number },
    ): Promise<{ headers: Record<string, string>; body: string }>;
    /**
     * Checks the signature and age of what came.
     *
     * @param secret one, or several while one replaces another.
     * @param body the text as it came, not parsed.
     * @returns the sender's id, its time in epoch seconds, and the body, parsed where it is JSON.
     * @throws IsolaError `unauthenticated`
     */
    verify(
      secret: string | readonly string[],
      headers: Headers | Record<string, string>,
      body: string,
      options?: { toleranceSeconds?: number },
    ): Promise<{ id: string; timestamp: number; payload: unknown }>;
  };

  /** Whether something is a text of this form; for whole objects there is `zod`. */
  export const check: {
    email(value: unknown): value is string;
    /** With `http` or `https`. */
    url(value: unknown): value is string;
    uuid(value: unknown): value is string;
    /** Lower-case letters and digits with single hyphens between them. */
    slug(value: unknown): value is string;
    /** A day that there is, as `2026-02-28`. */
    date(value: unknown): value is string;
  };
}
