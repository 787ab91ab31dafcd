import { lt } from "drizzle-orm";

import { IDEMPOTENCY_TTL_MS, QUOTAS_PUBLISH_MS } from "../../contracts/limits.ts";
import { createApp } from "./app.ts";
import { BUCKET_MEMORY_MS } from "./auth/buckets.ts";
import { idempotencyKey, rateLimit, session, verification } from "./database/schema.ts";
import type { ControlPlaneEnv } from "./env.ts";
import { removeSpent } from "./hand-over/sessions.ts";
import { keepSigningKeys } from "./hand-over/signing-keys.ts";
import { removeOldMail, sendDueMail } from "./mail/outbox.ts";
import { sweepDestroying } from "./org-life.ts";
import { publishAllQuotas } from "./plans/publish.ts";
import { removeOldInvitations } from "./people/invitations.ts";
import { Scope } from "./scope.ts";
import { rollUpUsage } from "./usage/roll-up.ts";

export { Directory } from "./directory.ts";

const app = createApp();

/** The control plane: management API, sign-in, pages; and every minute, what was left unfinished. */
export default {
  fetch: (request, env, context) => app.fetch(request, env, context),

  async scheduled(_, env) {
    const scope = new Scope(env);
    try {
      await sweepDestroying(scope);
      await publishAllQuotas(scope, Date.now() + QUOTAS_PUBLISH_MS);
      await removeExpired(scope, Date.now());
      await removeSpent(scope, Date.now());
      await keepSigningKeys(scope, Date.now());
      await removeOldInvitations(scope);
      await removeOldMail(scope);
      await sendDueMail(scope);
      await rollUpUsage(scope, Date.now());
    } finally {
      await scope.close();
    }
  },
} satisfies ExportedHandler<ControlPlaneEnv>;

/** Removes what its time has made worthless. */
async function removeExpired({ database }: Scope, now: number): Promise<void> {
  await database.delete(idempotencyKey).where(lt(idempotencyKey.createdAt, new Date(now - IDEMPOTENCY_TTL_MS)));
  await database.delete(session).where(lt(session.expiresAt, new Date(now)));
  await database.delete(verification).where(lt(verification.expiresAt, new Date(now)));
  await database.delete(rateLimit).where(lt(rateLimit.lastRequest, now - BUCKET_MEMORY_MS));
}
