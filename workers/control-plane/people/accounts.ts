import { and, eq, isNull } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import type { PersonRole } from "../../../contracts/rights.ts";
import { audit } from "../audit/write.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import type { Queries } from "../database/connect.ts";
import { apiKey, session, user } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { revokeInvitationsBy } from "./invitations.ts";
import { lockAccounts, requireOtherOwners, requireOtherPlatformOwner } from "./owners.ts";
import { isPersonRoleAbove, refusalToChangePerson } from "./rules.ts";

export type UserRow = typeof user.$inferSelect;

export interface PersonPatch {
  name?: string | undefined;
  role?: PersonRole | undefined;
  active?: boolean | undefined;
}

/**
 * Changes a person's account. Whoever is deactivated can do nothing from the moment this returns: sessions, keys and
 * open invitations of theirs end in the same transaction. Throws `not_found`, `forbidden`, and `conflict` where the
 * platform or an org would be left without an active owner.
 */
export async function changePerson(
  scope: Scope,
  principal: Principal,
  id: string,
  patch: PersonPatch,
): Promise<UserRow> {
  return scope.database.transaction(async (tx) => {
    const locked = await lockAccounts(tx, id);
    const before = locked.find((row) => row.id === id);
    if (before === undefined || before.role === "partner") throw noPerson();
    const to = patch.role ?? before.role;
    requireMayChange(principal, { ...before, role: before.role }, to);
    if (to !== "owner" || patch.active === false) requireOtherPlatformOwner(locked, before);
    if (patch.active === false && before.deactivatedAt === null) await requireOtherOwners(tx, id);

    const actor = actorOf(principal);
    const { name = before.name } = patch;
    if (to !== before.role || name !== before.name) {
      await tx.update(user).set({ name, role: to }).where(eq(user.id, id));
      const invitations = isPersonRoleAbove(before.role, to) ? await revokeInvitationsBy(tx, id) : 0;
      const details = {
        before: { name: before.name, role: before.role },
        after: { name, role: to },
        invitationsRevoked: invitations,
      };
      await audit(tx, scope, { actor, action: "user.update", target: id, details });
    }
    const deactivatedAt = await setActive(tx, scope, principal, before, patch.active);
    return { ...before, name, role: to, deactivatedAt };
  });
}

/** Ends all sessions of a person, with a note of who did. Throws `not_found` and `forbidden`. */
export async function signOut(scope: Scope, principal: Principal, id: string): Promise<void> {
  await scope.database.transaction(async (tx) => {
    const [person] = await tx.select().from(user).where(eq(user.id, id));
    if (person === undefined || person.role === "partner") throw noPerson();
    requireMayChange(principal, { ...person, role: person.role }, person.role);
    const sessions = await tx.delete(session).where(eq(session.userId, id)).returning({ id: session.id });
    const details = { sessionsEnded: sessions.length };
    await audit(tx, scope, { actor: actorOf(principal), action: "user.sign-out", target: id, details });
  });
}

/**
 * Deactivates or activates an account that is locked, with a note of who did; nothing where it is so already or nobody
 * said. Returns since when it is deactivated, or null. What ended stays ended.
 */
export async function setActive(
  tx: Queries,
  scope: Scope,
  principal: Principal,
  { id, name, role, deactivatedAt }: UserRow,
  active: boolean | undefined,
): Promise<Date | null> {
  if (active === undefined || active === (deactivatedAt === null)) return deactivatedAt;
  const now = active ? null : new Date();
  await tx.update(user).set({ deactivatedAt: now }).where(eq(user.id, id));
  const sessions = await tx.delete(session).where(eq(session.userId, id)).returning({ id: session.id });
  const keys = await tx
    .update(apiKey)
    .set({ revokedAt: new Date() })
    .where(and(eq(apiKey.userId, id), isNull(apiKey.revokedAt)))
    .returning({ id: apiKey.id });
  const invitations = await revokeInvitationsBy(tx, id);
  await audit(tx, scope, {
    actor: actorOf(principal),
    action: `${role === "partner" ? "partner" : "user"}.${active ? "activate" : "deactivate"}`,
    target: id,
    details: { name, sessionsEnded: sessions.length, keysRevoked: keys.length, invitationsRevoked: invitations },
  });
  return now;
}

function requireMayChange(
  { user }: Principal,
  { id, role: from }: { id: string; role: PersonRole },
  to: PersonRole,
): void {
  const refusal = refusalToChangePerson({ acting: user.role, self: user.id === id, from, to });
  if (refusal !== null) throw new PlatformError("forbidden", refusal);
}

export const noPerson = (): PlatformError => new PlatformError("not_found", "There is no such person here.");
