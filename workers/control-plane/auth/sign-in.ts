import { passkey as passkeys } from "@better-auth/passkey";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { APIError } from "better-auth/api";
import { type BetterAuthOptions, betterAuth } from "better-auth/minimal";
import { twoFactor as secondFactor } from "better-auth/plugins/two-factor";
import { eq } from "drizzle-orm";

import { AUTH_PATH } from "../../../contracts/auth-endpoints.ts";
import { newId } from "../../../contracts/ids.ts";
import {
  SESSION_TTL_S,
  TWO_FACTOR_FAILURES_MAX,
  TWO_FACTOR_LOCK_S,
  TWO_FACTOR_TTL_S,
} from "../../../contracts/limits.ts";
import type { Queries } from "../database/connect.ts";
import { account, passkey, session, twoFactor, user, verification } from "../database/schema.ts";
import { type ControlPlaneEnv, isSecure } from "../env.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { hashInTurn, verifyInTurn } from "./passwords.ts";
import { withHashedTokens } from "./session-tokens.ts";

/** Name of a cookie, bound to the exact host where TLS lets it be. */
export const cookieName = (env: ControlPlaneEnv, name: string): string =>
  `${isSecure(env) ? "__Host-" : ""}isola_${name}`;

/** Name of the cookie that holds a session. */
export const sessionCookieName = (env: ControlPlaneEnv): string => cookieName(env, "session");

/** What every cookie of ours has. */
const cookieAttributes = (env: ControlPlaneEnv): string =>
  `Path=/; HttpOnly; SameSite=Lax${isSecure(env) ? "; Secure" : ""}`;

/** The `Set-Cookie` by which a browser keeps its session for another while; `value` is signed already. */
export function sessionCookie(env: ControlPlaneEnv, value: string): string {
  return `${sessionCookieName(env)}=${value}; Max-Age=${SESSION_TTL_S}; ${cookieAttributes(env)}`;
}

/**
 * The library of sign-in, for one request: passwords, sessions in cookies, second factors, passkeys. None of its routes
 * is reachable; our endpoints call them. Nobody signs up here. With a transaction for `queries` all it writes is part
 * of that.
 */
export function signIn(scope: Scope, queries: Queries = scope.database) {
  const { env } = scope;
  const secure = isSecure(env);
  const origin = new URL(env.PUBLIC_URL).origin;
  const adapter = drizzleAdapter(queries, {
    provider: "pg",
    schema: { user, session, account, verification, twoFactor, passkey },
  });
  const cookie = (name: string) => ({ name: cookieName(env, name), attributes: { secure } });
  return betterAuth({
    appName: "Isola",
    baseURL: env.PUBLIC_URL,
    basePath: AUTH_PATH,
    secret: env.AUTH_SECRET,
    trustedOrigins: [origin],
    database: (options: BetterAuthOptions) => withHashedTokens(adapter(options)),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      password: {
        // Who asks for one to be hashed has waited for the turn.
        hash: async (password: string) => hashInTurn(password),
        verify: ({ hash, password }: { hash: string; password: string }) => verifyInTurn(hash, password),
      },
    },
    plugins: [
      secondFactor({
        issuer: "Isola",
        twoFactorCookieMaxAge: TWO_FACTOR_TTL_S,
        accountLockout: { maxFailedAttempts: TWO_FACTOR_FAILURES_MAX, durationSeconds: TWO_FACTOR_LOCK_S },
      }),
      passkeys({
        rpName: "Isola",
        rpID: new URL(origin).hostname,
        origin,
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        registration: {
          afterVerification: async ({ verification: { registrationInfo } }) =>
            requireVerified(registrationInfo?.userVerified),
        },
        authentication: {
          afterVerification: async ({ verification: { authenticationInfo } }) =>
            requireVerified(authenticationInfo.userVerified),
        },
        advanced: { webAuthnChallengeCookie: "passkey" },
      }),
    ],
    user: { additionalFields: { role: { type: "string", required: true, input: false, defaultValue: "member" } } },
    session: {
      expiresIn: SESSION_TTL_S,
      // Sessions are prolonged where they are used.
      disableSessionRefresh: true,
      additionalFields: {
        place: { type: "string", required: false, input: false },
        lastSeenAt: { type: "date", required: false, input: false },
      },
    },
    verification: { storeIdentifier: "hashed" },
    databaseHooks: {
      session: {
        create: {
          before: async (made) => {
            await requireActive(queries, made.userId);
            const { address, place } = scope;
            return { data: { ...made, ipAddress: address, place, lastSeenAt: new Date() } };
          },
        },
      },
    },
    // Our own buckets count.
    rateLimit: { enabled: false },
    onAPIError: { throw: true },
    advanced: {
      useSecureCookies: false,
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", secure, path: "/" },
      cookies: { session_token: cookie("session"), two_factor: cookie("two_factor"), passkey: cookie("passkey") },
      ipAddress: { disableIpTracking: true },
      database: {
        generateId: ({ model }) =>
          model === "user" ? newId("user") : model === "session" ? newId("session") : crypto.randomUUID(),
      },
    },
    telemetry: { enabled: false },
    logger: {
      level: "error",
      // Its own words hold what queries were asked with.
      log: (_level, message, ...rest: unknown[]) =>
        reportFailure(
          scope.requestId,
          `sign-in: ${message}`,
          rest.find((each) => each instanceof Error),
        ),
    },
  });
}

/** Every way of signing in makes a session, so here none is left out. It says what a wrong password says. */
async function requireActive(queries: Queries, userId: string): Promise<void> {
  const [found] = await queries
    .select({ deactivatedAt: user.deactivatedAt, role: user.role })
    .from(user)
    .where(eq(user.id, userId));
  if (found !== undefined && found.deactivatedAt === null && found.role !== "partner") return;
  throw new APIError("UNAUTHORIZED", { code: "NOT_ACTIVE" });
}

/** The device must have asked its user for a finger, a face or a PIN. */
function requireVerified(userVerified: boolean | undefined): void {
  if (userVerified !== true) throw new APIError("UNAUTHORIZED", { code: "USER_NOT_VERIFIED" });
}
