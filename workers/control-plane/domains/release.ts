import { and, eq, inArray, ne } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { audit } from "../audit/write.ts";
import type { OrgRow } from "../access.ts";
import type { Queries } from "../database/connect.ts";
import { certificateRemoval, domain } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { certificateOf, sharesCertificate } from "./certificates/record.ts";
import { type DomainRow, getDomain } from "./claims.ts";
import { publishDomains } from "./publish.ts";

/**
 * Gives a domain up. It is published no more before the claim is gone, so that nothing leads here that nobody has
 * claimed if this is cut off. Its certificate is noted for removal together with that.
 *
 * @throws PlatformError `not_found`, or `unavailable` when the edges cannot be told now; nothing has changed then.
 */
export async function releaseDomain(
  scope: Scope,
  org: Pick<OrgRow, "id">,
  hostname: string,
  actor: Actor,
): Promise<void> {
  const row = await getDomain(scope, org.id, hostname);
  if (row.state === "active") await publishDomains(scope, org.id, [], row.id);
  await scope.database.transaction(async (tx) => {
    await remove(tx, [row]);
    const details = { before: row.state, label: row.label };
    await audit(tx, scope, { actor, action: "domain.release", target: row.hostname, orgId: org.id, details });
  });
  await scope.edges.forgetDomain(row.hostname);
}

/** Gives up all domains of an org that is being destroyed. May be repeated. */
export async function releaseAllDomains(scope: Scope, orgId: string): Promise<void> {
  const rows = await scope.database.select().from(domain).where(eq(domain.orgId, orgId));
  if (rows.length === 0) return;
  await scope.database.transaction((tx) => remove(tx, rows));
  for (const { hostname } of rows) await scope.edges.forgetDomain(hostname);
}

/** Removes claims, and notes the certificates that no other claim shares. */
export async function remove(tx: Queries, rows: readonly DomainRow[]): Promise<void> {
  const ids = rows.map(({ id }) => id);
  await tx.delete(domain).where(inArray(domain.id, ids));
  for (const row of rows) {
    const { id } = certificateOf(row);
    if (id === null) continue;
    const [sharing] = await tx
      .select({ id: domain.id })
      .from(domain)
      .where(and(eq(domain.orgId, row.orgId), ne(domain.id, row.id), sharesCertificate(id)))
      .limit(1);
    if (sharing !== undefined) continue;
    await tx.insert(certificateRemoval).values({ id, hostname: row.hostname }).onConflictDoNothing();
  }
}
