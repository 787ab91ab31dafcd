import { and, eq, inArray, sql } from "drizzle-orm";

import { CERTIFICATE_LOOK_PAUSE_MS, DOMAINS_PER_PASS } from "../../../../contracts/limits.ts";
import { certificateRemoval, domain } from "../../database/schema.ts";
import { ProviderError } from "../../provisioning/provider-error.ts";
import { reportFailure } from "../../report.ts";
import type { Scope } from "../../scope.ts";
import type { DomainRow } from "../claims.ts";
import type { CertificateDriver } from "./driver.ts";
import { certificateDriver } from "./drivers.ts";
import { type Certificate, certificateOf, NO_CERTIFICATE } from "./record.ts";

/** Has an active domain's certificate asked for, or looked at; a failure is written down and mended by the clock. */
export async function askForCertificate(scope: Scope, row: DomainRow): Promise<DomainRow> {
  const driver = certificateDriver(scope.env);
  if (driver === null) return row;
  const before = certificateOf(row);
  const certificate = await certificateNow(driver, row, before);
  if (JSON.stringify(certificate) === JSON.stringify(before)) return row;
  const [changed] = await scope.database
    .update(domain)
    .set({ certificate: { ...certificate } })
    .where(and(eq(domain.id, row.id), eq(domain.state, "active")))
    .returning();
  return changed ?? row;
}

async function certificateNow(driver: CertificateDriver, row: DomainRow, before: Certificate): Promise<Certificate> {
  try {
    const known = before.id === null ? null : await driver.look(before.id);
    return known ?? (await driver.ask(row.hostname));
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    // What was asked for may be there: the next look finds it by its name.
    const state = error.retry ? "pending" : "failed";
    return { ...(before.id === null ? NO_CERTIFICATE : before), state, problem: error.message };
  }
}

/** Looks after the certificates that are not there yet, and removes those whose domains are gone. */
export async function keepCertificates(scope: Scope, now: number): Promise<void> {
  const driver = certificateDriver(scope.env);
  if (driver === null) return;
  const unlooked = sql`coalesce(${domain.updatedAt}, 'epoch') < ${new Date(now - CERTIFICATE_LOOK_PAUSE_MS).toISOString()}`;
  const unfinished = sql`coalesce(${domain.certificate} ->> 'state', 'none') <> 'active'`;
  const due = await scope.database
    .select()
    .from(domain)
    .where(and(eq(domain.state, "active"), unfinished, unlooked))
    .orderBy(domain.updatedAt)
    .limit(DOMAINS_PER_PASS);
  for (const row of due) {
    const looked = await askForCertificate(scope, row);
    // To the end of the queue where nothing has changed.
    if (looked === row) {
      await scope.database.update(domain).set({ updatedAt: new Date() }).where(eq(domain.id, row.id));
    }
  }
  await removeCertificates(scope, driver);
}

async function removeCertificates(scope: Scope, driver: CertificateDriver): Promise<void> {
  const left = await scope.database
    .select()
    .from(certificateRemoval)
    .orderBy(certificateRemoval.createdAt)
    .limit(DOMAINS_PER_PASS);
  const removed: string[] = [];
  for (const { id, hostname } of left) {
    try {
      await driver.remove(id);
      removed.push(id);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      reportFailure(scope.requestId, `the certificate of ${hostname} is still not removed`, error);
    }
  }
  if (removed.length === 0) return;
  await scope.database.delete(certificateRemoval).where(inArray(certificateRemoval.id, removed));
}
