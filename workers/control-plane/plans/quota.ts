import { eq } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import { effectiveQuotas } from "../../../contracts/plans.ts";
import type { Queries } from "../database/connect.ts";
import { org, plan } from "../database/schema.ts";
import { type CountedHere, USED } from "./used.ts";

const WORDS: Record<CountedHere, string> = {
  members: "members and open invitations",
  keys: "API keys",
  machines: "machines",
  domains: "domains",
};
const ADVICE: Record<CountedHere, string> = {
  members: "Remove a member or revoke an invitation first, or ask the platform's admins for more.",
  keys: "Revoke one first, or ask the platform's admins for more.",
  machines: "Ask the platform's admins for one.",
  domains: "Release one first, or ask the platform's admins for more.",
};

/**
 * Makes sure that an org may have so many more members (those who are invited count) or API keys. Call it in the
 * transaction that makes them, before they are made: it holds the org's row until the transaction ends, so that of two at
 * once the second counts what the first made. Two round trips where a quota holds, one where none does. Throws
 * `over_quota` with `{ quota, limit, used }`, `not_found` when the org is gone.
 */
export async function requireQuota(
  tx: Queries,
  { id, slug }: Pick<typeof org.$inferSelect, "id" | "slug">,
  quota: CountedHere,
  adding = 1,
): Promise<void> {
  const [held] = await tx
    .select({ own: org.quotas, ofPlan: plan.quotas })
    .from(org)
    .innerJoin(plan, eq(plan.name, org.plan))
    .where(eq(org.id, id))
    .for("no key update", { of: org });
  if (held === undefined) throw new PlatformError("not_found", `The org ${slug} is gone.`);
  const limit = effectiveQuotas(held.ofPlan, held.own)[quota];
  if (limit === undefined) return;
  const [counted] = await tx
    .select({ used: USED[quota](id) })
    .from(org)
    .where(eq(org.id, id));
  const used = counted?.used ?? 0;
  if (used + adding <= limit) return;
  throw new PlatformError("over_quota", `The org ${slug} has ${used} of ${limit} ${WORDS[quota]}. ${ADVICE[quota]}`, {
    quota,
    limit,
    used,
  });
}
