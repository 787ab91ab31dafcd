import { and, eq } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { actorOf } from "../auth/principal.ts";
import { domain } from "../database/schema.ts";
import { claimDomain, getDomain, verifyDomain } from "../domains/claims.ts";
import { releaseDomain } from "../domains/release.ts";
import { toDomain } from "../domains/view.ts";
import { Mounts } from "../mount.ts";
import { keyPage, pageOfRows } from "./page.ts";

/** Domains of orgs' own. */
export const domains = new Mounts()
  .add(ENDPOINTS.listDomains, async ({ scope, access, query }) => {
    const { limit, after } = keyPage(query, domain.hostname);
    const found = await scope.database
      .select()
      .from(domain)
      .where(and(eq(domain.orgId, access.org.id), after))
      .orderBy(domain.hostname)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, ({ hostname }) => hostname);
    return { items: await Promise.all(rows.map((row) => toDomain(scope.env, row, access.org.slug))), cursor };
  })
  .add(ENDPOINTS.claimDomain, async ({ scope, principal, access, body }) => {
    const row = await claimDomain(scope, access.org, body.domain, actorOf(principal));
    return toDomain(scope.env, row, access.org.slug);
  })
  .add(ENDPOINTS.getDomain, async ({ scope, access, params }) => {
    return toDomain(scope.env, await getDomain(scope, access.org.id, params.hostname), access.org.slug);
  })
  .add(ENDPOINTS.verifyDomain, async ({ scope, principal, access, params }) => {
    const row = await verifyDomain(scope, access.org, params.hostname, actorOf(principal));
    return toDomain(scope.env, row, access.org.slug);
  })
  .add(ENDPOINTS.releaseDomain, async ({ scope, principal, access, params }) => {
    await releaseDomain(scope, access.org, params.hostname, actorOf(principal));
    return undefined;
  });
