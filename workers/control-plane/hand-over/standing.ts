import { and, eq, gt, isNull } from "drizzle-orm";

import type { HandOverClaims } from "../../../contracts/hand-over.ts";
import { PERSON_NAME_LENGTH_MAX } from "../../../contracts/limits.ts";
import type { OrgRole } from "../../../contracts/rights.ts";
import { seesEveryOrg } from "../access.ts";
import { member, org, session, user } from "../database/schema.ts";
import { orgUrl } from "../env.ts";
import type { Scope } from "../scope.ts";

/** What of a token is about its person, as it is now. */
export type PersonClaims = Pick<HandOverClaims, "aud" | "sub" | "sid" | "org" | "role" | "email" | "name">;

/** What a person of this name, address and role is called in a token. */
export function personClaims(
  scope: Scope,
  person: { id: string; email: string; name: string },
  place: { id: string; slug: string },
  role: OrgRole | null,
  sid: string,
): PersonClaims {
  const name = Array.from(person.name).slice(0, PERSON_NAME_LENGTH_MAX).join("");
  const aud = new URL(orgUrl(scope.env, place.slug)).origin;
  return { aud, sub: person.id, sid, org: place.id, role, email: person.email, name };
}

/**
 * The person of a token as the database knows them now; null for one who is deactivated, has no part in the org (any
 * more), or has ended the session at the control plane that they came from.
 */
export async function findPerson(scope: Scope, claims: HandOverClaims): Promise<PersonClaims | null> {
  const [found] = await scope.database
    .select({ user, org: { id: org.id, slug: org.slug, state: org.state }, role: member.role })
    .from(session)
    .innerJoin(user, and(eq(user.id, session.userId), isNull(user.deactivatedAt)))
    .innerJoin(org, eq(org.id, claims.org))
    .leftJoin(member, and(eq(member.orgId, org.id), eq(member.userId, user.id)))
    .where(and(eq(session.id, claims.sid), eq(user.id, claims.sub), gt(session.expiresAt, new Date())));
  if (found === undefined || found.org.state !== "running") return null;
  if (found.role === null && !seesEveryOrg(found)) return null;
  const person = personClaims(scope, found.user, found.org, found.role, claims.sid);
  // The slug of the host may be another org's by now.
  return person.aud === claims.aud ? person : null;
}
