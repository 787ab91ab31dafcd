import { and, count, eq, gt, sql } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import {
  INVITATION_WINDOW_MS,
  INVITATIONS_PER_ADDRESS_IN_WINDOW,
  SIGN_UPS_IN_WINDOW,
} from "../../../contracts/limits.ts";
import { invitation, mail, user } from "../database/schema.ts";
import { requireMail } from "../mail/drivers.ts";
import { accountExistsLetter, signUpLetter } from "../mail/letters.ts";
import { sendLater } from "../mail/outbox.ts";
import type { Scope } from "../scope.ts";
import { isSignUp, keepPlace, lockPlace, revokeSignUps } from "./invitations.ts";
import { findSettings } from "./settings.ts";
import { invitationUrl, makeToken } from "./tokens.ts";

/**
 * Sends an address the link that makes its account, or, where there is one, says so in the letter: who asks learns
 * nothing of that, and waits for none of it. Throws `forbidden` where people come by invitation only, and
 * `too_many_requests` where too many ask.
 */
export async function signUp(scope: Scope, address: string): Promise<void> {
  requireMail(scope.env);
  const { signUp } = await findSettings(scope);
  if (signUp !== "open") {
    throw new PlatformError("forbidden", "People come to this platform by invitation. Ask an admin for one.");
  }
  const [recent] = await scope.database
    .select({ count: count() })
    .from(invitation)
    .where(and(isSignUp, gt(invitation.createdAt, windowStart())));
  if ((recent?.count ?? 0) >= SIGN_UPS_IN_WINDOW) {
    throw new PlatformError("too_many_requests", "Too many accounts are asked for right now. Try again later.", {
      retryAfterSeconds: INVITATION_WINDOW_MS / 1_000,
    });
  }
  scope.later(() => sendLink(scope, address.toLowerCase()));
}

async function sendLink(scope: Scope, email: string): Promise<void> {
  const { token, tokenHash } = await makeToken();
  await scope.database.transaction(async (tx) => {
    await lockPlace(tx, null, email);
    const [letters] = await tx
      .select({ count: count() })
      .from(mail)
      .where(and(eq(mail.recipient, email), gt(mail.createdAt, windowStart())));
    if ((letters?.count ?? 0) >= INVITATIONS_PER_ADDRESS_IN_WINDOW) return;
    const [there] = await tx.select({ id: user.id }).from(user).where(eq(user.email, email));
    if (there !== undefined) {
      const signInUrl = new URL("/sign-in", scope.env.PUBLIC_URL).href;
      await sendLater(tx, scope, accountExistsLetter({ to: email, signInUrl }));
      return;
    }
    // What somebody was invited to stays: a stranger who asks in their name takes nothing from them.
    await revokeSignUps(tx, email);
    const row = await keepPlace(tx, email, tokenHash, { orgId: null, role: "member" }, null);
    const url = invitationUrl(scope.env, token);
    await sendLater(tx, scope, signUpLetter({ to: email, url, expiresAt: row.expiresAt.getTime() }));
  });
}

const windowStart = () => sql`now() - ${INVITATION_WINDOW_MS} * interval '1 millisecond'`;
