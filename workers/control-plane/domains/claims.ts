import { and, count, eq } from "drizzle-orm";

import type { DomainPattern } from "../../../contracts/domains.ts";
import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { DOMAIN_CHECK_PAUSE_MS, DOMAIN_CLAIM_MS, DOMAINS_PER_ORG_MAX } from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import { domain } from "../database/schema.ts";
import { requireQuota } from "../plans/quota.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { askForCertificate } from "./certificates/keep.ts";
import { requireForeign } from "./own-hosts.ts";
import { type DnsRecord, problemOfProof, proofRecord } from "./proof.ts";
import { publishDomains } from "./publish.ts";

export type DomainRow = typeof domain.$inferSelect;
type Owner = Pick<OrgRow, "id" | "slug">;

/**
 * Claims a domain for an org. A claim that is proved already is active at once; one whose record is not there yet waits
 * for it, and keeps others out meanwhile, unless they prove theirs. May be repeated; a wildcard's label may change.
 *
 * @throws PlatformError `conflict` when another has it, `over_quota`, `invalid` for what is the platform's.
 */
export async function claimDomain(scope: Scope, org: Owner, pattern: DomainPattern, actor: Actor): Promise<DomainRow> {
  requireForeign(scope.env, pattern);
  const record = await proofRecord(scope.env, org.id, pattern.hostname);
  const [held] = await scope.database.select().from(domain).where(eq(domain.hostname, pattern.hostname));
  if (held?.orgId === org.id) return relabelled(scope, org, held, pattern, actor);
  if (held?.state === "active") throw taken(held, null);
  const problem = await problemNow(scope, record);
  if (held !== undefined && problem !== null) throw taken(held, record);
  const { hostname, label } = pattern;
  const now = Date.now();
  const row = await scope.database.transaction(async (tx) => {
    await requireQuota(tx, org, "domains");
    const [used] = await tx.select({ count: count() }).from(domain).where(eq(domain.orgId, org.id));
    if ((used?.count ?? 0) >= DOMAINS_PER_ORG_MAX) throw tooMany(used?.count ?? 0);
    // Proof wins over a claim without one.
    if (held !== undefined) {
      await tx.delete(domain).where(and(eq(domain.id, held.id), eq(domain.state, "pending")));
    }
    const [made] = await tx
      .insert(domain)
      .values({
        id: newId("domain"),
        orgId: org.id,
        hostname,
        label,
        state: problem === null ? "active" : "pending",
        problem,
        checkedAt: new Date(now),
        provedAt: problem === null ? new Date(now) : null,
        expiresAt: problem === null ? null : new Date(now + DOMAIN_CLAIM_MS),
      })
      .onConflictDoNothing()
      .returning();
    if (made === undefined) throw taken({ hostname }, record);
    const details = { hostname, label, state: made.state };
    await audit(tx, scope, { actor, action: "domain.claim", target: hostname, orgId: org.id, details });
    return made;
  });
  return row.state === "active" ? live(scope, row) : row;
}

/**
 * Looks for the proof of a claim, and has the domain answer when it is there.
 *
 * @throws PlatformError `too_many_requests` when it was looked for a moment ago, `unavailable` when the DNS is not there.
 */
export async function verifyDomain(scope: Scope, org: Owner, hostname: string, actor: Actor): Promise<DomainRow> {
  const row = await getDomain(scope, org.id, hostname);
  const wait = (row.checkedAt?.getTime() ?? 0) + DOMAIN_CHECK_PAUSE_MS - Date.now();
  if (wait > 0) {
    const retryAfterSeconds = Math.ceil(wait / 1_000);
    throw new PlatformError("too_many_requests", `${hostname} was looked at just now. Try again in a few seconds.`, {
      retryAfterSeconds,
    });
  }
  return checkDomain(scope, row, actor);
}

/** The same, without a pause between two looks. An active domain is only published again. */
export async function checkDomain(scope: Scope, row: DomainRow, actor: Actor): Promise<DomainRow> {
  const checkedAt = new Date();
  if (row.state === "active") {
    await scope.database.update(domain).set({ checkedAt }).where(eq(domain.id, row.id));
    return live(scope, { ...row, checkedAt });
  }
  const problem = await problemOfProof(scope.env, await proofRecord(scope.env, row.orgId, row.hostname));
  const unproved = and(eq(domain.id, row.id), eq(domain.state, "pending"));
  if (problem !== null) {
    const [looked] = await scope.database.update(domain).set({ checkedAt, problem }).where(unproved).returning();
    return looked ?? gone(row.hostname);
  }
  const active = await scope.database.transaction(async (tx) => {
    const [changed] = await tx
      .update(domain)
      .set({ state: "active", checkedAt, problem: null, provedAt: checkedAt, expiresAt: null })
      .where(unproved)
      .returning();
    if (changed === undefined) return gone(row.hostname);
    const details = { before: "pending", after: "active" };
    await audit(tx, scope, { actor, action: "domain.activate", target: row.hostname, orgId: row.orgId, details });
    return changed;
  });
  return live(scope, active);
}

/** A domain of an org, by its host name. Throws `not_found`. */
export async function getDomain(scope: Scope, orgId: string, hostname: string): Promise<DomainRow> {
  const name = hostname.toLowerCase().replace(/^\{[^}]*\}/, "*");
  const [row] = await scope.database
    .select()
    .from(domain)
    .where(and(eq(domain.orgId, orgId), eq(domain.hostname, name)));
  return row ?? gone(hostname);
}

/** An active domain answers from now on; what cannot be told now is found in the directory, and done by the clock. */
async function live(scope: Scope, row: DomainRow): Promise<DomainRow> {
  try {
    await publishDomains(scope, row.orgId, [row.hostname]);
    return await askForCertificate(scope, row);
  } catch (error) {
    if (platformErrorOf(error) === null) throw error;
    reportFailure(scope.requestId, `domain ${row.hostname} will be published later`, error);
    return row;
  }
}

async function relabelled(
  scope: Scope,
  org: Owner,
  row: DomainRow,
  { label }: DomainPattern,
  actor: Actor,
): Promise<DomainRow> {
  if (row.label === label) return row;
  const changed = await scope.database.transaction(async (tx) => {
    const [after] = await tx.update(domain).set({ label }).where(eq(domain.id, row.id)).returning();
    if (after === undefined) return gone(row.hostname);
    const details = { before: row.label, after: label };
    await audit(tx, scope, { actor, action: "domain.label", target: row.hostname, orgId: org.id, details });
    return after;
  });
  return changed.state === "active" ? live(scope, changed) : changed;
}

/** Without an answer of the DNS a claim is as good as unproved: its record will be looked for again. */
async function problemNow(scope: Scope, record: DnsRecord): Promise<string | null> {
  try {
    return await problemOfProof(scope.env, record);
  } catch (error) {
    const refusal = platformErrorOf(error);
    if (refusal === null) throw error;
    return refusal.message;
  }
}

function taken({ hostname }: Pick<DomainRow, "hostname">, proof: DnsRecord | null): PlatformError {
  const message =
    proof === null
      ? `Another org has ${hostname}.`
      : `Another org has claimed ${hostname} and not proved it. Make the record in the details, then claim it again: who proves it has it.`;
  return new PlatformError("conflict", message, { hostname, ...(proof === null ? {} : { proof }) });
}

const tooMany = (used: number): PlatformError =>
  new PlatformError("conflict", `This org has ${used} of ${DOMAINS_PER_ORG_MAX} domains. Release one first.`, {
    limit: DOMAINS_PER_ORG_MAX,
    used,
  });

function gone(hostname: string): never {
  throw new PlatformError(
    "not_found",
    `This org has not claimed ${hostname}. \`isola domains list\` shows its domains.`,
  );
}
