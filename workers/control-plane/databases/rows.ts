import { and, eq, lt, type SQL } from "drizzle-orm";

import { DATABASE_LEASE_MS } from "../../../contracts/limits.ts";
import { tenantDatabase } from "../database/schema.ts";
import type { Queries } from "../database/connect.ts";

export type DatabaseRow = typeof tenantDatabase.$inferSelect;
type Change = Partial<Pick<DatabaseRow, "state" | "provider" | "error">>;

export async function findRow(queries: Queries, orgId: string): Promise<DatabaseRow | null> {
  const [row] = await queries.select().from(tenantDatabase).where(eq(tenantDatabase.orgId, orgId));
  return row ?? null;
}

/** The work on a database has been taken over by somebody else, or is over. */
export class LostDatabase extends Error {}

/**
 * The right to work on one database: whoever changed its row last, until that is so long ago that the work must have been
 * cut off. Two who draw passwords at once would leave the org with the one that is not good.
 */
export class Hold {
  #row: DatabaseRow;

  constructor(row: DatabaseRow) {
    this.#row = row;
  }

  get row(): DatabaseRow {
    return this.#row;
  }

  /** Changes the row, and holds it for as long again. Throws {@link LostDatabase}. */
  async change(queries: Queries, change: Change = {}): Promise<void> {
    const isAsItWas = and(this.#mine, eq(tenantDatabase.state, this.#row.state));
    this.#row = await this.#set(queries, change, isAsItWas);
  }

  /** Notes what the provider has made, even where the database is to be destroyed meanwhile; then throws {@link LostDatabase}. */
  async keep(queries: Queries, provider: DatabaseRow["provider"]): Promise<void> {
    const { state } = this.#row;
    this.#row = await this.#set(queries, { provider }, this.#mine);
    if (this.#row.state !== state) throw new LostDatabase();
  }

  async remove(queries: Queries): Promise<void> {
    const gone = await queries.delete(tenantDatabase).where(this.#mine).returning({ orgId: tenantDatabase.orgId });
    if (gone.length === 0) throw new LostDatabase();
  }

  /** Lets the next one begin at once. */
  async release(queries: Queries, change: Change = {}): Promise<void> {
    await queries
      .update(tenantDatabase)
      .set({ ...change, updatedAt: new Date(0) })
      .where(this.#mine);
  }

  async #set(queries: Queries, change: Change, where: SQL | undefined): Promise<DatabaseRow> {
    const updatedAt = after(this.#row);
    const [row] = await queries
      .update(tenantDatabase)
      .set({ ...change, updatedAt })
      .where(where)
      .returning();
    if (row === undefined) throw new LostDatabase();
    return row;
  }

  get #mine() {
    const { orgId, updatedAt } = this.#row;
    return and(eq(tenantDatabase.orgId, orgId), eq(tenantDatabase.updatedAt, updatedAt));
  }
}

/** Takes over the work on a database that nobody works on; null when somebody does, or it is not in that state. */
export async function takeUp(
  queries: Queries,
  { orgId, state }: Pick<DatabaseRow, "orgId" | "state">,
): Promise<Hold | null> {
  const now = Date.now();
  const isFree = lt(tenantDatabase.updatedAt, new Date(now - DATABASE_LEASE_MS));
  const [row] = await queries
    .update(tenantDatabase)
    .set({ updatedAt: new Date(now) })
    .where(and(eq(tenantDatabase.orgId, orgId), eq(tenantDatabase.state, state), isFree))
    .returning();
  return row === undefined ? null : new Hold(row);
}

/** A time that differs from the one before, so that it tells who changed the row. */
const after = ({ updatedAt }: DatabaseRow): Date => new Date(Math.max(Date.now(), updatedAt.getTime() + 1));
