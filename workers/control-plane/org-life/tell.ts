import { and, asc, eq, isNull, lt, max, ne, sql } from "drizzle-orm";

import { ORGS_TOLD_AT_ONCE, ORGS_TOLD_PER_PASS, ORGS_UNTOLD_MS } from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import { org, slugRedirect } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";

/**
 * What the directory says of an org is told its object, which publishes it. A change of slug or state takes `openedAt` from
 * the row in the same transaction; it is set again when the object knows, so that what was cut off is found and made up for.
 */

/** How often an org is told again because its row changed meanwhile, before that is left to the clock. */
const TIMES_MAX = 5;

/** What is told. */
type Known = Pick<OrgRow, "slug" | "state">;

/**
 * Tells an org's object, and every edge, the slug and the state that its row has. Goes on until the row did not change
 * meanwhile, so that of two at once the last word is what is true. May be repeated; says nothing of an org that is gone or
 * about to go. Throws what the object refuses, or `unavailable`.
 *
 * @param known the row, where it was read just now and the org never had another slug
 */
export async function tellOrg(scope: Scope, orgId: string, known: Known | null = null): Promise<void> {
  for (let times = 0; times < TIMES_MAX; times += 1) {
    const row = times === 0 && known !== null ? { ...known, redirectUntil: null } : await rowOf(scope, orgId);
    if (row === null || row.state === "destroying") return;
    const { slug, state, redirectUntil } = row;
    await scope.state.openOrg(orgId, slug, state);
    if (redirectUntil !== null) await scope.state.renameOrg(orgId, slug, redirectUntil.getTime());
    await scope.state.setOrgState(orgId, state);
    await scope.edges.forget(slug);
    if (await noteOpened(scope, { id: orgId, slug, state })) return;
  }
}

/** Tells those whose object has not heard of a change for a while; a failure of one does not keep the others. */
export async function tellOrgs(scope: Scope, now: number): Promise<void> {
  const left = await scope.database
    .select({ id: org.id })
    .from(org)
    .where(and(isNull(org.openedAt), ne(org.state, "destroying"), lt(org.updatedAt, new Date(now - ORGS_UNTOLD_MS))))
    .orderBy(asc(org.updatedAt))
    .limit(ORGS_TOLD_PER_PASS);
  const next = left.values();
  const worker = async (): Promise<void> => {
    for (const { id } of next) {
      await tellOrg(scope, id).catch(async (error: unknown) => {
        reportFailure(scope.requestId, `org ${id} does not know its state yet`, error);
        // To the end of the queue, so that it does not keep the others waiting.
        await scope.database
          .update(org)
          .set({ updatedAt: new Date() })
          .where(and(eq(org.id, id), isNull(org.openedAt)));
      });
    }
  };
  await Promise.all(Array.from({ length: ORGS_TOLD_AT_ONCE }, worker));
}

/** The row, and until when the newest of the slugs before leads to the one it has; null where it never had another. */
async function rowOf({ database }: Scope, orgId: string) {
  const [row] = await database
    .select({ slug: org.slug, state: org.state, redirectUntil: max(slugRedirect.expiresAt) })
    .from(org)
    .leftJoin(slugRedirect, eq(slugRedirect.orgId, org.id))
    .where(eq(org.id, orgId))
    .groupBy(org.id);
  return row ?? null;
}

/** False where the row is not what was told any more. */
async function noteOpened({ database }: Scope, { id, slug, state }: Known & { id: string }): Promise<boolean> {
  const noted = await database
    .update(org)
    .set({ openedAt: sql`coalesce(${org.openedAt}, now())`, updatedAt: sql`${org.updatedAt}` })
    .where(and(eq(org.id, id), eq(org.slug, slug), eq(org.state, state)))
    .returning({ id: org.id });
  return noted.length > 0;
}
