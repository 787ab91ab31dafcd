/** One step of a schema; the list is append-only and its order is the order of application. */
export interface Migration {
  name: string;
  sql: string;
}

export type Value = SqlStorageValue;
export type Row = Record<string, Value>;

const TOMBSTONE_KEY = "erasedAt";

/**
 * The SQLite database of one object. An object that nobody has opened has no tables, so that asking
 * about something unknown leaves nothing behind; an erased one keeps a tombstone, so that a late
 * message cannot revive it.
 */
export class Database {
  readonly #storage: DurableObjectStorage;
  readonly #migrations: readonly Migration[];
  #exists = false;
  #erasedAt: number | null = null;

  constructor(storage: DurableObjectStorage, migrations: readonly Migration[]) {
    this.#storage = storage;
    this.#migrations = migrations;
  }

  /** Reads what is there and brings its schema up to date; once, before anything else. */
  open(now: number): void {
    this.#erasedAt = this.#storage.kv.get<number>(TOMBSTONE_KEY) ?? null;
    // Where there is no schema of ours, the tables are somebody else's.
    if (this.#migrations.length === 0) return;
    if (this.find("SELECT name FROM sqlite_master WHERE name = 'migrations'") !== null) this.create(now);
  }

  /** Whether the tables are there. */
  get exists(): boolean {
    return this.#exists;
  }

  /** When everything was erased, or null; epoch milliseconds. */
  get erasedAt(): number | null {
    return this.#erasedAt;
  }

  /** Makes the tables, or applies the migrations that are missing. */
  create(now: number): void {
    this.transaction(() => {
      this.run("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT");
      const applied = new Set(this.all<{ name: string }>("SELECT name FROM migrations").map(({ name }) => name));
      for (const { name, sql } of this.#migrations) {
        if (applied.has(name)) continue;
        this.run(sql);
        this.run("INSERT INTO migrations (name, applied_at) VALUES (?, ?)", name, now);
      }
    });
    this.#exists = true;
  }

  /** Removes everything, the alarm too, and leaves the tombstone. */
  async erase(now: number): Promise<void> {
    await this.#clear();
    this.#storage.kv.put(TOMBSTONE_KEY, now);
    this.#erasedAt = now;
  }

  /** Removes the tombstone as well: the object is as if it had never been. */
  async forget(): Promise<void> {
    await this.#clear();
    this.#erasedAt = null;
  }

  all<R extends Row>(query: string, ...bindings: Value[]): R[] {
    return this.#storage.sql.exec<R>(query, ...bindings).toArray();
  }

  /** The first row, or null. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the row's shape, as in `all`
  find<R extends Row>(query: string, ...bindings: Value[]): R | null {
    return this.all<R>(query, ...bindings)[0] ?? null;
  }

  /** The rows one by one, for results that need not be read to their end. */
  each<R extends Row>(query: string, ...bindings: Value[]): Iterable<R> {
    return this.#storage.sql.exec<R>(query, ...bindings);
  }

  run(query: string, ...bindings: Value[]): void {
    this.#storage.sql.exec(query, ...bindings);
  }

  /** Runs the work to its end or not at all. */
  transaction<T>(work: () => T): T {
    const existed = this.#exists;
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      this.#exists = existed;
      throw error;
    }
  }

  async #clear(): Promise<void> {
    await this.#storage.deleteAll();
    await this.#storage.deleteAlarm();
    this.#exists = false;
  }
}
