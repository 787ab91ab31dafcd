import { type BetterAuthOptions, betterAuth } from "better-auth/minimal";
import { drizzleAdapter } from "better-auth/adapters/drizzle";

import { newId } from "../../../contracts/ids.ts";
import { SESSION_TTL_S, SIGN_IN_ATTEMPTS_MAX, SIGN_IN_WINDOW_S } from "../../../contracts/limits.ts";
import { account, rateLimit, session, user, verification } from "../database/schema.ts";
import { type ControlPlaneEnv, isSecure } from "../env.ts";
import type { Scope } from "../scope.ts";
import { withHashedTokens } from "./session-tokens.ts";

export const AUTH_PATH = "/api/auth";

/** Name of the cookie that holds a session; bound to the exact host where TLS lets it be. */
export const sessionCookieName = (secure: boolean): string => `${secure ? "__Host-" : ""}isola_session`;

/** The `Set-Cookie` by which a browser keeps its session for another while; `value` is signed already. */
export function sessionCookie(env: ControlPlaneEnv, value: string): string {
  const secure = isSecure(env);
  const attributes = `Max-Age=${SESSION_TTL_S}; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  return `${sessionCookieName(secure)}=${value}; ${attributes}`;
}

/** Sign-in by e-mail and password, with sessions in cookies. Nobody signs up here: the owner is claimed, others are invited. */
export function signIn(scope: Scope) {
  const { env } = scope;
  const secure = isSecure(env);
  const adapter = drizzleAdapter(scope.database, {
    provider: "pg",
    schema: { user, session, account, verification, rateLimit },
  });
  return betterAuth({
    appName: "Isola",
    baseURL: env.PUBLIC_URL,
    basePath: AUTH_PATH,
    secret: env.AUTH_SECRET,
    trustedOrigins: [new URL(env.PUBLIC_URL).origin],
    database: (options: BetterAuthOptions) => withHashedTokens(adapter(options)),
    emailAndPassword: { enabled: true, disableSignUp: true },
    user: { additionalFields: { role: { type: "string", required: true, input: false, defaultValue: "member" } } },
    session: { expiresIn: SESSION_TTL_S },
    rateLimit: {
      enabled: true,
      storage: "database",
      customRules: { "/sign-in/email": { window: SIGN_IN_WINDOW_S, max: SIGN_IN_ATTEMPTS_MAX } },
    },
    advanced: {
      useSecureCookies: false,
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", secure, path: "/" },
      cookies: { session_token: { name: sessionCookieName(secure), attributes: { secure } } },
      ipAddress: { ipAddressHeaders: secure ? ["cf-connecting-ip"] : [] },
      database: { generateId: ({ model }) => (model === "user" ? newId("user") : crypto.randomUUID()) },
    },
    telemetry: { enabled: false },
    logger: { level: "error" },
  });
}
