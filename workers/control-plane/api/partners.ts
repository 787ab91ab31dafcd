import { and, eq, isNull } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { OrgRow } from "../access.ts";
import { apiKey, member, org, user } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import { issueKey, keysOf, requireNoMore, revokeKey, toKey } from "../people/keys.ts";
import { changePartner, createPartner, getPartner, noPartner, selectPartners, toPartner } from "../people/partners.ts";
import type { Scope } from "../scope.ts";
import { keyPage, pageOfRows } from "./page.ts";

/** Programs that make and manage orgs of their own, and the keys they act by. */
export const partners = new Mounts()
  .add(ENDPOINTS.listPartners, async ({ scope, query }) => {
    const { limit, after } = keyPage(query, user.id);
    const found = await selectPartners(scope)
      .where(and(eq(user.role, "partner"), after))
      .orderBy(user.id)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, (row) => row.user.id);
    return { items: rows.map(toPartner), cursor };
  })
  .add(ENDPOINTS.createPartner, async ({ scope, principal, body }) =>
    toPartner(await createPartner(scope, principal, body.name)),
  )
  .add(ENDPOINTS.getPartner, async ({ scope, params }) => toPartner(await getPartner(scope, params.id)))
  .add(ENDPOINTS.patchPartner, async ({ scope, principal, params, body }) =>
    toPartner(await changePartner(scope, principal, params.id, body)),
  )
  .add(ENDPOINTS.listPartnerKeys, async ({ scope, params, query }) => {
    const { limit, after } = keyPage(query, apiKey.id);
    const listed = and(eq(apiKey.userId, user.id), isNull(apiKey.revokedAt), after);
    // From the partner on, so that one without keys is told from none.
    const found = await scope.database
      .select({ key: apiKey, slug: org.slug })
      .from(user)
      .leftJoin(apiKey, listed)
      .leftJoin(org, eq(org.id, apiKey.orgId))
      .where(and(eq(user.id, params.id), eq(user.role, "partner")))
      .orderBy(apiKey.id)
      .limit(limit + 1);
    if (found.length === 0) throw noPartner();
    const held = found.flatMap(({ key, slug }) => (key === null ? [] : [toKey(key, slug)]));
    const { rows, cursor } = pageOfRows(held, limit, ({ id }) => id);
    return { items: rows, cursor };
  })
  .add(
    ENDPOINTS.createPartnerKey,
    async ({ scope, principal, params, body }) => {
      requireNoMore(principal.key, body, body.org ?? null);
      await getPartner(scope, params.id);
      const bound = body.org === undefined ? null : await orgOfPartner(scope, params.id, body.org);
      const { row, key } = await issueKey(scope, principal, params.id, body, bound);
      return { ...toKey(row, bound?.slug ?? null), key };
    },
    { secretAnswer: true },
  )
  .add(ENDPOINTS.revokePartnerKey, async ({ scope, principal, params }) => {
    await getPartner(scope, params.id);
    await revokeKey(scope, principal, params.key, keysOf(params.id));
    return undefined;
  });

async function orgOfPartner(scope: Scope, id: string, slug: string): Promise<OrgRow> {
  const [row] = await scope.database
    .select({ org })
    .from(org)
    .innerJoin(member, and(eq(member.orgId, org.id), eq(member.userId, id)))
    .where(eq(org.slug, slug));
  if (row === undefined) throw new PlatformError("not_found", `The partner has no org ${slug}.`);
  return row.org;
}
