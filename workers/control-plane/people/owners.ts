import { and, eq, inArray, isNull, ne, notExists, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";

import { PlatformError } from "../../../contracts/errors.ts";
import type { Queries } from "../database/connect.ts";
import { member, org, user } from "../database/schema.ts";

/**
 * Every org and the platform keep an active owner. What could take the last one away locks, in its transaction, what
 * the answer depends on, and looks only then: of two owners who remove each other at once, one is left. Within one
 * transaction an org is locked before accounts, and accounts are locked in the order of their ids, all at once.
 */

type UserRow = typeof user.$inferSelect;

/** Makes changes of an org's members wait for each other. Returns null when the org is gone. */
export async function lockOrg(tx: Queries, orgId: string): Promise<typeof org.$inferSelect | null> {
  const [row] = await tx.select().from(org).where(eq(org.id, orgId)).for("no key update");
  return row ?? null;
}

/** Throws `conflict` unless the org, which is locked, has an active owner beside this one. */
export async function requireOtherOwner(tx: Queries, orgId: string, userId: string): Promise<void> {
  const others = await tx
    .select({ id: user.id })
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(
      and(eq(member.orgId, orgId), eq(member.role, "owner"), ne(member.userId, userId), isNull(user.deactivatedAt)),
    )
    .limit(1)
    // Who is found here cannot be deactivated before this transaction ends.
    .for("share", { of: user });
  if (others.length === 0) {
    throw new PlatformError("conflict", "This is the last active owner of the org. Make somebody else an owner first.");
  }
}

/**
 * Locks an account, with all whose being active decides whether its owner can go: the platform's owners, and the
 * owners of the orgs that it owns. Returns them; the account itself is among them where there is one.
 */
export function lockAccounts(tx: Queries, userId: string): Promise<UserRow[]> {
  const [mine, theirs] = [alias(member, "mine"), alias(member, "theirs")];
  const coOwners = tx
    .select({ id: theirs.userId })
    .from(mine)
    .innerJoin(theirs, and(eq(theirs.orgId, mine.orgId), eq(theirs.role, "owner")))
    .where(and(eq(mine.userId, userId), eq(mine.role, "owner")));
  return tx
    .select()
    .from(user)
    .where(or(eq(user.id, userId), eq(user.role, "owner"), inArray(user.id, coOwners)))
    .orderBy(user.id)
    .for("no key update");
}

/** Throws `conflict` when this account, which is locked, is the platform's last active owner. */
export function requireOtherPlatformOwner(locked: readonly UserRow[], { id, role, deactivatedAt }: UserRow): void {
  if (role !== "owner" || deactivatedAt !== null) return;
  if (locked.some((other) => other.id !== id && other.role === "owner" && other.deactivatedAt === null)) return;
  throw new PlatformError(
    "conflict",
    "This is the last active owner of the platform. Make somebody else an owner first.",
  );
}

const ORGS_NAMED_MAX = 10;

/** Throws `conflict` when this account, which is locked, is the last active owner of an org. */
export async function requireOtherOwners(tx: Queries, userId: string): Promise<void> {
  const [mine, theirs] = [alias(member, "mine"), alias(member, "theirs")];
  const others = tx
    .select({ one: sql`1` })
    .from(theirs)
    .innerJoin(user, eq(user.id, theirs.userId))
    .where(
      and(
        eq(theirs.orgId, mine.orgId),
        eq(theirs.role, "owner"),
        ne(theirs.userId, userId),
        isNull(user.deactivatedAt),
      ),
    );
  const left = await tx
    .select({ slug: org.slug })
    .from(mine)
    .innerJoin(org, eq(org.id, mine.orgId))
    .where(and(eq(mine.userId, userId), eq(mine.role, "owner"), ne(org.state, "destroying"), notExists(others)))
    .orderBy(org.slug)
    .limit(ORGS_NAMED_MAX);
  if (left.length === 0) return;
  const orgs = left.map(({ slug }) => slug);
  throw new PlatformError(
    "conflict",
    `This is the last active owner of ${orgs.join(", ")}. Make somebody else an owner there first.`,
    { orgs },
  );
}
