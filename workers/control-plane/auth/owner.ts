import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { audit } from "../audit/write.ts";
import { account, ownerClaim, user } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { equalInConstantTime } from "./hash.ts";
import { hashPassword } from "./passwords.ts";
import type { PrincipalUser } from "./principal.ts";

export interface OwnerClaim {
  token: string;
  email: string;
  password: string;
  name?: string | undefined;
}

/** Whether the platform has its first owner. */
export async function isClaimed(scope: Scope): Promise<boolean> {
  const rows = await scope.database.select({ id: ownerClaim.id }).from(ownerClaim);
  return rows.length > 0;
}

/**
 * Makes the first owner. Of any number of claims at once exactly one succeeds: the claim is a row of which
 * there can be one, and it stands or falls with the user in one transaction. Throws `forbidden` for a
 * wrong token and `conflict` when there is an owner.
 */
export async function claimOwner(scope: Scope, claim: OwnerClaim): Promise<PrincipalUser> {
  const expected = scope.env.SETUP_TOKEN;
  if (expected === undefined || expected === "" || !(await equalInConstantTime(claim.token, expected))) {
    throw new PlatformError("forbidden", "This set-up link is not valid. Use the one that the last start has printed.");
  }
  // Before the hash, which is made to be slow.
  if (await isClaimed(scope)) throw alreadyClaimed();
  const password = await hashPassword(claim.password);
  const email = claim.email.toLowerCase();
  const owner: PrincipalUser = {
    id: newId("user"),
    email,
    name: claim.name ?? email.slice(0, email.indexOf("@")),
    role: "owner",
  };
  await scope.database.transaction(async (tx) => {
    const claimed = await tx
      .insert(ownerClaim)
      .values({ userId: owner.id })
      .onConflictDoNothing()
      .returning({ id: ownerClaim.id });
    if (claimed.length === 0) throw alreadyClaimed();
    const inserted = await tx.insert(user).values(owner).onConflictDoNothing().returning({ id: user.id });
    if (inserted.length === 0)
      throw new PlatformError("conflict", `There is an account with the address ${email} already.`);
    await tx
      .insert(account)
      .values({ id: crypto.randomUUID(), userId: owner.id, accountId: owner.id, providerId: "credential", password });
    await audit(tx, scope, {
      actor: { type: "platform", id: "setup", name: "Set-up" },
      action: "owner.claim",
      target: owner.id,
      details: { email },
    });
  });
  return owner;
}

const alreadyClaimed = (): PlatformError =>
  new PlatformError("conflict", "The platform has an owner already. Sign in, or ask the owner for an account.");
