import { and, count, eq, isNull, type SQL } from "drizzle-orm";
import type { z } from "zod";

import type { newKeySchema } from "../../../contracts/api/identity.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { KEYS_PER_PARTNER_MAX, KEYS_PER_USER_MAX } from "../../../contracts/limits.ts";
import { audit } from "../audit/write.ts";
import { makeKey, scopesBeyond } from "../auth/keys.ts";
import { actorOf, type Principal, type PrincipalKey } from "../auth/principal.ts";
import { apiKey, user } from "../database/schema.ts";
import type { OrgRow } from "../access.ts";
import { requireQuota } from "../plans/quota.ts";
import type { Scope } from "../scope.ts";

export type KeyRow = typeof apiKey.$inferSelect;
export type WantedKey = z.output<typeof newKeySchema>;

/** Keys that were not revoked. */
export const keysOf = (userId: string): SQL | undefined => and(eq(apiKey.userId, userId), isNull(apiKey.revokedAt));

/**
 * Makes a key for a person or a partner, with a note of who made it. Returns its row and the key itself, which is
 * nowhere else. Throws `conflict` when its owner has as many as they may, or was deactivated meanwhile.
 */
export async function issueKey(
  scope: Scope,
  principal: Principal,
  ownerId: string,
  wanted: WantedKey,
  bound: OrgRow | null,
): Promise<{ row: KeyRow; key: string }> {
  const { name, scopes, expiresAt, requestsPerMinute } = wanted;
  const { key, prefix, hash } = await makeKey();
  const id = newId("key");
  const row = await scope.database.transaction(async (tx) => {
    if (bound !== null) await requireQuota(tx, bound, "keys");
    // Keys of one owner are made one after another, and none while the owner is being deactivated.
    const [owner] = await tx.select().from(user).where(eq(user.id, ownerId)).for("no key update");
    if (owner === undefined || owner.deactivatedAt !== null) throw deactivated();
    const limit = owner.role === "partner" ? KEYS_PER_PARTNER_MAX : KEYS_PER_USER_MAX;
    const [used] = await tx.select({ count: count() }).from(apiKey).where(keysOf(ownerId));
    if ((used?.count ?? 0) >= limit) throw tooManyKeys(owner.name, used?.count ?? 0, limit);
    const [made] = await tx
      .insert(apiKey)
      .values({
        id,
        userId: ownerId,
        prefix,
        hash,
        name,
        scopes,
        orgId: bound?.id ?? null,
        requestsPerMinute: requestsPerMinute ?? null,
        expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
      })
      .returning();
    if (made === undefined) throw new Error("The key was not stored");
    await audit(tx, scope, {
      actor: actorOf(principal),
      action: "key.create",
      target: id,
      ...(bound === null ? {} : { orgId: bound.id }),
      details: { name, owner: ownerId, scopes, org: bound?.slug ?? null, requestsPerMinute: made.requestsPerMinute },
    });
    return made;
  });
  return { row, key };
}

/** Revokes a key that the condition holds for, with a note of who did. Throws `not_found`. */
export async function revokeKey(
  scope: Scope,
  principal: Principal,
  id: string,
  condition: SQL | undefined,
): Promise<void> {
  await scope.database.transaction(async (tx) => {
    const [revoked] = await tx
      .update(apiKey)
      .set({ revokedAt: new Date() })
      .where(and(eq(apiKey.id, id), isNull(apiKey.revokedAt), condition))
      .returning();
    if (revoked === undefined) throw new PlatformError("not_found", "There is no such API key, or it is revoked.");
    const { name, userId, orgId } = revoked;
    await audit(tx, scope, {
      actor: actorOf(principal),
      action: "key.revoke",
      target: id,
      ...(orgId === null ? {} : { orgId }),
      details: { name, owner: userId },
    });
  });
}

/** Changes a key's name or rate, with a note of who did. Throws `not_found`. */
export async function changeKey(
  scope: Scope,
  principal: Principal,
  id: string,
  condition: SQL | undefined,
  patch: { name?: string | undefined; requestsPerMinute?: number | null | undefined },
): Promise<KeyRow> {
  return scope.database.transaction(async (tx) => {
    const where = and(eq(apiKey.id, id), isNull(apiKey.revokedAt), condition);
    const [before] = await tx.select().from(apiKey).where(where).for("update");
    if (before === undefined) throw new PlatformError("not_found", "There is no such API key, or it is revoked.");
    const [after] = await tx.update(apiKey).set(patch).where(eq(apiKey.id, id)).returning();
    if (after === undefined) throw new Error("The key was there a moment ago");
    await audit(tx, scope, {
      actor: actorOf(principal),
      action: "key.update",
      target: id,
      ...(after.orgId === null ? {} : { orgId: after.orgId }),
      details: {
        before: { name: before.name, requestsPerMinute: before.requestsPerMinute },
        after: { name: after.name, requestsPerMinute: after.requestsPerMinute },
      },
    });
    return after;
  });
}

/**
 * Throws `forbidden` where a key would hand on more than it has: a key never makes one that may do more, in more
 * places, for longer or faster than itself. `slug` is the org that the new one is bound to, or null.
 */
export function requireNoMore(acting: PrincipalKey | null, wanted: WantedKey, slug: string | null): void {
  requireExpiry(wanted.expiresAt);
  if (acting === null) return;
  const beyond = scopesBeyond(acting.scopes, wanted.scopes);
  if (beyond.length > 0) throw beyondKey(`scopes that it does not have: ${beyond.join(", ")}`);
  if (acting.org !== null && acting.org.slug !== slug) throw beyondKey(`a key beyond its org ${acting.org.slug}`);
  if (acting.expiresAt !== null && (wanted.expiresAt ?? Infinity) > acting.expiresAt.getTime()) {
    throw beyondKey(`a key that outlives it; give an expiresAt of at most ${acting.expiresAt.getTime()}`);
  }
  requireNoFaster(acting, wanted.requestsPerMinute);
}

/** Throws `forbidden` where a key with a rate of its own would give another a higher one, or none. */
export function requireNoFaster(acting: PrincipalKey | null, requestsPerMinute: number | null | undefined): void {
  const own = acting?.requestsPerMinute ?? null;
  if (own === null || (requestsPerMinute ?? Infinity) <= own) return;
  throw beyondKey(`a key that is faster than it; give a requestsPerMinute of at most ${own}`);
}

function requireExpiry(expiresAt: number | undefined): void {
  if (expiresAt === undefined) return;
  if (Number.isNaN(new Date(expiresAt).getTime())) throw invalidExpiry("must be a time in epoch milliseconds");
  if (expiresAt <= Date.now()) throw invalidExpiry("must lie in the future");
}

const beyondKey = (what: string): PlatformError => new PlatformError("forbidden", `This key cannot hand on ${what}.`);

const invalidExpiry = (reason: string): PlatformError =>
  new PlatformError("invalid", `expiresAt ${reason}.`, { issues: [{ field: "expiresAt", reason }] });

const tooManyKeys = (owner: string, used: number, limit: number): PlatformError =>
  new PlatformError("conflict", `${owner} has ${used} of ${limit} API keys. Revoke one first.`, { limit, used });

const deactivated = (): PlatformError =>
  new PlatformError("conflict", "This account is deactivated. Activate it before you make keys for it.");

/** A key as the API tells of it; `slug` is that of the org it is bound to. */
export function toKey(key: KeyRow, slug: string | null) {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    org: slug,
    requestsPerMinute: key.requestsPerMinute,
    createdAt: key.createdAt.getTime(),
    expiresAt: key.expiresAt?.getTime() ?? null,
    lastUsedAt: key.lastUsedAt?.getTime() ?? null,
  };
}
