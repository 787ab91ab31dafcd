/** What the door to all tenant state has for scripts alone: locks, counters, and SQL of their own. */
export interface ToolsDoor {
  /** Adds to a counter and says what it is then; not safe. Counters begin at 0; by 0 reads. */
  counterAdd(orgId: string, name: string, by: number): Promise<number>;
  /**
   * Takes a lock for so long, or prolongs it for who holds it by `token`. Null when somebody else has it. `fence` grows
   * with every taking, so that who was late can be told apart. Not safe.
   */
  lockAcquire(
    orgId: string,
    name: string,
    ttlMs: number,
    token: string | null,
  ): Promise<{ token: string; fence: number; expiresAt: number } | null>;
  /** False when the token does not hold it any more; safe. */
  lockRelease(orgId: string, name: string, token: string): Promise<boolean>;
  /**
   * Runs statements of the org's own SQLite, all or none, and answers the rows of each. Parameters are null, text, finite
   * numbers, or booleans, which become 0 and 1. Not safe.
   */
  sqlRun(orgId: string, statements: SqlStatement[]): Promise<SqlResult[]>;
}

export type SqlValue = string | number | null;

export interface SqlStatement {
  /** One statement with `?` for each parameter. */
  text: string;
  parameters: (SqlValue | boolean)[];
}

export interface SqlResult {
  columns: string[];
  rows: SqlValue[][];
  rowsWritten: number;
}
