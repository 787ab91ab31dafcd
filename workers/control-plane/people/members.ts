import { and, eq, inArray, isNull } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import type { OrgRole } from "../../../contracts/rights.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import type { Queries } from "../database/connect.ts";
import { apiKey, member, user } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { revokeInvitationsBy } from "./invitations.ts";
import { lockOrg, requireOtherOwner } from "./owners.ts";
import { actingRole, isOrgRoleAbove, refusalToChangeMember } from "./rules.ts";

export interface MemberRow {
  member: typeof member.$inferSelect;
  user: typeof user.$inferSelect;
}

/** Gives a member another role. Throws `not_found`, `forbidden`, and `conflict` for the last active owner. */
export async function changeRole(
  scope: Scope,
  principal: Principal,
  { id: orgId }: OrgRow,
  userId: string,
  role: OrgRole,
): Promise<MemberRow> {
  return scope.database.transaction(async (tx) => {
    const target = await getMember(tx, principal, orgId, userId, role);
    const from = target.member.role;
    if (from === role) return target;
    await tx
      .update(member)
      .set({ role })
      .where(and(eq(member.orgId, orgId), eq(member.userId, userId)));
    const invitations = isOrgRoleAbove(from, role) ? await revokeInvitationsBy(tx, userId, orgId) : 0;
    await audit(tx, scope, {
      actor: actorOf(principal),
      action: "member.update",
      target: userId,
      orgId,
      details: { before: { role: from }, after: { role }, invitationsRevoked: invitations },
    });
    return { ...target, member: { ...target.member, role } };
  });
}

/**
 * Takes somebody out of an org, with the keys they have for it and the invitations to it that they have made. Throws
 * `not_found`, `forbidden`, and `conflict` for the last active owner.
 */
export async function removeMember(
  scope: Scope,
  principal: Principal,
  { id: orgId }: OrgRow,
  userId: string,
): Promise<void> {
  await scope.database.transaction(async (tx) => {
    const target = await getMember(tx, principal, orgId, userId, null);
    await tx.delete(member).where(and(eq(member.orgId, orgId), eq(member.userId, userId)));
    const keys = await tx
      .update(apiKey)
      .set({ revokedAt: new Date() })
      .where(and(eq(apiKey.userId, userId), eq(apiKey.orgId, orgId), isNull(apiKey.revokedAt)))
      .returning({ id: apiKey.id });
    const invitations = await revokeInvitationsBy(tx, userId, orgId);
    await audit(tx, scope, {
      actor: actorOf(principal),
      action: userId === principal.user.id ? "member.leave" : "member.remove",
      target: userId,
      orgId,
      details: { role: target.member.role, keysRevoked: keys.length, invitationsRevoked: invitations },
    });
  });
}

/** A member who may be changed so by who asks, as both are now; the org is locked from here on. */
async function getMember(
  tx: Queries,
  principal: Principal,
  orgId: string,
  userId: string,
  to: OrgRole | null,
): Promise<MemberRow> {
  await lockOrg(tx, orgId);
  const both = await tx
    .select({ member, user })
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(and(eq(member.orgId, orgId), inArray(member.userId, [userId, principal.user.id])));
  const target = both.find((row) => row.user.id === userId);
  if (target === undefined) throw new PlatformError("not_found", "There is no such member in this org.");
  const own = both.find((row) => row.user.id === principal.user.id)?.member.role ?? null;
  const from = target.member.role;
  const self = userId === principal.user.id;
  const refusal = refusalToChangeMember({ acting: actingRole(principal.user.role, own), self, from, to });
  if (refusal !== null) throw new PlatformError("forbidden", refusal);
  const endsOwnership = from === "owner" && to !== "owner" && target.user.deactivatedAt === null;
  if (endsOwnership) await requireOtherOwner(tx, orgId, userId);
  return target;
}

/** A member as the API tells of them. */
export function toMember({ member, user }: MemberRow) {
  return {
    id: user.id,
    type: user.role === "partner" ? ("partner" as const) : ("person" as const),
    email: user.email,
    name: user.name,
    role: member.role,
    active: user.deactivatedAt === null,
    joinedAt: member.createdAt.getTime(),
  };
}
