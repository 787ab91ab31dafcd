import { and, eq } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import type { OrgRole } from "../../../contracts/rights.ts";
import type { OrgAccess } from "../access.ts";
import type { Principal } from "../auth/principal.ts";
import { invitation, member, user } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import { invite, isUntaken, noInvitation, revokeInvitation, toInvitation } from "../people/invitations.ts";
import { changeRole, removeMember, toMember } from "../people/members.ts";
import { actingRole, refusalToGrant } from "../people/rules.ts";
import type { Scope } from "../scope.ts";
import { requireConfirmed } from "./confirm.ts";
import { keyPage, pageOfRows } from "./page.ts";

/** Who is in an org, and who is invited to it. */
export const members = new Mounts()
  .add(ENDPOINTS.listMembers, async ({ scope, access, query }) => {
    const { limit, after } = keyPage(query, member.userId);
    const found = await scope.database
      .select({ member, user })
      .from(member)
      .innerJoin(user, eq(user.id, member.userId))
      .where(and(eq(member.orgId, access.org.id), after))
      .orderBy(member.userId)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, (row) => row.user.id);
    return { items: rows.map(toMember), cursor };
  })
  .add(ENDPOINTS.inviteMember, ({ scope, principal, access, body }) =>
    inviteTo(scope, principal, access, body, "invitation.create"),
  )
  .add(ENDPOINTS.patchMember, async ({ scope, principal, access, params, body }) =>
    toMember(await changeRole(scope, principal, access.org, params.userId, body.role)),
  )
  .add(ENDPOINTS.removeMember, async ({ scope, principal, access, params }) => {
    await removeMember(scope, principal, access.org, params.userId);
    return undefined;
  })
  .add(ENDPOINTS.leaveOrg, async ({ scope, principal, access, body }) => {
    requireConfirmed(body.confirm, access.org.slug, "leave the org");
    await removeMember(scope, principal, access.org, principal.user.id);
    return undefined;
  })
  .add(ENDPOINTS.listInvitations, async ({ scope, access, query }) => {
    const { limit, after } = keyPage(query, invitation.id);
    const found = await scope.database
      .select({ invitation, inviter: { id: user.id, name: user.name } })
      .from(invitation)
      .leftJoin(user, eq(user.id, invitation.invitedBy))
      .where(and(eq(invitation.orgId, access.org.id), isUntaken, after))
      .orderBy(invitation.id)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, (row) => row.invitation.id);
    return { items: rows.map((row) => toInvitation(row.invitation, row.inviter)), cursor };
  })
  .add(ENDPOINTS.revokeInvitation, async ({ scope, principal, access, params }) => {
    const acting = actingRole(principal.user.role, access.role);
    await revokeInvitation(scope, principal, params.id, access.org.id, ({ orgRole }) =>
      orgRole === null ? null : refusalToGrant(acting, orgRole),
    );
    return undefined;
  })
  .add(ENDPOINTS.resendInvitation, async ({ scope, principal, access, params }) => {
    const [row] = await scope.database
      .select()
      .from(invitation)
      .where(and(eq(invitation.id, params.id), eq(invitation.orgId, access.org.id), isUntaken));
    if (row === undefined || row.orgRole === null) throw noInvitation();
    return inviteTo(scope, principal, access, { email: row.email, role: row.orgRole }, "invitation.resend");
  });

async function inviteTo(
  scope: Scope,
  principal: Principal,
  { org }: OrgAccess,
  { email, role }: { email: string; role: OrgRole },
  action: "invitation.create" | "invitation.resend",
) {
  const place = { orgId: org.id, slug: org.slug, orgName: org.name, role };
  const row = await invite(scope, principal, email, place, action);
  return toInvitation(row, { id: principal.user.id, name: principal.user.name });
}
