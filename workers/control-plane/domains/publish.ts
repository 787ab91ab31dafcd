import { and, eq, ne } from "drizzle-orm";

import { domain } from "../database/schema.ts";
import type { Scope } from "../scope.ts";

/**
 * Has the org's object publish its active domains, all but `leaving` (an id), and the edges read `changed` anew. May be
 * repeated. Until it has happened edges find an active domain in the directory, so that a failure delays nobody but who
 * asks first.
 */
export async function publishDomains(
  scope: Scope,
  orgId: string,
  changed: readonly string[],
  leaving: string | null = null,
): Promise<void> {
  const active = await scope.database
    .select({ hostname: domain.hostname, label: domain.label })
    .from(domain)
    .where(
      and(eq(domain.orgId, orgId), eq(domain.state, "active"), leaving === null ? undefined : ne(domain.id, leaving)),
    )
    .orderBy(domain.hostname);
  await scope.state.setDomains(orgId, active);
  for (const hostname of changed) await scope.edges.forgetDomain(hostname);
}
