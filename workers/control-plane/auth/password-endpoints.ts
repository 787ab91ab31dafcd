import { and, eq, gt, isNull, like, ne } from "drizzle-orm";
import type { Context } from "hono";
import * as z from "zod";

import { emailSchema, passwordSchema } from "../../../contracts/api/identity.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import { PASSWORD_RESET_TTL_S } from "../../../contracts/limits.ts";
import { audit } from "../audit/write.ts";
import { user, verification } from "../database/schema.ts";
import { requireMail } from "../mail/drivers.ts";
import { resetPasswordLetter } from "../mail/letters.ts";
import { sendLater } from "../mail/outbox.ts";
import type { AppTypes } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { getSignedIn, readOwn } from "./ask.ts";
import { BUCKETS, clear, take } from "./buckets.ts";
import { takeByAddress } from "./endpoints.ts";
import { sha256Hex, toHex } from "./hash.ts";
import { notice } from "./notice.ts";
import { requireOwnPassword, setPassword } from "./own-password.ts";
import { hashPassword } from "./passwords.ts";
import { actorOf } from "./principal.ts";
import { endSessions } from "./sessions.ts";

const TOKEN_BYTES = 32;
/** Before the hash of a token in the table of short-lived values. */
const MARK = "password-reset:";

const forgotBody = z.object({ email: emailSchema });
const resetBody = z.object({ token: z.string().regex(/^[0-9a-f]{64}$/), password: passwordSchema });
const changeBody = z.object({ current: z.string().min(1).max(200), password: passwordSchema });

/**
 * `POST /api/auth/password/forgot`: sends the way to a new password to an address that has an account. Answers the same
 * for every other one, and as fast, since all that differs is done after the answer.
 */
export async function forgotPassword(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const { email } = await readOwn(context, forgotBody);
  requireMail(scope.env);
  await takeByAddress(scope);
  scope.later(() => sendWay(scope, email.toLowerCase()));
  return context.json({}, 202);
}

async function sendWay(scope: Scope, email: string): Promise<void> {
  try {
    await take(scope.database, BUCKETS.reset, email);
  } catch (error) {
    // Enough letters lie in that mailbox; to say so would help nobody but whoever asks for another's.
    if (platformErrorOf(error)?.code === "too_many_requests") return;
    throw error;
  }
  const token = toHex(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
  const identifier = MARK + (await sha256Hex(token));
  const expiresAt = Date.now() + PASSWORD_RESET_TTL_S * 1_000;
  const url = new URL(`/reset-password?token=${token}`, scope.env.PUBLIC_URL).href;
  await scope.database.transaction(async (tx) => {
    const [found] = await tx
      .select({ id: user.id, name: user.name })
      .from(user)
      .where(and(eq(user.email, email), isNull(user.deactivatedAt), ne(user.role, "partner")));
    if (found === undefined) return;
    const id = crypto.randomUUID();
    await tx.insert(verification).values({ id, identifier, value: found.id, expiresAt: new Date(expiresAt) });
    await sendLater(tx, scope, resetPasswordLetter({ to: email, url, expiresAt }));
    const actor = { type: "platform" as const, id: "sign-in", name: "Sign-in" };
    await audit(tx, scope, { actor, action: "password.forget", target: found.id });
  });
}

/** `POST /api/auth/password/reset`: sets a new password with the token of such a letter, once, and ends all sessions. */
export async function resetPassword(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const { token, password } = await readOwn(context, resetBody);
  await takeByAddress(scope);
  const good = and(
    eq(verification.identifier, MARK + (await sha256Hex(token))),
    gt(verification.expiresAt, new Date()),
  );
  // Before the hash, which is made to be slow.
  const [known] = await scope.database.select({ id: verification.id }).from(verification).where(good);
  if (known === undefined) throw spent();
  const hash = await hashPassword(password);
  await scope.database.transaction(async (tx) => {
    const [taken] = await tx.delete(verification).where(good).returning({ userId: verification.value });
    if (taken === undefined) throw spent();
    const { userId } = taken;
    const [found] = await tx
      .select({ name: user.name, email: user.email })
      .from(user)
      .where(and(eq(user.id, userId), isNull(user.deactivatedAt)));
    if (found === undefined) throw spent();
    await tx.delete(verification).where(and(eq(verification.value, userId), like(verification.identifier, `${MARK}%`)));
    await setPassword(tx, userId, hash);
    // Who reads the mail of an address has it.
    await tx.update(user).set({ emailVerified: true }).where(eq(user.id, userId));
    const sessions = await endSessions(tx, userId, null);
    await clear(tx, [BUCKETS.account], found.email);
    await notice(tx, scope, found.email, "password");
    const actor = { type: "user" as const, id: userId, name: found.name };
    await audit(tx, scope, { actor, action: "password.reset", target: userId, details: { sessions } });
  });
  return context.json({});
}

/** `POST /api/auth/password/change`: sets a new password and ends all other sessions. */
export async function changePassword(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const { current, password } = await readOwn(context, changeBody);
  const principal = await getSignedIn(context);
  await requireOwnPassword(scope, principal, current, "current");
  const hash = await hashPassword(password);
  const { id, email } = principal.user;
  await scope.database.transaction(async (tx) => {
    await setPassword(tx, id, hash);
    const sessions = await endSessions(tx, id, principal.sessionId);
    await notice(tx, scope, email, "password");
    const details = { sessions };
    await audit(tx, scope, { actor: actorOf(principal), action: "password.change", target: id, details });
  });
  return context.json({});
}

const spent = (): PlatformError =>
  new PlatformError("gone", "This link is not good any more. Ask for a new one on the page /forgot-password.");
