import { and, count, eq, gt, isNull } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { KEYS_PER_USER_MAX, PAGE_SIZE_DEFAULT } from "../../../contracts/limits.ts";
import { accessOrg } from "../access.ts";
import { audit } from "../audit.ts";
import { makeKey, scopesBeyond } from "../auth/keys.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import { apiKey, org } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import { keyOfCursor, pageOfRows } from "./page.ts";

type KeyRow = typeof apiKey.$inferSelect;

/** API keys of the person who asks. A key that is bound to an org sees and makes only keys of that org. */
export const keys = new Mounts()
  .add(ENDPOINTS.listKeys, async ({ scope, principal, query }) => {
    const limit = query.limit ?? PAGE_SIZE_DEFAULT;
    const after = keyOfCursor(query.cursor);
    const found = await scope.database
      .select({ key: apiKey, slug: org.slug })
      .from(apiKey)
      .leftJoin(org, eq(org.id, apiKey.orgId))
      .where(and(ownKeys(principal), after === null ? undefined : gt(apiKey.id, after)))
      .orderBy(apiKey.id)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, ({ key }) => key.id);
    return { items: rows.map(({ key, slug }) => keyOf(key, slug)), cursor };
  })
  .add(
    ENDPOINTS.createKey,
    async ({ scope, principal, body }) => {
      const slug = body.org ?? principal.key?.org?.slug ?? null;
      requireNoMore(principal, body, slug);
      const bound = slug === null ? null : await accessOrg(scope, principal, slug, "org:read");
      const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt);
      const { key, prefix, hash } = await makeKey();
      const made = await scope.database.transaction(async (tx) => {
        const [used] = await tx.select({ count: count() }).from(apiKey).where(activeKeysOf(principal.user.id));
        if ((used?.count ?? 0) >= KEYS_PER_USER_MAX) throw tooManyKeys(used?.count ?? 0);
        const id = newId("key");
        const values = { id, userId: principal.user.id, prefix, hash, name: body.name, scopes: body.scopes, expiresAt };
        const [row] = await tx
          .insert(apiKey)
          .values({ ...values, orgId: bound?.org.id ?? null })
          .returning();
        if (row === undefined) throw new Error("The key was not stored");
        const details = { name: body.name, scopes: body.scopes, org: slug };
        await audit(tx, scope, { actor: actorOf(principal), action: "key.create", target: id, details });
        return row;
      });
      return { ...keyOf(made, slug), key };
    },
    { secretAnswer: true },
  )
  .add(ENDPOINTS.revokeKey, async ({ scope, principal, params }) => {
    await scope.database.transaction(async (tx) => {
      const revoked = await tx
        .update(apiKey)
        .set({ revokedAt: new Date() })
        .where(and(ownKeys(principal), eq(apiKey.id, params.id)))
        .returning({ name: apiKey.name });
      if (revoked.length === 0) throw new PlatformError("not_found", "You have no such API key.");
      const entry = { actor: actorOf(principal), action: "key.revoke", target: params.id };
      await audit(tx, scope, { ...entry, details: { name: revoked[0]?.name } });
    });
    return undefined;
  });

const activeKeysOf = (userId: string) => and(eq(apiKey.userId, userId), isNull(apiKey.revokedAt));

function ownKeys({ user, key }: Principal) {
  const bound = key?.org ?? null;
  return and(activeKeysOf(user.id), bound === null ? undefined : eq(apiKey.orgId, bound.id));
}

/** A key never makes one that may do more, in more places or for longer than itself. */
function requireNoMore(
  { key }: Principal,
  wanted: { scopes: PrincipalScopes; expiresAt?: number | undefined },
  slug: string | null,
): void {
  if (wanted.expiresAt !== undefined && Number.isNaN(new Date(wanted.expiresAt).getTime())) {
    throw invalidExpiry("must be a time in epoch milliseconds");
  }
  if (wanted.expiresAt !== undefined && wanted.expiresAt <= Date.now()) throw invalidExpiry("must lie in the future");
  if (key === null) return;
  const beyond = scopesBeyond(key.scopes, wanted.scopes);
  if (beyond.length > 0) throw beyondKey(`scopes that it does not have: ${beyond.join(", ")}`);
  if (key.org !== null && key.org.slug !== slug) throw beyondKey(`a key beyond its org ${key.org.slug}`);
  if (key.expiresAt !== null && (wanted.expiresAt ?? Infinity) > key.expiresAt.getTime()) {
    throw beyondKey(`a key that outlives it; give an expiresAt of at most ${key.expiresAt.getTime()}`);
  }
}

type PrincipalScopes = KeyRow["scopes"];

const beyondKey = (what: string): PlatformError => new PlatformError("forbidden", `This key cannot hand on ${what}.`);

const invalidExpiry = (reason: string): PlatformError =>
  new PlatformError("invalid", `expiresAt ${reason}.`, { issues: [{ field: "expiresAt", reason }] });

const tooManyKeys = (used: number): PlatformError =>
  new PlatformError("conflict", `You have ${used} of ${KEYS_PER_USER_MAX} API keys. Revoke one first.`, {
    limit: KEYS_PER_USER_MAX,
    used,
  });

function keyOf(key: KeyRow, slug: string | null) {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    org: slug,
    createdAt: key.createdAt.getTime(),
    expiresAt: key.expiresAt?.getTime() ?? null,
    lastUsedAt: key.lastUsedAt?.getTime() ?? null,
  };
}
