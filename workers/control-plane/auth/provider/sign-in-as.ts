import type { Context } from "hono";
import { setSignedCookie } from "hono/cookie";

import { SESSION_TTL_S } from "../../../../contracts/limits.ts";
import { isSecure } from "../../env.ts";
import type { AppTypes } from "../../mount.ts";
import { sessionCookieName, signIn } from "../sign-in.ts";
import { signedIn } from "../signed-in.ts";
import { accountOf, type Voucher } from "./account.ts";
import type { Identity } from "./identity.ts";

/** Signs the browser in to the account of an identity and sends it to a path of ours; back where there is no account. */
export async function signInAs(
  context: Context<AppTypes>,
  provider: Voucher,
  identity: Identity,
  to: string,
): Promise<Response> {
  const person = await accountOf(context.var.scope, provider, identity);
  if (person === null) return backToSignIn(context, "no_account");
  await openSession(context, person.id);
  await signedIn(context, person.id, provider.kind);
  return context.redirect(to, 303);
}

/** Back to the sign-in page, which knows words for this. */
export const backToSignIn = (context: Context<AppTypes>, problem: "denied" | "no_account" | "unasked"): Response =>
  context.redirect(`/sign-in?error=${problem}`, 303);

/** A session of the library's, in the cookie in which it looks for it. */
async function openSession(context: Context<AppTypes>, userId: string): Promise<void> {
  const { scope } = context.var;
  const { internalAdapter } = await signIn(scope).$context;
  const userAgent = context.req.header("user-agent") ?? "";
  const { token } = await internalAdapter.createSession(userId, false, { userAgent });
  await setSignedCookie(context, sessionCookieName(scope.env), token, scope.env.AUTH_SECRET, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: isSecure(scope.env),
    maxAge: SESSION_TTL_S,
  });
}
