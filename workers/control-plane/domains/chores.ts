import { and, eq, gt, lt, sql } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { platformErrorOf } from "../../../contracts/errors.ts";
import {
  DOMAIN_CHECK_EAGER_MS,
  DOMAIN_CHECK_LATER_MS,
  DOMAIN_PUBLISH_AGAIN_MS,
  DOMAINS_PER_PASS,
} from "../../../contracts/limits.ts";
import { audit } from "../audit/write.ts";
import { domain } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { keepCertificates } from "./certificates/keep.ts";
import { checkDomain } from "./claims.ts";
import { publishDomains } from "./publish.ts";
import { remove } from "./release.ts";

const CLOCK: Actor = { type: "platform", id: "domains", name: "Domains" };

/** What the clock does about domains: proofs are found, claims without one end, certificates come and go. */
export async function keepDomains(scope: Scope, now: number): Promise<void> {
  await endOldClaims(scope, now);
  await lookForProofs(scope, now);
  await publishNewOnes(scope, now);
  await keepCertificates(scope, now);
}

/** Claims that nobody proved in time are open to others again. */
async function endOldClaims(scope: Scope, now: number): Promise<void> {
  await scope.database.transaction(async (tx) => {
    const old = await tx
      .select()
      .from(domain)
      .where(and(eq(domain.state, "pending"), lt(domain.expiresAt, new Date(now))))
      .limit(DOMAINS_PER_PASS)
      .for("update", { skipLocked: true });
    if (old.length === 0) return;
    await remove(tx, old);
    for (const { hostname, orgId } of old) {
      await audit(tx, scope, { actor: CLOCK, action: "domain.expire", target: hostname, orgId });
    }
  });
}

/** New claims every minute, since somebody sits before them; older ones now and then. */
async function lookForProofs(scope: Scope, now: number): Promise<void> {
  const young = sql`${domain.createdAt} > ${new Date(now - DOMAIN_CHECK_EAGER_MS).toISOString()}`;
  const unlooked = sql`${domain.checkedAt} < ${new Date(now - DOMAIN_CHECK_LATER_MS).toISOString()}`;
  const due = await scope.database
    .select()
    .from(domain)
    .where(and(eq(domain.state, "pending"), gt(domain.expiresAt, new Date(now)), sql`(${young} or ${unlooked})`))
    .orderBy(domain.checkedAt)
    .limit(DOMAINS_PER_PASS);
  for (const row of due) {
    try {
      await checkDomain(scope, row, CLOCK);
    } catch (error) {
      if (platformErrorOf(error) === null) throw error;
      reportFailure(scope.requestId, `the proof of ${row.hostname} could not be looked for`, error);
      // Without the DNS, the others need not be tried now.
      return;
    }
  }
}

/** An activation that was cut off before the org's object heard of it is published here. */
async function publishNewOnes(scope: Scope, now: number): Promise<void> {
  const fresh = await scope.database
    .selectDistinct({ orgId: domain.orgId })
    .from(domain)
    .where(and(eq(domain.state, "active"), gt(domain.provedAt, new Date(now - DOMAIN_PUBLISH_AGAIN_MS))))
    .limit(DOMAINS_PER_PASS);
  for (const { orgId } of fresh) await publishDomains(scope, orgId, []);
}
