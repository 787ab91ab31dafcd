import { and, eq, isNull } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { requireOnPlatform } from "../access.ts";
import { findPrincipal, type Principal } from "../auth/principal.ts";
import { requireSameOrigin } from "../auth/same-origin.ts";
import { invitation, user } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import { acceptInvitation, getInvitation } from "../people/accept.ts";
import { isUntaken, personRoleOf, revokeInvitation, toInvitation } from "../people/invitations.ts";
import { refusalToGrantOnPlatform } from "../people/rules.ts";
import { signUp } from "../people/sign-up.ts";
import type { Scope } from "../scope.ts";
import { keyPage, pageOfRows } from "./page.ts";

/** Invitations to the platform; what their links lead to, as those to orgs do; and how one asks for an account. */
export const invitations = new Mounts()
  .add(ENDPOINTS.listPlatformInvitations, async ({ scope, query }) => {
    const { limit, after } = keyPage(query, invitation.id);
    const found = await scope.database
      .select({ invitation, inviter: { id: user.id, name: user.name } })
      .from(invitation)
      .leftJoin(user, eq(user.id, invitation.invitedBy))
      .where(and(isNull(invitation.orgId), isUntaken, after))
      .orderBy(invitation.id)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, (row) => row.invitation.id);
    return { items: rows.map((row) => toInvitation(row.invitation, row.inviter)), cursor };
  })
  .add(ENDPOINTS.revokePlatformInvitation, async ({ scope, principal, params }) => {
    await revokeInvitation(scope, principal, params.id, null, (row) =>
      refusalToGrantOnPlatform(principal.user.role, personRoleOf(row)),
    );
    return undefined;
  })
  .addOpen(ENDPOINTS.lookAtInvitation, async ({ scope, body }) => {
    const { invitation: row, org, account, invitedBy } = await getInvitation(scope, body.token);
    return {
      email: row.email,
      org: org === null ? null : { slug: org.slug, name: org.name },
      role: row.orgRole ?? personRoleOf(row),
      invitedBy,
      hasAccount: account !== null,
      expiresAt: row.expiresAt.getTime(),
    };
  })
  .addOpen(ENDPOINTS.acceptInvitation, async ({ scope, request, body }) => {
    const accepted = await acceptInvitation(scope, await findAsking(scope, request), body);
    const { id, email, name, role } = accepted.user;
    return { user: { id, email, name, role }, org: accepted.org, created: accepted.created };
  })
  .addOpen(ENDPOINTS.signUp, async ({ scope, body }) => {
    await signUp(scope, body.email);
    return {};
  });

/** Who asks, where that is somebody; it takes the same rights as changing one's own account. */
async function findAsking(scope: Scope, request: Request): Promise<Principal | null> {
  const principal = await findPrincipal(scope, request.headers);
  if (principal === null) return null;
  if (principal.key === null) requireSameOrigin(request, scope.env.PUBLIC_URL);
  requireOnPlatform(principal, "me:write");
  return principal;
}
