/** What a provider has made for one database, by the driver's own names. */
export type DatabaseRecord = Readonly<Record<string, unknown>>;

/** For whom a database is. What is made carries both in its name, and only what does is adopted or removed. */
export interface DatabaseOwner {
  platformId: string;
  orgId: string;
}

export interface DatabasePlan {
  owner: DatabaseOwner;
  known: DatabaseRecord;
  /** Writes down what there is by now; called before anything is waited for. */
  keep: (record: DatabaseRecord) => Promise<void>;
}

/**
 * What gives orgs databases of their own. Both methods may be called again after they were cut off at any point. Failures
 * are `ProviderError`s.
 */
export interface DatabaseDriver {
  readonly name: "neon";
  /** Where the database is reached, with its password; null while it is still being made. */
  create(plan: DatabasePlan): Promise<string | null>;
  /** Returns when it is confirmed absent; throws otherwise. */
  destroy(plan: DatabasePlan): Promise<void>;
}
