import { eq } from "drizzle-orm";
import type { Context } from "hono";
import { parseSigned } from "hono/utils/cookie";
import * as z from "zod";

import { PlatformError } from "../../../contracts/errors.ts";
import { TWO_FACTOR_FAILURES_MAX } from "../../../contracts/limits.ts";
import { audit } from "../audit/write.ts";
import { twoFactor, user } from "../database/schema.ts";
import type { AppTypes } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { ask, getSignedIn, type LibraryAnswer, readOwn, withCookies } from "./ask.ts";
import { BUCKETS, take } from "./buckets.ts";
import { notice } from "./notice.ts";
import { countingTries, requireOwnPassword } from "./own-password.ts";
import { passwordTurn } from "./passwords.ts";
import { actorOf, type PrincipalUser } from "./principal.ts";
import { cookieName, signIn } from "./sign-in.ts";
import { signedIn } from "./signed-in.ts";

const codeBody = z.object({ code: z.string().regex(/^\d{6}$/, "must be six digits") });
/** Recovery codes as they are shown, whatever the case of those who type them. */
const recoveryBody = z.object({
  code: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9]{5}-[A-Za-z0-9]{5}$/, "must be like abcde-fghij"),
});
const passwordBody = z.object({ password: z.string().min(1).max(200) });
const enabled = z.object({ totpURI: z.string(), backupCodes: z.array(z.string()) });

/** `POST /api/auth/two-factor/verify`: completes a sign-in with a code of the authenticator. */
export async function verifyTwoFactor(context: Context<AppTypes>): Promise<Response> {
  const { code } = await readOwn(context, codeBody);
  const who = await getWaiting(context);
  await take(context.var.scope.database, BUCKETS.usedCode, `${who.id}:${code}`);
  const answer = await ask(context, "POST", "/two-factor/verify-totp", { code });
  return complete(context, who, answer, "two-factor");
}

/** `POST /api/auth/two-factor/recover`: completes a sign-in with a recovery code, which is spent by that. */
export async function recoverTwoFactor(context: Context<AppTypes>): Promise<Response> {
  const { code } = await readOwn(context, recoveryBody);
  const who = await getWaiting(context);
  const answer = await ask(context, "POST", "/two-factor/verify-backup-code", { code });
  return complete(context, who, answer, "recovery-code");
}

/** `POST /api/auth/two-factor/enable`: answers what the authenticator is to be given. Nothing changes before its first code. */
export async function enableTwoFactor(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const { password } = await readOwn(context, passwordBody);
  const principal = await getSignedIn(context);
  if (principal.twoFactor) throw alreadyOn();
  const answer = await countingTries(scope, principal.user.email, "password", async () => {
    await passwordTurn();
    const told = await ask(context, "POST", "/two-factor/enable", { method: "totp", password });
    return told.ok ? told : null;
  });
  const { totpURI, backupCodes } = enabled.parse(answer.value);
  return withCookies(context, answer.cookies, { uri: totpURI, recoveryCodes: backupCodes });
}

/** `POST /api/auth/two-factor/confirm`: from the first right code on, the password alone does not sign in. */
export async function confirmTwoFactor(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const { code } = await readOwn(context, codeBody);
  const principal = await getSignedIn(context);
  if (principal.twoFactor) throw alreadyOn();
  const { id, email } = principal.user;
  await take(scope.database, BUCKETS.confirmation, id);
  await take(scope.database, BUCKETS.usedCode, `${id}:${code}`);
  const answer = await scope.database.transaction(async (tx) => {
    const told = await ask(context, "POST", "/two-factor/verify-totp", { code }, tx);
    if (!told.ok) return told;
    await notice(tx, scope, email, "two-factor-on");
    await audit(tx, scope, { actor: actorOf(principal), action: "two-factor.enable", target: id });
    return told;
  });
  if (answer.ok) return withCookies(context, answer.cookies, {});
  if (answer.code === "TOTP_NOT_ENABLED") {
    throw new PlatformError("conflict", "Nothing waits for a code. Begin with turning the second factor on.");
  }
  throw wrongCode();
}

/** `POST /api/auth/two-factor/disable`: with the password. */
export async function disableTwoFactor(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const { password } = await readOwn(context, passwordBody);
  const principal = await getSignedIn(context);
  await requireOwnPassword(scope, principal, password, "password");
  const { id, email } = principal.user;
  await scope.database.transaction(async (tx) => {
    const removed = await tx.delete(twoFactor).where(eq(twoFactor.userId, id)).returning({ id: twoFactor.id });
    await tx.update(user).set({ twoFactorEnabled: false }).where(eq(user.id, id));
    if (removed.length === 0) return;
    await notice(tx, scope, email, "two-factor-off");
    await audit(tx, scope, { actor: actorOf(principal), action: "two-factor.disable", target: id });
  });
  return context.json({});
}

type Waiting = Pick<PrincipalUser, "id" | "name">;

/** Who has brought the password and not yet the second factor, by the cookie that says so. */
async function getWaiting(context: Context<AppTypes>): Promise<Waiting> {
  const { scope } = context.var;
  if (scope.address !== null) await take(scope.database, BUCKETS.code, scope.address);
  const name = cookieName(scope.env, "two_factor");
  const cookies = await parseSigned(context.req.header("cookie") ?? "", scope.env.AUTH_SECRET, name);
  const challenge = cookies[name];
  if (typeof challenge !== "string") throw noChallenge();
  const { internalAdapter } = await signIn(scope).$context;
  const kept = await internalAdapter.findVerificationValue(challenge);
  if (kept === null || kept.expiresAt.getTime() <= Date.now()) throw noChallenge();
  const [found] = await scope.database
    .select({ id: user.id, name: user.name, lockedUntil: twoFactor.lockedUntil })
    .from(user)
    .innerJoin(twoFactor, eq(twoFactor.userId, user.id))
    .where(eq(user.id, kept.value));
  if (found === undefined) throw noChallenge();
  requireUnlocked(found.lockedUntil);
  return found;
}

async function complete(
  context: Context<AppTypes>,
  who: Waiting,
  answer: LibraryAnswer,
  by: "two-factor" | "recovery-code",
): Promise<Response> {
  if (answer.ok) return withCookies(context, answer.cookies, { user: await signedIn(context, who.id, by) });
  if (answer.code === "INVALID_CODE" || answer.code === "INVALID_BACKUP_CODE") {
    await noteFailure(context.var.scope, who);
    throw wrongCode();
  }
  throw noChallenge();
}

/** Whoever has the password and guesses codes is written down when that locks the second factor. */
async function noteFailure(scope: Scope, { id, name }: Waiting): Promise<void> {
  const [factor] = await scope.database
    .select({ failures: twoFactor.failedVerificationCount, lockedUntil: twoFactor.lockedUntil })
    .from(twoFactor)
    .where(eq(twoFactor.userId, id));
  if (factor === undefined || factor.lockedUntil === null) return;
  if (factor.failures === TWO_FACTOR_FAILURES_MAX) {
    await audit(scope.database, scope, {
      actor: { type: "user", id, name },
      action: "two-factor.lock",
      target: id,
      details: { failures: factor.failures, until: factor.lockedUntil.getTime() },
    });
  }
  requireUnlocked(factor.lockedUntil);
}

function requireUnlocked(lockedUntil: Date | null): void {
  const leftS = lockedUntil === null ? 0 : Math.ceil((lockedUntil.getTime() - Date.now()) / 1_000);
  if (leftS <= 0) return;
  throw new PlatformError(
    "too_many_requests",
    `Too many wrong codes: the second factor is locked. Try again in ${leftS} s, or sign in with a passkey.`,
    { limit: TWO_FACTOR_FAILURES_MAX, resetSeconds: leftS, retryAfterSeconds: leftS },
  );
}

const wrongCode = (): PlatformError =>
  new PlatformError(
    "invalid",
    "This code is not right. Codes change every half minute: take the one that is shown now.",
    {
      issues: [{ field: "code", reason: "is not right" }],
    },
  );
const noChallenge = (): PlatformError =>
  new PlatformError("unauthenticated", "Sign in with your password first; that step has ended or was never done.");
const alreadyOn = (): PlatformError =>
  new PlatformError("conflict", "The second factor is on already. Turn it off to set up another authenticator.");
