import { and, eq, isNull } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { accessOrg } from "../access.ts";
import type { Principal } from "../auth/principal.ts";
import { apiKey, org, user } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import { changeKey, issueKey, keysOf, requireNoFaster, requireNoMore, revokeKey, toKey } from "../people/keys.ts";
import { keyPage, pageOfRows } from "./page.ts";

/**
 * API keys: those of who asks, and those that are bound to an org, for its admins. A key that is bound to an org sees
 * and makes only keys of that org.
 */
export const keys = new Mounts()
  .add(ENDPOINTS.listKeys, async ({ scope, principal, query }) => {
    const { limit, after } = keyPage(query, apiKey.id);
    const found = await scope.database
      .select({ key: apiKey, slug: org.slug })
      .from(apiKey)
      .leftJoin(org, eq(org.id, apiKey.orgId))
      .where(and(ownKeys(principal), after))
      .orderBy(apiKey.id)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, ({ key }) => key.id);
    return { items: rows.map(({ key, slug }) => toKey(key, slug)), cursor };
  })
  .add(
    ENDPOINTS.createKey,
    async ({ scope, principal, body }) => {
      const slug = body.org ?? principal.key?.org?.slug ?? null;
      requireNoMore(principal.key, body, slug);
      const bound = slug === null ? null : (await accessOrg(scope, principal, slug, "org:read")).org;
      const { row, key } = await issueKey(scope, principal, principal.user.id, body, bound);
      return { ...toKey(row, slug), key };
    },
    { secretAnswer: true },
  )
  .add(ENDPOINTS.patchKey, async ({ scope, principal, params, body }) => {
    if (body.requestsPerMinute !== undefined) requireNoFaster(principal.key, body.requestsPerMinute);
    const row = await changeKey(scope, principal, params.id, ownKeys(principal), body);
    const bound = row.orgId === null ? [] : await scope.database.select().from(org).where(eq(org.id, row.orgId));
    return toKey(row, bound[0]?.slug ?? null);
  })
  .add(ENDPOINTS.revokeKey, async ({ scope, principal, params }) => {
    await revokeKey(scope, principal, params.id, ownKeys(principal));
    return undefined;
  })
  .add(ENDPOINTS.listOrgKeys, async ({ scope, access, query }) => {
    const { limit, after } = keyPage(query, apiKey.id);
    const found = await scope.database
      .select({ key: apiKey, owner: { id: user.id, name: user.name } })
      .from(apiKey)
      .innerJoin(user, eq(user.id, apiKey.userId))
      .where(and(eq(apiKey.orgId, access.org.id), isNull(apiKey.revokedAt), after))
      .orderBy(apiKey.id)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, ({ key }) => key.id);
    return { items: rows.map(({ key, owner }) => ({ ...toKey(key, access.org.slug), owner })), cursor };
  })
  .add(ENDPOINTS.revokeOrgKey, async ({ scope, principal, access, params }) => {
    await revokeKey(scope, principal, params.id, eq(apiKey.orgId, access.org.id));
    return undefined;
  });

function ownKeys({ user, key }: Principal) {
  const bound = key?.org ?? null;
  return and(keysOf(user.id), bound === null ? undefined : eq(apiKey.orgId, bound.id));
}
