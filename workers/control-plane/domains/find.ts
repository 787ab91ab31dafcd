import { and, eq, inArray, ne, sql } from "drizzle-orm";

import { domainsOver, type HostRecord } from "../../../contracts/domains.ts";
import { parseHost } from "../../../contracts/hosts.ts";
import { domain, org } from "../database/schema.ts";
import type { Scope } from "../scope.ts";

/** The most specific active claim over a host name: itself, else the longest wildcard; null when nobody has one. */
export async function findDomain(scope: Scope, hostname: unknown): Promise<HostRecord | null> {
  if (typeof hostname !== "string") return null;
  const parsed = parseHost(hostname);
  if (parsed === null || parsed.hostname !== hostname) return null;
  const [row] = await scope.database
    .select({ orgId: org.id, slug: org.slug, hostname: domain.hostname, label: domain.label })
    .from(domain)
    .innerJoin(org, eq(org.id, domain.orgId))
    .where(
      and(inArray(domain.hostname, domainsOver(hostname)), eq(domain.state, "active"), ne(org.state, "destroying")),
    )
    // A wildcard is never longer than what it stands for.
    .orderBy(sql`length(${domain.hostname}) desc`, sql`${domain.hostname} like '*%'`)
    .limit(1);
  return row ?? null;
}
