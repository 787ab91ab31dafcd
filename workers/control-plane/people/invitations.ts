import { and, count, eq, gt, isNull, sql, type SQL } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import {
  INVITATION_KEPT_MS,
  INVITATION_TTL_MS,
  INVITATION_WINDOW_MS,
  INVITATIONS_PER_ADDRESS_IN_WINDOW,
  INVITATIONS_PER_ORG_IN_WINDOW,
  INVITATIONS_PER_ORG_MAX,
} from "../../../contracts/limits.ts";
import type { OrgRole, PersonRole } from "../../../contracts/rights.ts";
import { audit } from "../audit/write.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import type { Queries } from "../database/connect.ts";
import { invitation, member, user } from "../database/schema.ts";
import { invitationLetter } from "../mail/letters.ts";
import { sendLater } from "../mail/outbox.ts";
import { requireQuota } from "../plans/quota.ts";
import type { Scope } from "../scope.ts";
import { lockOrg } from "./owners.ts";
import { actingRole, refusalToGrant, refusalToGrantOnPlatform } from "./rules.ts";
import { invitationUrl, makeToken } from "./tokens.ts";

export type InvitationRow = typeof invitation.$inferSelect;

/** Neither taken nor revoked; its time may be over. */
export const isUntaken = and(isNull(invitation.acceptedAt), isNull(invitation.revokedAt));
/** Good now. */
export const isOpen = and(isUntaken, gt(invitation.expiresAt, sql`now()`));

/** What an invitation is to: an org with a role in it, or the platform with a role on it. */
export type Place = { orgId: string; slug: string; orgName: string; role: OrgRole } | { orgId: null; role: PersonRole };

/** Invitations of a place that one address or all together have. */
const inPlace = (orgId: string | null): SQL =>
  orgId === null ? isNull(invitation.orgId) : eq(invitation.orgId, orgId);

/**
 * Keeps a place for an address and sends the link; whatever was open for both before is worth nothing from then on.
 * Says and does the same whether or not the address has an account. Throws `forbidden` for a role above one's own,
 * `conflict` for who is there already, and where the org has too many invitations open; `too_many_requests` where letters
 * would become a nuisance.
 */
export async function invite(
  scope: Scope,
  principal: Principal,
  address: string,
  place: Place,
  action: "invitation.create" | "invitation.resend",
): Promise<InvitationRow> {
  const email = address.toLowerCase();
  const { token, tokenHash } = await makeToken();
  return scope.database.transaction(async (tx) => {
    await lockPlace(tx, place.orgId, email);
    await requireMayGrant(tx, principal, place);
    await requireNotThere(tx, place, email);
    await tx
      .update(invitation)
      .set({ revokedAt: sql`now()` })
      .where(and(inPlace(place.orgId), eq(invitation.email, email), isUntaken));
    await requireFew(tx, place.orgId, email);
    if (place.orgId !== null) await requireQuota(tx, { id: place.orgId, slug: place.slug }, "members");
    const row = await keepPlace(tx, email, tokenHash, place, principal.user.id);
    const { name, role } = principal.user;
    const from = role === "partner" ? null : principal.user.email;
    const org = place.orgId === null ? null : { name: place.orgName, slug: place.slug, role: place.role };
    await sendLater(
      tx,
      scope,
      invitationLetter({
        to: email,
        invitedBy: { name, email: from },
        org,
        url: invitationUrl(scope.env, token),
        expiresAt: row.expiresAt.getTime(),
      }),
    );
    await audit(tx, scope, {
      actor: actorOf(principal),
      action,
      target: row.id,
      ...(place.orgId === null ? {} : { orgId: place.orgId }),
      details: { email, role: place.role },
    });
    return row;
  });
}

/** Invitations of an org are made one after another; those to the platform, one after another for an address. */
export async function lockPlace(tx: Queries, orgId: string | null, email: string): Promise<void> {
  if (orgId === null) {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`invitation ${email}`}, 0))`);
  } else if ((await lockOrg(tx, orgId)) === null) {
    throw new PlatformError("not_found", "This org is gone.");
  }
}

/** Looks at the rights of who invites as they are now: what they lose while this runs, they have not given away. */
async function requireMayGrant(tx: Queries, { user: { id } }: Principal, place: Place): Promise<void> {
  const own = place.orgId === null ? sql`false` : and(eq(member.orgId, place.orgId), eq(member.userId, user.id));
  const [now] = await tx
    .select({ platform: user.role, inOrg: member.role })
    .from(user)
    .leftJoin(member, own)
    .where(and(eq(user.id, id), isNull(user.deactivatedAt)))
    .for("share", { of: user });
  const platform = now?.platform ?? "member";
  const refusal =
    place.orgId === null
      ? refusalToGrantOnPlatform(platform, place.role)
      : refusalToGrant(actingRole(platform, now?.inOrg ?? null), place.role);
  if (refusal !== null) throw new PlatformError("forbidden", refusal);
}

/** Whoever may invite may also see who is there, so that this tells nothing new. */
async function requireNotThere(tx: Queries, place: Place, email: string): Promise<void> {
  if (place.orgId === null) {
    const [there] = await tx.select({ id: user.id }).from(user).where(eq(user.email, email));
    if (there === undefined) return;
    throw new PlatformError("conflict", `There is an account for ${email} already.`, { userId: there.id });
  }
  const [there] = await tx
    .select({ id: user.id })
    .from(member)
    .innerJoin(user, and(eq(user.id, member.userId), eq(user.email, email)))
    .where(eq(member.orgId, place.orgId));
  if (there === undefined) return;
  throw new PlatformError("conflict", `${email} is a member already. Change the role of that member instead.`, {
    userId: there.id,
  });
}

async function requireFew(tx: Queries, orgId: string | null, email: string): Promise<void> {
  const since = sql`now() - ${INVITATION_WINDOW_MS} * interval '1 millisecond'`;
  const recent = sql`${invitation.createdAt} > ${since}`;
  const [counts] = await tx
    .select({
      open: sql<number>`count(*) filter (where ${isOpen})::int`,
      recent: sql<number>`count(*) filter (where ${recent})::int`,
      toAddress: sql<number>`count(*) filter (where ${and(recent, eq(invitation.email, email))})::int`,
    })
    .from(invitation)
    .where(and(inPlace(orgId), orgId === null ? eq(invitation.email, email) : undefined));
  if (counts === undefined) return;
  if (counts.toAddress >= INVITATIONS_PER_ADDRESS_IN_WINDOW) {
    throw tooMany(`${email} was invited ${counts.toAddress} times within the hour.`);
  }
  if (orgId === null) return;
  if (counts.recent >= INVITATIONS_PER_ORG_IN_WINDOW) {
    throw tooMany(`This org has sent ${counts.recent} invitations within the hour.`);
  }
  if (counts.open >= INVITATIONS_PER_ORG_MAX) {
    throw new PlatformError("conflict", `The org has ${counts.open} open invitations. Revoke one first.`, {
      limit: INVITATIONS_PER_ORG_MAX,
      used: counts.open,
    });
  }
}

const tooMany = (what: string): PlatformError =>
  new PlatformError("too_many_requests", `${what} Wait before you send another.`, {
    retryAfterSeconds: INVITATION_WINDOW_MS / 1_000,
  });

/** Writes an invitation down; `invitedBy` is null where somebody asked for an account. */
export async function keepPlace(
  tx: Queries,
  email: string,
  tokenHash: string,
  place: Pick<Place, "orgId" | "role">,
  invitedBy: string | null,
): Promise<InvitationRow> {
  const { orgId, role } = place;
  const roles = orgId === null ? { platformRole: role as PersonRole } : { orgId, orgRole: role as OrgRole };
  const expiresAt = new Date(Date.now() + INVITATION_TTL_MS);
  const [row] = await tx
    .insert(invitation)
    .values({ id: newId("invitation"), email, tokenHash, invitedBy, expiresAt, ...roles })
    .returning();
  if (row === undefined) throw new Error("The invitation was not stored");
  return row;
}

/** Revokes an invitation of an org, or to the platform, with a note of who did. Throws `not_found`. */
export async function revokeInvitation(
  scope: Scope,
  principal: Principal,
  id: string,
  orgId: string | null,
  refusal: (row: InvitationRow) => string | null,
): Promise<void> {
  await scope.database.transaction(async (tx) => {
    const [revoked] = await tx
      .update(invitation)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(invitation.id, id), inPlace(orgId), isUntaken))
      .returning();
    if (revoked === undefined) throw noInvitation();
    const reason = refusal(revoked);
    if (reason !== null) throw new PlatformError("forbidden", reason);
    await audit(tx, scope, {
      actor: actorOf(principal),
      action: "invitation.revoke",
      target: id,
      ...(orgId === null ? {} : { orgId }),
      details: { email: revoked.email },
    });
  });
}

/** Makes worthless what somebody has promised who may not any more: everywhere, or in one org. Returns how many. */
export async function revokeInvitationsBy(tx: Queries, userId: string, orgId?: string): Promise<number> {
  const revoked = await tx
    .update(invitation)
    .set({ revokedAt: sql`now()` })
    .where(
      and(eq(invitation.invitedBy, userId), isUntaken, orgId === undefined ? undefined : eq(invitation.orgId, orgId)),
    )
    .returning({ id: invitation.id });
  return revoked.length;
}

/** What people asked for themselves; what they were invited to is another matter. */
export const isSignUp = and(isNull(invitation.orgId), isNull(invitation.invitedBy));

/** Makes worthless the links that people asked for: those of one address, or all. */
export async function revokeSignUps(tx: Queries, email?: string): Promise<void> {
  const ofAddress = email === undefined ? undefined : eq(invitation.email, email);
  await tx
    .update(invitation)
    .set({ revokedAt: sql`now()` })
    .where(and(isSignUp, isUntaken, ofAddress));
}

/** Whether a place is kept for an address: then its owner may make an account without asking further. */
export async function hasOpenInvitation(queries: Queries, email: string): Promise<boolean> {
  const [found] = await queries
    .select({ count: count() })
    .from(invitation)
    .where(and(eq(invitation.email, email.toLowerCase()), isOpen));
  return (found?.count ?? 0) > 0;
}

/** Removes invitations that have been over for long. */
export async function removeOldInvitations({ database }: Scope): Promise<void> {
  const over = sql`coalesce(${invitation.acceptedAt}, ${invitation.revokedAt}, ${invitation.expiresAt})`;
  await database.delete(invitation).where(sql`${over} < now() - ${INVITATION_KEPT_MS} * interval '1 millisecond'`);
}

export const noInvitation = (): PlatformError =>
  new PlatformError("not_found", "There is no such invitation, or it is over already.");

/** An invitation as the API tells of it. */
export function toInvitation(row: InvitationRow, invitedBy: { id: string; name: string } | null) {
  return {
    id: row.id,
    email: row.email,
    role: row.orgRole ?? personRoleOf(row),
    invitedBy,
    state: row.expiresAt.getTime() > Date.now() ? ("open" as const) : ("expired" as const),
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
  };
}

/** The role on the platform that it is for; nobody is invited as a partner. */
export function personRoleOf({ platformRole }: InvitationRow): PersonRole {
  if (platformRole === "partner") throw new Error("an invitation for a partner");
  return platformRole;
}
