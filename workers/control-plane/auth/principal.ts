import { and, eq, isNull, lt, or, type SQL, sql } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import {
  KEY_USE_INTERVAL_MS,
  SESSION_RENEW_MS,
  SESSION_SEEN_INTERVAL_MS,
  SESSION_TTL_S,
} from "../../../contracts/limits.ts";
import {
  type Capability,
  PLATFORM_ROLE_CAPABILITIES,
  type PlatformRole,
  type Scope as KeyScope,
  scopesAllow,
} from "../../../contracts/rights.ts";
import type { OrgRow } from "../access.ts";
import { apiKey, member, org, platformSettings, session, user } from "../database/schema.ts";
import type { OrgRole } from "../../../contracts/rights.ts";
import type { Scope } from "../scope.ts";
import { type Credentials, readCredentials } from "./credentials.ts";
import { equalInConstantTime } from "./hash.ts";
import { sessionCookie } from "./sign-in.ts";

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
  /** Its own rate, or null. */
  requestsPerMinute: number | null;
  expiresAt: Date | null;
}

/** Who a request acts as: a person, by a browser's session or by a key of theirs; or a partner, by a key. */
export interface Principal {
  user: PrincipalUser;
  key: PrincipalKey | null;
  /** Id of the session that asks; null when a key does. */
  sessionId: string | null;
  /** Whether the password alone does not sign the user in. */
  twoFactor: boolean;
  /** Whether people without a role on the platform may make orgs. */
  membersCreateOrgs: boolean;
  /** `Set-Cookie` values that prolong the session. */
  setCookies: string[];
}

/** A principal, and the org that it asks for as far as the database knows both. */
export interface Standing {
  principal: Principal;
  /** Null when no org was asked for, or there is none of that slug. */
  org: OrgRow | null;
  /** The principal's role in it. */
  role: OrgRole | null;
}

const UNAUTHENTICATED =
  "Sign in, or send a valid API key in the header `Authorization: Bearer isola_…`. `isola login` makes one.";

/**
 * The principal of a request, by the `Authorization` header or else the session cookie, and the org of a slug: all of it
 * in one round trip to the database. Throws `unauthenticated`.
 */
export async function getStanding(scope: Scope, headers: Headers, slug: string | null): Promise<Standing> {
  const standing = await findStanding(scope, headers, slug);
  if (standing === null) throw new PlatformError("unauthenticated", UNAUTHENTICATED);
  return standing;
}

/** The principal of a request; null for who is nobody. */
export async function findPrincipal(scope: Scope, headers: Headers): Promise<Principal | null> {
  return (await findStanding(scope, headers, null))?.principal ?? null;
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
  const opened = capability === "orgs:create" && principal.membersCreateOrgs;
  const allowed = opened || PLATFORM_ROLE_CAPABILITIES[principal.user.role].has(capability);
  return allowed && keyAllows(principal, capability);
}

async function findStanding(scope: Scope, headers: Headers, slug: string | null): Promise<Standing | null> {
  const credentials = await readCredentials(scope.env, headers);
  if (credentials === null) return null;
  return credentials.kind === "key"
    ? standingOfKey(scope, credentials, slug)
    : standingOfSession(scope, credentials, slug);
}

const PERSON = { id: user.id, email: user.email, name: user.name, role: user.role };
const MEMBERS_CREATE_ORGS = sql<boolean>`coalesce((select ${platformSettings.membersCreateOrgs} from ${platformSettings}), false)`;
const asked = (slug: string | null): SQL | undefined => (slug === null ? sql`false` : eq(org.slug, slug));
const isActive = isNull(user.deactivatedAt);

async function standingOfSession(
  scope: Scope,
  { hash, cookie }: Extract<Credentials, { kind: "session" }>,
  slug: string | null,
): Promise<Standing | null> {
  const [found] = await scope.database
    .select({
      session,
      user: PERSON,
      twoFactor: user.twoFactorEnabled,
      org,
      role: member.role,
      membersCreateOrgs: MEMBERS_CREATE_ORGS,
    })
    .from(session)
    .innerJoin(user, and(eq(user.id, session.userId), isActive))
    .leftJoin(org, asked(slug))
    .leftJoin(member, and(eq(member.orgId, org.id), eq(member.userId, user.id)))
    .where(eq(session.token, hash));
  const now = Date.now();
  if (found === undefined || found.session.expiresAt.getTime() <= now) return null;
  const { id, expiresAt, lastSeenAt } = found.session;
  const prolongs = expiresAt.getTime() - now < SESSION_TTL_S * 1_000 - SESSION_RENEW_MS;
  if (prolongs || lastSeenAt === null || now - lastSeenAt.getTime() >= SESSION_SEEN_INTERVAL_MS) {
    const changed = prolongs ? { expiresAt: new Date(now + SESSION_TTL_S * 1_000) } : {};
    scope.later(() =>
      scope.database
        .update(session)
        .set({ lastSeenAt: new Date(now), ...changed })
        .where(eq(session.id, id)),
    );
  }
  const principal = {
    user: found.user,
    key: null,
    sessionId: id,
    twoFactor: found.twoFactor,
    membersCreateOrgs: found.membersCreateOrgs,
    setCookies: prolongs ? [sessionCookie(scope.env, cookie)] : [],
  };
  return { principal, org: found.org, role: found.role };
}

async function standingOfKey(
  scope: Scope,
  { prefix, hash }: Extract<Credentials, { kind: "key" }>,
  slug: string | null,
): Promise<Standing | null> {
  const bound = scope.database.select({ id: org.id, slug: org.slug }).from(org).as("bound");
  const rows = await scope.database
    .select({
      key: apiKey,
      bound: { id: bound.id, slug: bound.slug },
      user: PERSON,
      twoFactor: user.twoFactorEnabled,
      org,
      role: member.role,
      membersCreateOrgs: MEMBERS_CREATE_ORGS,
    })
    .from(apiKey)
    .innerJoin(user, and(eq(user.id, apiKey.userId), isActive))
    .leftJoin(bound, eq(bound.id, apiKey.orgId))
    .leftJoin(org, asked(slug))
    .leftJoin(member, and(eq(member.orgId, org.id), eq(member.userId, user.id)))
    .where(eq(apiKey.prefix, prefix));
  const [found] = (
    await Promise.all(rows.map(async (row) => ((await equalInConstantTime(row.key.hash, hash)) ? [row] : [])))
  ).flat();
  const now = Date.now();
  if (found === undefined || found.key.revokedAt !== null) return null;
  if (found.key.expiresAt !== null && found.key.expiresAt.getTime() <= now) return null;
  noteUse(scope, found.key.id, found.key.lastUsedAt, now);
  const { id, name, scopes, requestsPerMinute, expiresAt } = found.key;
  const principal = {
    user: found.user,
    key: { id, name, scopes, org: found.bound, requestsPerMinute, expiresAt },
    sessionId: null,
    twoFactor: found.twoFactor,
    membersCreateOrgs: found.membersCreateOrgs,
    setCookies: [],
  };
  return { principal, org: found.org, role: found.role };
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
