import { and, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";

import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import type { PersonRole, PlatformRole } from "../../../contracts/rights.ts";
import { audit } from "../audit/write.ts";
import { sha256Hex } from "../auth/hash.ts";
import { hashPassword } from "../auth/passwords.ts";
import type { Principal } from "../auth/principal.ts";
import type { Queries } from "../database/connect.ts";
import { account, invitation, member, org, user } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { type InvitationRow, isOpen, personRoleOf } from "./invitations.ts";
import { isPersonRoleAbove } from "./rules.ts";

type UserRow = typeof user.$inferSelect;

/** An invitation with what it is to, and the account of its address, if there is one. */
interface Found {
  invitation: InvitationRow;
  org: typeof org.$inferSelect | null;
  account: UserRow | null;
  /** Name of who invites, or null. */
  invitedBy: string | null;
}

/** The invitation behind a link. Throws `not_found` where there is none, and `gone` where it is worth nothing any more. */
export async function getInvitation(scope: Scope, token: string): Promise<Found> {
  const inviter = alias(user, "inviter");
  const [found] = await scope.database
    .select({ invitation, org, account: user, invitedBy: inviter.name })
    .from(invitation)
    .leftJoin(inviter, eq(inviter.id, invitation.invitedBy))
    .leftJoin(org, eq(org.id, invitation.orgId))
    .leftJoin(user, eq(user.email, invitation.email))
    .where(eq(invitation.tokenHash, await sha256Hex(token)));
  if (found === undefined) {
    throw new PlatformError("not_found", "This link leads to no invitation. Copy it whole from the letter.");
  }
  const { acceptedAt, revokedAt, expiresAt } = found.invitation;
  if (acceptedAt !== null) throw gone("was accepted already. Sign in.");
  if (revokedAt !== null) throw gone("was revoked or replaced. Look for a newer letter, or ask for another one.");
  if (expiresAt.getTime() <= Date.now()) throw gone("has expired. Ask for another one.");
  if (found.org?.state === "destroying") throw gone("is to an org that is being destroyed.");
  return found;
}

const gone = (why: string): PlatformError => new PlatformError("gone", `This invitation ${why}`);

export interface Acceptance {
  token: string;
  name?: string | undefined;
  password?: string | undefined;
}

/**
 * Takes the place that an invitation keeps: as the account of its address, which has to be the one that asks; or, where
 * there is none, as a new one. Account, membership and the invitation's end are one transaction. Throws what
 * {@link getInvitation} does, `unauthenticated` and `forbidden` where the account of the address does not ask, and
 * `invalid` where a new one lacks its name or password.
 */
export async function acceptInvitation(
  scope: Scope,
  principal: Principal | null,
  { token, name, password }: Acceptance,
): Promise<{ user: UserRow; org: string | null; created: boolean }> {
  const found = await getInvitation(scope, token);
  if (found.account !== null) {
    const account = found.account;
    requireAccountOf(found.invitation.email, account, principal);
    await scope.database.transaction((tx) => take(tx, scope, found, account, false));
    return { user: await roleNow(scope, account), org: found.org?.slug ?? null, created: false };
  }
  if (name === undefined || password === undefined) throw incomplete(name, password);
  const hash = await hashPassword(password);
  const made = await scope.database.transaction(async (tx) => {
    const account = await makeAccount(tx, found.invitation, name, hash);
    await take(tx, scope, found, account, true);
    return account;
  });
  return { user: made, org: found.org?.slug ?? null, created: true };
}

function requireAccountOf(email: string, { id }: UserRow, principal: Principal | null): void {
  if (principal === null) {
    throw new PlatformError("unauthenticated", `There is an account for ${email}. Sign in to it to accept.`);
  }
  if (principal.user.id !== id) {
    throw new PlatformError("forbidden", `This invitation is for ${email}. Sign in to that account to accept.`);
  }
}

function incomplete(name: string | undefined, password: string | undefined): PlatformError {
  const missing = { name, password };
  const issues = Object.entries(missing).flatMap(([field, value]) =>
    value === undefined ? [{ field, reason: "is needed for a new account" }] : [],
  );
  return new PlatformError("invalid", "Give a name and a password for the new account.", { issues });
}

/** Who could open the link has the address, so that it counts as verified. */
async function makeAccount(tx: Queries, row: InvitationRow, name: string, password: string): Promise<UserRow> {
  const values = { id: newId("user"), email: row.email, emailVerified: true, name, role: personRoleOf(row) };
  const [made] = await tx.insert(user).values(values).onConflictDoNothing().returning();
  if (made === undefined) {
    throw new PlatformError("conflict", `An account for ${row.email} was made meanwhile. Sign in to it to accept.`);
  }
  await tx
    .insert(account)
    .values({ id: crypto.randomUUID(), userId: made.id, accountId: made.id, providerId: "credential", password });
  return made;
}

async function take(tx: Queries, scope: Scope, found: Found, account: UserRow, created: boolean): Promise<void> {
  const row = found.invitation;
  const taken = await tx
    .update(invitation)
    .set({ acceptedAt: sql`now()` })
    .where(and(eq(invitation.id, row.id), isOpen))
    .returning({ id: invitation.id });
  if (taken.length === 0) throw gone("was taken or revoked meanwhile.");
  const actor = { type: "user" as const, id: account.id, name: account.name };
  const entry = { actor, action: "invitation.accept", target: row.id };
  if (found.org !== null && row.orgRole !== null) {
    const { id: orgId } = found.org;
    // Who became a member by another way meanwhile keeps the role they have.
    await tx.insert(member).values({ orgId, userId: account.id, role: row.orgRole }).onConflictDoNothing();
    await audit(tx, scope, { ...entry, orgId, details: { email: row.email, role: row.orgRole } });
  } else {
    if (!created) await raise(tx, account, personRoleOf(row));
    await audit(tx, scope, { ...entry, details: { email: row.email, role: row.platformRole } });
  }
  if (!created) return;
  const details = { email: account.email, role: account.role };
  await audit(tx, scope, { actor, action: "user.create", target: account.id, details });
}

/** An invitation gives a role and takes none away. */
async function raise(tx: Queries, { id, role }: UserRow, to: PersonRole): Promise<void> {
  if (!isPersonRoleAbove(to, asPerson(role))) return;
  await tx
    .update(user)
    .set({ role: to })
    .where(and(eq(user.id, id), eq(user.role, role)));
}

function asPerson(role: PlatformRole): PersonRole {
  if (role === "partner") throw new PlatformError("forbidden", "A partner takes no invitations.");
  return role;
}

async function roleNow(scope: Scope, before: UserRow): Promise<UserRow> {
  const [now] = await scope.database.select().from(user).where(eq(user.id, before.id));
  return now ?? before;
}
