import { and, count, eq, gt, lt, lte, ne } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { SLUG_REDIRECT_MS, SLUG_REDIRECTS_PER_ORG_MAX } from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import type { Queries } from "../database/connect.ts";
import { isTaken } from "../database/errors.ts";
import { domain, org, slugRedirect } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { tellOrg } from "./tell.ts";

export const slugTaken = (slug: string): PlatformError =>
  new PlatformError("conflict", `The slug ${slug} is taken. Choose another.`, { slug });

/**
 * Gives an org another slug; the one it had leads to it for a time, and nobody else can have it so long. When this returns
 * every edge knows. May be repeated.
 *
 * @throws PlatformError `conflict` when the slug is another org's or leads to one, or when too many lead to this one
 */
export async function renameOrg(
  scope: Scope,
  before: Pick<OrgRow, "id" | "slug">,
  slug: string,
  actor: Actor,
): Promise<OrgRow> {
  const row = await renamed(scope, before, slug, actor).catch((error: unknown) => {
    throw isTaken(error) ? slugTaken(slug) : error;
  });
  await tellOrg(scope, row.id);
  // Whatever the edges know of the old slug, of those before it, or of domains under it, names it.
  await scope.edges.forget(before.slug);
  const led = await scope.database
    .select({ slug: slugRedirect.slug })
    .from(slugRedirect)
    .where(eq(slugRedirect.orgId, row.id));
  await Promise.all(led.map((redirect) => scope.edges.forget(redirect.slug)));
  const domains = await scope.database
    .select({ hostname: domain.hostname })
    .from(domain)
    .where(eq(domain.orgId, row.id));
  await Promise.all(domains.map(({ hostname }) => scope.edges.forgetDomain(hostname)));
  return row;
}

async function renamed(scope: Scope, { id }: Pick<OrgRow, "id">, slug: string, actor: Actor): Promise<OrgRow> {
  return scope.database.transaction(async (tx) => {
    const [before] = await tx.select().from(org).where(eq(org.id, id)).for("update");
    if (before === undefined || before.state === "destroying") throw gone(before?.slug ?? slug);
    if (before.slug === slug) return before;
    const [changed] = await tx.update(org).set({ slug, openedAt: null }).where(eq(org.id, id)).returning();
    if (changed === undefined) throw gone(before.slug);
    await requireUnled(tx, slug, id);
    const now = Date.now();
    await tx.delete(slugRedirect).where(and(eq(slugRedirect.orgId, id), lte(slugRedirect.expiresAt, new Date(now))));
    const [led] = await tx.select({ count: count() }).from(slugRedirect).where(eq(slugRedirect.orgId, id));
    if ((led?.count ?? 0) >= SLUG_REDIRECTS_PER_ORG_MAX) throw tooMany(before.slug);
    const redirect = { slug: before.slug, orgId: id, expiresAt: new Date(now + SLUG_REDIRECT_MS) };
    // One that is here still is over, for the slug was this org's.
    await tx.insert(slugRedirect).values(redirect).onConflictDoUpdate({ target: slugRedirect.slug, set: redirect });
    const details = { before: before.slug, after: slug, redirectUntil: redirect.expiresAt.getTime() };
    await audit(tx, scope, { actor, action: "org.slug", target: slug, orgId: id, details });
    return changed;
  });
}

/**
 * Makes sure that a slug leads to no other org, and takes it back for one that had it. Call it after the slug is taken, in
 * the same transaction: who gives it up holds it until the redirect is there. Throws `conflict`.
 */
export async function requireUnled(tx: Queries, slug: string, orgId: string): Promise<void> {
  const led = and(eq(slugRedirect.slug, slug), ne(slugRedirect.orgId, orgId), gt(slugRedirect.expiresAt, new Date()));
  const [other] = await tx.select({ slug: slugRedirect.slug }).from(slugRedirect).where(led);
  if (other !== undefined) throw slugTaken(slug);
  await tx.delete(slugRedirect).where(eq(slugRedirect.slug, slug));
}

/** The org that a slug leads to, which it had before; null where it leads nowhere (any more). */
export async function findRedirect({ database }: Pick<Scope, "database">, slug: string): Promise<OrgRow | null> {
  const [found] = await database
    .select({ org })
    .from(slugRedirect)
    .innerJoin(org, eq(org.id, slugRedirect.orgId))
    .where(and(eq(slugRedirect.slug, slug), gt(slugRedirect.expiresAt, new Date())));
  return found?.org ?? null;
}

/** Forgets slugs that lead nowhere any more. */
export async function removeOldRedirects({ database }: Scope, now: number): Promise<void> {
  await database.delete(slugRedirect).where(lt(slugRedirect.expiresAt, new Date(now)));
}

const gone = (slug: string): PlatformError => new PlatformError("not_found", `The org ${slug} is gone.`);

const tooMany = (slug: string): PlatformError =>
  new PlatformError(
    "conflict",
    `${slug} was renamed ${SLUG_REDIRECTS_PER_ORG_MAX} times of late. Take an old slug back, or wait until one of them leads here no more.`,
    { limit: SLUG_REDIRECTS_PER_ORG_MAX },
  );
