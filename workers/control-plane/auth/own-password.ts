import { and, eq } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import type { Queries } from "../database/connect.ts";
import { account } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { BUCKETS, clear, take } from "./buckets.ts";
import { verifyPassword } from "./passwords.ts";
import type { Principal } from "./principal.ts";

/** The way to sign in that a password is. */
const CREDENTIAL = "credential";

/**
 * Asks somebody who is signed in for the password once more. Tries count with those of the sign-in page.
 *
 * @throws PlatformError `invalid` for a wrong one, naming `field`.
 */
export async function requireOwnPassword(
  scope: Scope,
  { user }: Principal,
  password: string,
  field: string,
): Promise<void> {
  await countingTries(scope, user.email, field, async () => {
    const isRight = await verifyPassword(await passwordOf(scope.database, user.id), password);
    return isRight ? true : null;
  });
}

/** Counts a try of a password, and forgets all tries when it is right. Throws `invalid` when it is not, which null says. */
export async function countingTries<T>(
  { database }: Scope,
  email: string,
  field: string,
  attempt: () => Promise<T | null>,
): Promise<T> {
  await take(database, BUCKETS.account, email);
  const outcome = await attempt();
  if (outcome !== null) {
    await clear(database, [BUCKETS.account], email);
    return outcome;
  }
  const reason = "is not the one of this account";
  throw new PlatformError(
    "invalid",
    "The password is wrong. An account that has none gets one by “Forgot the password?” on the sign-in page.",
    { issues: [{ field, reason }] },
  );
}

/** Sets a password, the first one too; give the transaction of the change. `hash` is what is stored. */
export async function setPassword(queries: Queries, userId: string, hash: string): Promise<void> {
  const changed = await queries
    .update(account)
    .set({ password: hash })
    .where(credentialOf(userId))
    .returning({ id: account.id });
  if (changed.length > 0) return;
  await queries
    .insert(account)
    .values({ id: crypto.randomUUID(), userId, accountId: userId, providerId: CREDENTIAL, password: hash });
}

async function passwordOf(queries: Queries, userId: string): Promise<string | null> {
  const [row] = await queries.select({ password: account.password }).from(account).where(credentialOf(userId));
  return row?.password ?? null;
}

const credentialOf = (userId: string) => and(eq(account.userId, userId), eq(account.providerId, CREDENTIAL));
