import { and, count, eq, isNotNull, isNull, ne, or, type SQL, sql } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { ORGS_SHOWN_OF_USER_MAX } from "../../../contracts/limits.ts";
import type { OrgRole } from "../../../contracts/rights.ts";
import { apiKey, member, org, session, user } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import { changePerson, noPerson, signOut, type UserRow } from "../people/accounts.ts";
import { invite, toInvitation } from "../people/invitations.ts";
import type { Scope } from "../scope.ts";
import { keyPage, pageOfRows } from "./page.ts";

/** People with an account on the platform. Partners are not among them. */
export const users = new Mounts()
  .add(ENDPOINTS.listUsers, async ({ scope, query }) => {
    const { limit, after } = keyPage(query, user.id);
    const { role, active, search } = query;
    const found = await scope.database
      .select()
      .from(user)
      .where(
        and(
          ne(user.role, "partner"),
          role === undefined ? undefined : eq(user.role, role),
          active === undefined
            ? undefined
            : active === "true"
              ? isNull(user.deactivatedAt)
              : isNotNull(user.deactivatedAt),
          search === undefined ? undefined : beginsWith(search),
          after,
        ),
      )
      .orderBy(user.id)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, ({ id }) => id);
    return { items: rows.map(toPerson), cursor };
  })
  .add(ENDPOINTS.inviteUser, async ({ scope, principal, body }) => {
    const place = { orgId: null, role: body.role };
    const row = await invite(scope, principal, body.email, place, "invitation.create");
    return toInvitation(row, { id: principal.user.id, name: principal.user.name });
  })
  .add(ENDPOINTS.getUser, ({ scope, params }) => getPerson(scope, params.id))
  .add(ENDPOINTS.patchUser, async ({ scope, principal, params, body }) =>
    toPerson(await changePerson(scope, principal, params.id, body)),
  )
  .add(ENDPOINTS.signOutUser, async ({ scope, principal, params }) => {
    await signOut(scope, principal, params.id);
    return undefined;
  });

const LIKE_SPECIAL = /[\\%_]/g;

/** Whether the address or the name begins like this, in whatever case. */
function beginsWith(search: string): SQL | undefined {
  const pattern = `${search.toLowerCase().replaceAll(LIKE_SPECIAL, String.raw`\$&`)}%`;
  return or(sql`lower(${user.email}) like ${pattern}`, sql`lower(${user.name}) like ${pattern}`);
}

/** All of it in one round trip. */
async function getPerson({ database }: Scope, id: string) {
  const sessions = database
    .select({ count: count().as("session_count") })
    .from(session)
    .where(and(eq(session.userId, user.id), sql`${session.expiresAt} > now()`))
    .as("sessions");
  const isGood = and(isNull(apiKey.revokedAt), or(isNull(apiKey.expiresAt), sql`${apiKey.expiresAt} > now()`));
  const keys = database
    .select({ count: count().as("key_count") })
    .from(apiKey)
    .where(and(eq(apiKey.userId, user.id), isGood))
    .as("keys");
  const memberships = database
    .select({ slug: org.slug, role: member.role, all: sql<number>`count(*) over ()::int`.as("membership_count") })
    .from(member)
    .innerJoin(org, eq(org.id, member.orgId))
    .where(eq(member.userId, user.id))
    .orderBy(org.slug)
    .limit(ORGS_SHOWN_OF_USER_MAX)
    .as("memberships");
  const rows = await database
    .select({
      user,
      sessions: sessions.count,
      keys: keys.count,
      slug: memberships.slug,
      role: memberships.role,
      all: memberships.all,
    })
    .from(user)
    .innerJoinLateral(sessions, sql`true`)
    .innerJoinLateral(keys, sql`true`)
    .leftJoinLateral(memberships, sql`true`)
    .where(and(eq(user.id, id), ne(user.role, "partner")))
    .orderBy(memberships.slug);
  const [first] = rows;
  if (first === undefined) throw noPerson();
  return {
    ...toPerson(first.user),
    twoFactorEnabled: first.user.twoFactorEnabled,
    sessions: first.sessions,
    keys: first.keys,
    orgCount: first.all ?? 0,
    orgs: rows.flatMap(({ slug, role }) =>
      slug === null || role === null ? [] : [{ slug, role: role satisfies OrgRole }],
    ),
  };
}

function toPerson({ id, email, name, role, deactivatedAt, createdAt }: UserRow) {
  if (role === "partner") throw new Error(`${id} is a partner`);
  return {
    id,
    email,
    name,
    role,
    active: deactivatedAt === null,
    deactivatedAt: deactivatedAt?.getTime() ?? null,
    createdAt: createdAt.getTime(),
  };
}
