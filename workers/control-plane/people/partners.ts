import { and, count, eq, isNull, or, sql } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { audit } from "../audit/write.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import { apiKey, member, user } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { setActive, type UserRow } from "./accounts.ts";

/** A partner with what it has. */
export interface PartnerRow {
  user: UserRow;
  orgs: number;
  keys: number;
}

/** A domain that takes no mail (RFC 2606), for accounts that are no person's. */
const PARTNERS_DOMAIN = "partners.invalid";

/** The query that partners are read by: their rows with how many orgs and good keys each has. */
export function selectPartners({ database }: Pick<Scope, "database">) {
  const orgs = database
    .select({ count: count().as("org_count") })
    .from(member)
    .where(eq(member.userId, user.id))
    .as("orgs");
  const isGood = and(isNull(apiKey.revokedAt), or(isNull(apiKey.expiresAt), sql`${apiKey.expiresAt} > now()`));
  const keys = database
    .select({ count: count().as("key_count") })
    .from(apiKey)
    .where(and(eq(apiKey.userId, user.id), isGood))
    .as("keys");
  return database
    .select({ user, orgs: orgs.count, keys: keys.count })
    .from(user)
    .innerJoinLateral(orgs, sql`true`)
    .innerJoinLateral(keys, sql`true`)
    .$dynamic();
}

/** Throws `not_found`. */
export async function getPartner(scope: Scope, id: string): Promise<PartnerRow> {
  const [row] = await selectPartners(scope).where(and(eq(user.id, id), eq(user.role, "partner")));
  if (row === undefined) throw noPartner();
  return row;
}

/** Makes a partner, with a note of who did. It can do nothing until there is a key for it. */
export async function createPartner(scope: Scope, principal: Principal, name: string): Promise<PartnerRow> {
  const id = newId("user");
  return scope.database.transaction(async (tx) => {
    const values = { id, name, email: `${id}@${PARTNERS_DOMAIN}`, role: "partner" as const };
    const [made] = await tx.insert(user).values(values).returning();
    if (made === undefined) throw new Error("The partner was not stored");
    await audit(tx, scope, { actor: actorOf(principal), action: "partner.create", target: id, details: { name } });
    return { user: made, orgs: 0, keys: 0 };
  });
}

/** Renames, deactivates or activates a partner. Its orgs go on in any case. Throws `not_found`. */
export async function changePartner(
  scope: Scope,
  principal: Principal,
  id: string,
  patch: { name?: string | undefined; active?: boolean | undefined },
): Promise<PartnerRow> {
  await scope.database.transaction(async (tx) => {
    const [before] = await tx
      .select()
      .from(user)
      .where(and(eq(user.id, id), eq(user.role, "partner")))
      .for("no key update");
    if (before === undefined) throw noPartner();
    if (patch.name !== undefined && patch.name !== before.name) {
      await tx.update(user).set({ name: patch.name }).where(eq(user.id, id));
      const details = { before: { name: before.name }, after: { name: patch.name } };
      await audit(tx, scope, { actor: actorOf(principal), action: "partner.update", target: id, details });
    }
    await setActive(tx, scope, principal, before, patch.active);
  });
  return getPartner(scope, id);
}

export const noPartner = (): PlatformError => new PlatformError("not_found", "There is no such partner.");

/** A partner as the API tells of it. */
export function toPartner({ user, orgs, keys }: PartnerRow) {
  return {
    id: user.id,
    name: user.name,
    active: user.deactivatedAt === null,
    deactivatedAt: user.deactivatedAt?.getTime() ?? null,
    orgs,
    keys,
    createdAt: user.createdAt.getTime(),
  };
}
