import { and, eq, inArray, lt } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { DATABASE_LEASE_MS, DATABASES_PER_PASS } from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import { org, tenantDatabase } from "../database/schema.ts";
import { ProviderError } from "../provisioning/provider-error.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { databasesAreOn } from "./enabled.ts";
import { type DatabaseRow, findRow, Hold, LostDatabase, takeUp } from "./rows.ts";
import { CLOCK, DATABASE_SECRET, goOnCreating, goOnDestroying } from "./work.ts";

/**
 * Begins to give an org a database of its own; the rest is done after the answer, and by the clock. May be repeated; one
 * that failed is tried again.
 *
 * @throws PlatformError `invalid` where there are no such databases, `conflict` for one that is being destroyed or a
 *   secret that people have set
 */
export async function createTenantDatabase(
  scope: Scope,
  { id, slug }: Pick<OrgRow, "id" | "slug">,
  actor: Actor,
): Promise<DatabaseRow> {
  if (!databasesAreOn(scope.env)) throw new PlatformError("invalid", "Databases of orgs' own are switched off here.");
  const held = await findRow(scope.database, id);
  if (held?.state === "creating" || held?.state === "ready") return held;
  if (held === null) await requireFreeSecret(scope, id);
  const { row, isMine } = await scope.database.transaction(async (tx) => {
    // The org's row is held, so that it cannot begin to go meanwhile.
    const [owner] = await tx.select({ state: org.state }).from(org).where(eq(org.id, id)).for("update");
    if (owner === undefined || owner.state === "destroying")
      throw new PlatformError("conflict", `The org ${slug} is being destroyed.`);
    const before = await findRow(tx, id);
    if (before?.state === "creating" || before?.state === "ready") return { row: before, isMine: false };
    if (before?.state === "destroying") {
      throw new PlatformError("conflict", `The database of ${slug} is being destroyed. Try again when it is gone.`);
    }
    const now = new Date();
    const fresh = { driver: "neon", state: "creating", error: null, createdAt: now, updatedAt: now } as const;
    const [made] =
      before === null
        ? await tx
            .insert(tenantDatabase)
            .values({ orgId: id, ...fresh })
            .returning()
        : await tx.update(tenantDatabase).set(fresh).where(eq(tenantDatabase.orgId, id)).returning();
    if (made === undefined)
      throw new PlatformError("conflict", `The database of ${slug} changed meanwhile. Look again.`);
    const details = { driver: made.driver, before: before?.state ?? null, after: made.state };
    await audit(tx, scope, { actor, action: "database.create", target: slug, orgId: id, details });
    return { row: made, isMine: true };
  });
  if (isMine) scope.later(() => goOnCreating(scope, new Hold(row)));
  return row;
}

/** What people have set themselves is not written over. */
async function requireFreeSecret(scope: Scope, orgId: string): Promise<void> {
  const secrets = await scope.state.listSecrets(orgId);
  if (!secrets.some(({ name, scriptId }) => name === DATABASE_SECRET && scriptId === null)) return;
  throw new PlatformError(
    "conflict",
    `The org has a secret ${DATABASE_SECRET} already. Remove it, or give it another name, and try again.`,
  );
}

/**
 * Has an org's own database destroyed, with all its data and the secret by which it is reached. May be repeated; nothing
 * happens where there is none.
 *
 * @throws PlatformError `unavailable` until the provider confirms that it is gone; the clock goes on
 */
export async function destroyTenantDatabase(scope: Scope, orgId: string, actor: Actor = CLOCK): Promise<void> {
  const hold = await beginDestroying(scope, orgId, actor);
  if (hold === null) return;
  try {
    await goOnDestroying(scope, hold, actor);
  } catch (error) {
    if (error instanceof LostDatabase) return destroyTenantDatabase(scope, orgId, actor);
    if (error instanceof ProviderError) throw notYet(error.message);
    throw error;
  }
}

/** Marks a database to be destroyed; null where there is none. Throws `unavailable` while somebody works on it. */
async function beginDestroying(scope: Scope, orgId: string, actor: Actor): Promise<Hold | null> {
  const begun = await scope.database.transaction(async (tx) => {
    const [before] = await tx.select().from(tenantDatabase).where(eq(tenantDatabase.orgId, orgId)).for("update");
    if (before === undefined) return null;
    const isWorkedOn = before.state === "creating" || before.state === "destroying";
    const isHeld = isWorkedOn && before.updatedAt.getTime() > Date.now() - DATABASE_LEASE_MS;
    const hold = new Hold(before);
    if (!isHeld) await hold.change(tx, { state: "destroying" });
    // Who is making it keeps its hold, so that it can note what it made last; and then it stops.
    else
      await tx
        .update(tenantDatabase)
        .set({ state: "destroying", updatedAt: before.updatedAt })
        .where(eq(tenantDatabase.orgId, orgId));
    if (before.state !== "destroying") {
      const details = { driver: before.driver, before: before.state, after: "destroying" };
      await audit(tx, scope, { actor, action: "database.delete", target: DATABASE_SECRET, orgId, details });
    }
    return { hold, isHeld };
  });
  if (begun?.isHeld === true) throw notYet("Somebody is at it.");
  return begun?.hold ?? null;
}

/** Goes on with what was left half made or half destroyed. One that fails does not keep the others. */
export async function keepTenantDatabases(scope: Scope): Promise<void> {
  const left = await scope.database
    .select({ orgId: tenantDatabase.orgId, state: tenantDatabase.state })
    .from(tenantDatabase)
    .where(
      and(
        inArray(tenantDatabase.state, ["creating", "destroying"]),
        lt(tenantDatabase.updatedAt, new Date(Date.now() - DATABASE_LEASE_MS)),
      ),
    )
    .orderBy(tenantDatabase.createdAt)
    .limit(DATABASES_PER_PASS);
  for (const row of left) {
    const hold = await takeUp(scope.database, row);
    if (hold === null) continue;
    try {
      await (row.state === "creating" ? goOnCreating(scope, hold) : goOnDestroying(scope, hold, CLOCK));
    } catch (error) {
      if (!(error instanceof LostDatabase))
        reportFailure(scope.requestId, `the database of ${row.orgId} is still ${row.state}`, error);
    }
  }
}

const notYet = (why: string): PlatformError =>
  new PlatformError(
    "unavailable",
    `The database is not gone yet. ${why} Nothing need be done: this goes on by itself.`,
    {
      part: "database",
      state: "destroying",
    },
  );
