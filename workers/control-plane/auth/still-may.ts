import { and, eq, gt, isNull, or } from "drizzle-orm";

import { type Capability, ORG_ROLE_CAPABILITIES, scopesAllow } from "../../../contracts/rights.ts";
import { seesEveryOrg } from "../access.ts";
import { apiKey, member, session, user } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import type { Principal } from "./principal.ts";

/**
 * Whether somebody who was let into an org may still do there what a stream that stays open does: the account is active,
 * the session or key is good, and the role allows it. One round trip.
 */
export async function stillMay(
  { database }: Pick<Scope, "database">,
  { user: { id }, key, sessionId }: Principal,
  orgId: string,
  capability: Capability,
): Promise<boolean> {
  const now = new Date();
  const [found] = await database
    .select({ role: user.role, ofOrg: member.role, session: session.id, key: apiKey.id, scopes: apiKey.scopes })
    .from(user)
    .leftJoin(member, and(eq(member.orgId, orgId), eq(member.userId, user.id)))
    .leftJoin(session, and(eq(session.id, sessionId ?? ""), gt(session.expiresAt, now)))
    .leftJoin(
      apiKey,
      and(
        eq(apiKey.id, key?.id ?? ""),
        isNull(apiKey.revokedAt),
        or(isNull(apiKey.expiresAt), gt(apiKey.expiresAt, now)),
      ),
    )
    .where(and(eq(user.id, id), isNull(user.deactivatedAt)));
  if (found === undefined) return false;
  if (sessionId !== null && found.session === null) return false;
  if (key !== null && (found.key === null || !scopesAllow(found.scopes ?? [], capability))) return false;
  return seesEveryOrg({ user: found }) || (found.ofOrg !== null && ORG_ROLE_CAPABILITIES[found.ofOrg].has(capability));
}
