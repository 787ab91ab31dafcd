import { and, desc, eq, inArray } from "drizzle-orm";
import type { Context } from "hono";

import { SESSIONS_PER_USER_MAX } from "../../../contracts/limits.ts";
import { audit } from "../audit/write.ts";
import { session, user } from "../database/schema.ts";
import type { AppTypes } from "../mount.ts";
import { BUCKETS, clear } from "./buckets.ts";
import type { PrincipalUser } from "./principal.ts";

/** How somebody signed in. */
type Way = "password" | "two-factor" | "recovery-code" | "passkey" | "oidc" | "saml";

/**
 * What follows every sign-in before its cookie leaves: failures are forgotten, sessions beyond the bound end, and it is
 * written down. Where that fails, nobody has the session.
 */
export async function signedIn(context: Context<AppTypes>, userId: string, by: Way): Promise<PrincipalUser> {
  const { scope } = context.var;
  return scope.database.transaction(async (tx) => {
    const [who] = await tx
      .select({ id: user.id, email: user.email, name: user.name, role: user.role })
      .from(user)
      .where(eq(user.id, userId));
    if (who === undefined) throw new Error("Somebody without an account has signed in");
    await clear(tx, [BUCKETS.account], who.email);
    const beyond = tx
      .select({ id: session.id })
      .from(session)
      .where(eq(session.userId, userId))
      .orderBy(desc(session.createdAt))
      .offset(SESSIONS_PER_USER_MAX);
    await tx.delete(session).where(and(eq(session.userId, userId), inArray(session.id, beyond)));
    const actor = { type: "user" as const, id: who.id, name: who.name };
    await audit(tx, scope, { actor, action: "user.sign-in", target: who.id, details: { by } });
    return who;
  });
}
