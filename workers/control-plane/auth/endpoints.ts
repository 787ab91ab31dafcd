import type { Context } from "hono";
import { deleteCookie } from "hono/cookie";
import { eq } from "drizzle-orm";
import * as z from "zod";

import { emailSchema } from "../../../contracts/api/identity.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { audit } from "../audit/write.ts";
import { session } from "../database/schema.ts";
import { isSecure } from "../env.ts";
import type { AppTypes } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { ask, readOwn, withCookies } from "./ask.ts";
import { BUCKETS, take } from "./buckets.ts";
import { doorstep } from "./doorstep.ts";
import { passPasswordTurn, passwordTurn } from "./passwords.ts";
import { actorOf, findPrincipal } from "./principal.ts";
import { sessionCookieName } from "./sign-in.ts";
import { signedIn } from "./signed-in.ts";

const credentials = z.object({ email: emailSchema, password: z.string().min(1).max(200) });

/** What the library answers, as far as it is read. */
const answerSchema = z.union([
  z.object({ twoFactorRedirect: z.literal(true) }),
  z.object({ user: z.object({ id: z.string() }) }),
]);

/** What is said whatever is wrong: the address, the password, or that the account is deactivated. */
const wrongPassword = (): PlatformError =>
  new PlatformError("unauthenticated", "The e-mail address or the password is wrong.");

/**
 * `POST /api/auth/sign-in/email`: answers the user and sets the session's cookie; or answers `twoFactor`, and sets one
 * that waits for the code.
 */
export async function signInByEmail(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const { email, password } = await readOwn(context, credentials);
  await doorstep.enter(email.toLowerCase(), scope.address, Date.now());
  // Before the database is asked anything: of many at once those who wait hold nothing that others need.
  await passwordTurn();
  try {
    await takeByAddress(scope);
    await take(scope.database, BUCKETS.account, email.toLowerCase());
  } catch (error) {
    passPasswordTurn();
    throw error;
  }
  const answer = await ask(context, "POST", "/sign-in/email", { email, password });
  if (!answer.ok) throw wrongPassword();
  const value = answerSchema.parse(answer.value);
  if ("twoFactorRedirect" in value) return withCookies(context, answer.cookies, { twoFactor: true });
  return withCookies(context, answer.cookies, { user: await signedIn(context, value.user.id, "password") });
}

/**
 * Counts an attempt by the address it comes from. Where nobody tells the addresses, as on one computer, they are not
 * counted: a bucket that all share would let anybody lock everybody out.
 */
export async function takeByAddress(scope: Scope): Promise<void> {
  if (scope.address !== null) await take(scope.database, BUCKETS.address, scope.address);
}

/** `POST /api/auth/sign-out`: ends the session and takes its cookie back. */
export async function signOut(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  await readOwn(context, z.unknown());
  const principal = await findPrincipal(scope, new Headers({ cookie: context.req.header("cookie") ?? "" }));
  const sessionId = principal?.sessionId ?? null;
  if (principal !== null && sessionId !== null) {
    await scope.database.transaction(async (tx) => {
      await tx.delete(session).where(eq(session.id, sessionId));
      await audit(tx, scope, { actor: actorOf(principal), action: "user.sign-out", target: sessionId });
    });
  }
  deleteCookie(context, sessionCookieName(context.env), { path: "/", secure: isSecure(context.env) });
  return context.json({ success: true });
}
