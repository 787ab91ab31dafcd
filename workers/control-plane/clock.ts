import { lt } from "drizzle-orm";

import { IDEMPOTENCY_TTL_MS, QUOTAS_PUBLISH_MS } from "../../contracts/limits.ts";
import { BUCKET_MEMORY_MS } from "./auth/buckets.ts";
import { idempotencyKey, rateLimit, session, verification } from "./database/schema.ts";
import { keepTenantDatabases } from "./databases/tenant.ts";
import { keepDomains } from "./domains/chores.ts";
import { removeSpent } from "./hand-over/sessions.ts";
import { keepSigningKeys } from "./hand-over/signing-keys.ts";
import { removeOldMail, sendDueMail } from "./mail/outbox.ts";
import { sweepDestroying } from "./org-life/destroy.ts";
import { keepMachinesAtRest } from "./org-life/machine.ts";
import { removeOldRedirects } from "./org-life/rename.ts";
import { tellOrgs } from "./org-life/tell.ts";
import { removeOldInvitations } from "./people/invitations.ts";
import { publishAllQuotas } from "./plans/publish.ts";
import { warnOfQuotas } from "./plans/warnings.ts";
import { stopIdleMachines } from "./provisioning/auto-stop.ts";
import { destroyInHand } from "./provisioning/destroy.ts";
import { takeOverProvisions } from "./provisioning/launch.ts";
import { lookAfterMachines } from "./provisioning/reconcile.ts";
import { sweepByClock } from "./provisioning/sweep.ts";
import type { Scope } from "./scope.ts";
import { rollUpUsage } from "./usage/roll-up.ts";

type Chore = (scope: Scope) => Promise<unknown>;

/** What every minute brings: first what somebody waits for. */
const CHORES: readonly [name: string, chore: Chore][] = [
  ["finish destroying orgs", sweepDestroying],
  ["tell orgs what they are", (scope) => tellOrgs(scope, Date.now())],
  ["go on with provisions", takeOverProvisions],
  ["finish destroying machines", destroyInHand],
  ["look after machines", lookAfterMachines],
  ["stop machines that nobody asks", stopIdleMachines],
  ["keep machines of suspended orgs at rest", keepMachinesAtRest],
  ["sweep up orphans", (scope) => sweepByClock(scope, Date.now())],
  ["publish quotas", (scope) => publishAllQuotas(scope, Date.now() + QUOTAS_PUBLISH_MS)],
  ["remove old mail", removeOldMail],
  ["send mail", sendDueMail],
  ["roll up usage", (scope) => rollUpUsage(scope, Date.now())],
  ["warn of quotas", (scope) => warnOfQuotas(scope, Date.now())],
  ["keep signing keys", (scope) => keepSigningKeys(scope, Date.now())],
  ["remove what is expired", (scope) => removeExpired(scope, Date.now())],
  ["remove spent hand-overs", (scope) => removeSpent(scope, Date.now())],
  ["remove old invitations", removeOldInvitations],
  ["remove old redirects", (scope) => removeOldRedirects(scope, Date.now())],
  ["keep databases", keepTenantDatabases],
  ["keep domains", (scope) => keepDomains(scope, Date.now())],
];

/**
 * Does what is due. What fails keeps nothing else from being done, and is tried again at the next minute.
 *
 * @throws AggregateError of all that failed
 */
export async function doChores(scope: Scope): Promise<void> {
  const failures: unknown[] = [];
  for (const [name, chore] of CHORES) {
    try {
      await chore(scope);
    } catch (error) {
      failures.push(new Error(`Could not ${name}`, { cause: error }));
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "Some of the clock's work failed");
}

/** Removes what its time has made worthless. */
async function removeExpired({ database }: Scope, now: number): Promise<void> {
  await database.delete(idempotencyKey).where(lt(idempotencyKey.createdAt, new Date(now - IDEMPOTENCY_TTL_MS)));
  await database.delete(session).where(lt(session.expiresAt, new Date(now)));
  await database.delete(verification).where(lt(verification.expiresAt, new Date(now)));
  await database.delete(rateLimit).where(lt(rateLimit.lastRequest, now - BUCKET_MEMORY_MS));
}
