import { and, eq, isNull, lt, or } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { KEY_USE_INTERVAL_MS } from "../../../contracts/limits.ts";
import {
  type Capability,
  PLATFORM_ROLE_CAPABILITIES,
  type PlatformRole,
  type Scope as KeyScope,
  scopesAllow,
} from "../../../contracts/rights.ts";
import { apiKey, org, user } from "../database/schema.ts";
import { isSecure } from "../env.ts";
import type { Scope } from "../scope.ts";
import { equalInConstantTime } from "./hash.ts";
import { readKey } from "./keys.ts";
import { sessionCookieName, signIn } from "./sign-in.ts";

export interface PrincipalUser {
  id: string;
  email: string;
  name: string;
  role: PlatformRole;
}

export interface PrincipalKey {
  id: string;
  name: string;
  scopes: KeyScope[];
  /** The one org that the key is for, or null. */
  org: { id: string; slug: string } | null;
  expiresAt: Date | null;
}

/** Who a request acts as: a person, by a browser's session or by a key of theirs. */
export interface Principal {
  user: PrincipalUser;
  key: PrincipalKey | null;
  /** `Set-Cookie` values that prolong the session. */
  setCookies: string[];
}

const UNAUTHENTICATED =
  "Sign in, or send a valid API key in the header `Authorization: Bearer isola_…`. `isola login` makes one.";

/** The principal of a request, by the `Authorization` header or else the session cookie. Throws `unauthenticated`. */
export async function getPrincipal(scope: Scope, headers: Headers): Promise<Principal> {
  const principal = await findPrincipal(scope, headers);
  if (principal === null) throw new PlatformError("unauthenticated", UNAUTHENTICATED);
  return principal;
}

/** Like {@link getPrincipal}, but null for who is nobody. A header that is there decides alone. */
export async function findPrincipal(scope: Scope, headers: Headers): Promise<Principal | null> {
  const authorization = headers.get("authorization");
  if (authorization !== null) return principalOfKey(scope, authorization);
  return hasSessionCookie(scope, headers) ? principalOfSession(scope, headers) : null;
}

/** How the principal is written down beside what it did. */
export function actorOf({ user, key }: Principal): Actor {
  return key === null
    ? { type: "user", id: user.id, name: user.name }
    : { type: "key", id: key.id, name: `${key.name} (${user.name})` };
}

/** Whether the key, if it is one that asks, covers a capability. */
export function keyAllows({ key }: Principal, capability: Capability): boolean {
  return key === null || scopesAllow(key.scopes, capability);
}

/** Whether the principal may do this outside any org. */
export function mayOnPlatform(principal: Principal, capability: Capability): boolean {
  return PLATFORM_ROLE_CAPABILITIES[principal.user.role].has(capability) && keyAllows(principal, capability);
}

function hasSessionCookie(scope: Scope, headers: Headers): boolean {
  return headers.get("cookie")?.includes(`${sessionCookieName(isSecure(scope.env))}=`) ?? false;
}

async function principalOfSession(scope: Scope, headers: Headers): Promise<Principal | null> {
  const { response, headers: answered } = await signIn(scope).api.getSession({ headers, returnHeaders: true });
  if (response === null) return null;
  const { id, email, name, role } = response.user;
  return { user: { id, email, name, role: role as PlatformRole }, key: null, setCookies: answered.getSetCookie() };
}

async function principalOfKey(scope: Scope, authorization: string): Promise<Principal | null> {
  const [, text] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  const parts = text === undefined ? null : await readKey(text);
  if (parts === null) return null;
  const rows = await scope.database
    .select({
      key: apiKey,
      org: { id: org.id, slug: org.slug },
      user: { id: user.id, email: user.email, name: user.name, role: user.role },
    })
    .from(apiKey)
    .innerJoin(user, eq(user.id, apiKey.userId))
    .leftJoin(org, eq(org.id, apiKey.orgId))
    .where(eq(apiKey.prefix, parts.prefix));
  const [found] = (
    await Promise.all(rows.map(async (row) => ((await equalInConstantTime(row.key.hash, parts.hash)) ? [row] : [])))
  ).flat();
  const now = Date.now();
  if (found === undefined || found.key.revokedAt !== null) return null;
  if (found.key.expiresAt !== null && found.key.expiresAt.getTime() <= now) return null;
  noteUse(scope, found.key.id, found.key.lastUsedAt, now);
  const { id, name, scopes, expiresAt } = found.key;
  return { user: found.user, key: { id, name, scopes, org: found.org, expiresAt }, setCookies: [] };
}

/** Writes the last use down, at most once a minute and never while the caller waits. */
function noteUse(scope: Scope, keyId: string, lastUsedAt: Date | null, now: number): void {
  const before = new Date(now - KEY_USE_INTERVAL_MS);
  if (lastUsedAt !== null && lastUsedAt > before) return;
  scope.later(() =>
    scope.database
      .update(apiKey)
      .set({ lastUsedAt: new Date(now) })
      .where(and(eq(apiKey.id, keyId), or(isNull(apiKey.lastUsedAt), lt(apiKey.lastUsedAt, before)))),
  );
}
