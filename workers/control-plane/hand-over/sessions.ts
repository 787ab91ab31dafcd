import { eq, lt } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import type { HandOverClaims, TenantSession, TenantSessionClaims } from "../../../contracts/hand-over.ts";
import { HAND_OVER_TTL_S, TENANT_SESSION_FRESH_S, TENANT_SESSION_TTL_S } from "../../../contracts/limits.ts";
import type { OrgAccess } from "../access.ts";
import { audit } from "../audit/write.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import { handOver } from "../database/schema.ts";
import { orgUrl } from "../env.ts";
import type { Scope } from "../scope.ts";
import { getSigner, goodKeys, keySetOf, type SigningKeyRow } from "./signing-keys.ts";
import { findPerson, personClaims } from "./standing.ts";
import { readHandOver, readTenantSession, signHandOver, signTenantSession } from "./tokens.ts";

/** Where a browser is to go to be signed in, and until when that is good, in epoch milliseconds. */
export interface Opening {
  url: string;
  expiresAt: number;
}

/**
 * Makes a hand-over of whoever asks to the org's host, and writes that down.
 *
 * @param to where the browser ends up there: a return path
 * @throws PlatformError `forbidden` for a key, which no browser stands behind
 */
export async function openHost(
  scope: Scope,
  principal: Principal,
  { org, role }: OrgAccess,
  to: string,
): Promise<Opening> {
  if (principal.sessionId === null) {
    throw new PlatformError(
      "forbidden",
      "Only people are handed over: sign in with a browser, and open the org there.",
    );
  }
  const signer = await getSigner(scope, await goodKeys(scope.database, Date.now()));
  const person = personClaims(scope, principal.user, org, role, principal.sessionId);
  const iat = nowInSeconds();
  const claims = { ...person, iss: issuerOf(scope), iat, exp: iat + HAND_OVER_TTL_S, jti: crypto.randomUUID() };
  const entry = { actor: actorOf(principal), action: "org.open", target: org.slug, orgId: org.id };
  await scope.database.transaction((tx) => audit(tx, scope, entry));
  const query = new URLSearchParams({ token: await signHandOver(claims, signer), to });
  return { url: `${orgUrl(scope.env, org.slug)}/.isola/sso?${query.toString()}`, expiresAt: claims.exp * 1_000 };
}

/** Spends a hand-over for a session at the host. Throws `unauthenticated` for one that is not good (any more). */
export async function beginTenantSession(scope: Scope, token: unknown, audience: unknown): Promise<TenantSession> {
  const rows = await goodKeys(scope.database, Date.now());
  const claims = await readHandOver(token, demands(scope, rows, audience));
  if (claims === null || !(await spend(scope, claims))) throw notGood();
  const person = await findPerson(scope, claims);
  if (person === null) throw notGood();
  const iat = nowInSeconds();
  const whole = { ...person, iss: claims.iss, iat, exp: iat + TENANT_SESSION_TTL_S, jti: crypto.randomUUID() };
  return issue(scope, rows, whole);
}

/** A fresh token for a session whose person may still be there; null when not. Its end stays what it was. */
export async function renewTenantSession(
  scope: Scope,
  token: unknown,
  audience: unknown,
): Promise<TenantSession | null> {
  const rows = await goodKeys(scope.database, Date.now());
  const claims = await readTenantSession(token, demands(scope, rows, audience));
  if (claims === null || (await isSpent(scope, claims.jti))) return null;
  const person = await findPerson(scope, claims);
  if (person === null) return null;
  const { iss, iat, exp, jti } = claims;
  return issue(scope, rows, { ...person, iss, iat, exp, jti });
}

/** Ends a session before its time: nothing renews it. */
export async function endTenantSession(scope: Scope, token: unknown, audience: unknown): Promise<void> {
  const rows = await goodKeys(scope.database, Date.now());
  const claims = await readTenantSession(token, demands(scope, rows, audience));
  if (claims !== null) await spend(scope, claims);
}

async function issue(
  scope: Scope,
  rows: readonly SigningKeyRow[],
  claims: Omit<TenantSessionClaims, "fresh">,
): Promise<TenantSession> {
  const fresh = Math.min(nowInSeconds() + TENANT_SESSION_FRESH_S, claims.exp);
  const token = await signTenantSession({ ...claims, fresh }, await getSigner(scope, rows));
  return { token, expiresAt: claims.exp * 1_000 };
}

/** True for exactly one of those who spend the same. */
async function spend({ database }: Scope, { jti, exp }: HandOverClaims): Promise<boolean> {
  // Kept a while longer than it is good, for clocks differ.
  const expiresAt = new Date(exp * 1_000 + SPENT_KEPT_MS);
  const mine = await database.insert(handOver).values({ jti, expiresAt }).onConflictDoNothing().returning();
  return mine.length > 0;
}

async function isSpent({ database }: Scope, jti: string): Promise<boolean> {
  return (await database.select().from(handOver).where(eq(handOver.jti, jti))).length > 0;
}

/** Forgets what was spent and would not be good any more either. */
export async function removeSpent({ database }: Scope, now: number): Promise<void> {
  await database.delete(handOver).where(lt(handOver.expiresAt, new Date(now)));
}

const SPENT_KEPT_MS = 60_000;

const issuerOf = ({ env }: Scope): string => new URL(env.PUBLIC_URL).origin;

const demands = (scope: Scope, rows: readonly SigningKeyRow[], audience: unknown) => ({
  keys: keySetOf(rows),
  issuer: issuerOf(scope),
  audience: typeof audience === "string" ? audience : "",
});

const nowInSeconds = (): number => Math.floor(Date.now() / 1_000);

const notGood = (): PlatformError =>
  new PlatformError(
    "unauthenticated",
    "This sign-in is not good any more: it was used, or a minute has passed. Sign in again.",
  );
