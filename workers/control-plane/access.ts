import { and, eq } from "drizzle-orm";

import { PlatformError } from "../../contracts/errors.ts";
import { BEYOND_ONE_ORG, type Capability, ORG_ROLE_CAPABILITIES, type OrgRole } from "../../contracts/rights.ts";
import { slugProblem } from "../../contracts/slug.ts";
import { keyAllows, mayOnPlatform, type Principal, type Standing } from "./auth/principal.ts";
import { member, org } from "./database/schema.ts";
import { findRedirect } from "./org-life/rename.ts";
import { tellOrg } from "./org-life/tell.ts";
import type { Scope } from "./scope.ts";

export type OrgRow = typeof org.$inferSelect;

/** An org that the principal may see, and its role in it (null where a platform role alone lets it in). */
export interface OrgAccess {
  org: OrgRow;
  role: OrgRole | null;
}

/** What needs nothing but the org's row, whatever state it is in. */
const ON_ITS_ROW: ReadonlySet<Capability> = new Set<Capability>(["org:read", "org:delete"]);
/** What needs an org that runs: it is answered by its scripts or at its host. Everything else goes on in all other states. */
const WHILE_RUNNING: ReadonlySet<Capability> = new Set<Capability>(["scripts:invoke", "org:open"]);

const notFound = (): PlatformError =>
  new PlatformError("not_found", "There is no such org, or you have no part in it. `isola orgs list` shows yours.");

/** Platform owners and admins have a part in every org. */
export function seesEveryOrg({ user }: { user: Pick<Principal["user"], "role"> }): boolean {
  return user.role === "owner" || user.role === "admin";
}

/** The way from a slug to an org, for whatever the path does not name; see {@link judgeAccess}. */
export async function accessOrg(
  scope: Scope,
  principal: Principal,
  slug: string,
  capability: Capability,
): Promise<OrgAccess> {
  if (slugProblem(slug) !== null) throw notFound();
  const [row] = await scope.database
    .select({ org, role: member.role })
    .from(org)
    .leftJoin(member, and(eq(member.orgId, org.id), eq(member.userId, principal.user.id)))
    .where(eq(org.slug, slug));
  return judgeAccess(scope, { principal, org: row?.org ?? null, role: row?.role ?? null }, capability, slug);
}

/**
 * Lets a principal into an org, or not. What it has no part in does not exist (`not_found`); what it sees but may not do
 * is `forbidden`; what cannot be done while the org is as it is, is `conflict`, or `unavailable` while that passes.
 *
 * @param slug what was asked for: one that the org had before is `not_found` too, and who may see it hears the new one
 */
export async function judgeAccess(
  scope: Scope,
  { principal, org, role }: Standing,
  capability: Capability,
  slug: string,
): Promise<OrgAccess> {
  if (org === null) throw await renamedOrNone(scope, principal, slug);
  if (!isVisible(principal, { org, role })) throw notFound();
  const row = { org, role };
  const allowed = seesEveryOrg(principal) || (row.role !== null && ORG_ROLE_CAPABILITIES[row.role].has(capability));
  if (!allowed || !keyAllows(principal, capability)) throw forbidden(principal, capability);
  requireState(org, capability);
  if (row.org.openedAt === null && !ON_ITS_ROW.has(capability)) await tellOrg(scope, row.org.id);
  return row;
}

/** Refuses what cannot be done while the org is in the state it is in. */
function requireState({ slug, state, suspendedReason }: OrgRow, capability: Capability): void {
  if (state === "destroying" && !ON_ITS_ROW.has(capability)) {
    throw new PlatformError("conflict", `The org ${slug} is being destroyed.`, { state });
  }
  if (state === "running" || !WHILE_RUNNING.has(capability)) return;
  if (state === "provisioning" || state === "starting") {
    throw new PlatformError("unavailable", `The org ${slug} is getting its machine. Try again in a moment.`, {
      state,
      retryAfterSeconds: 5,
    });
  }
  const why = suspendedReason === null ? "" : ` (${suspendedReason})`;
  const message =
    state === "suspended"
      ? `The org ${slug} is suspended${why}. Resume it first: \`isola orgs resume ${slug}\`.`
      : `The org ${slug} is ${state}: it got no machine. Try again with \`isola machines retry --org ${slug}\`, or delete it.`;
  throw new PlatformError("conflict", message, { state });
}

/** Who may see the org that a slug leads to hears what it is called now; to all others there is none. */
async function renamedOrNone(scope: Scope, principal: Principal, slug: string): Promise<PlatformError> {
  const found = slugProblem(slug) === null ? await findRedirect(scope, slug) : null;
  if (found === null) return notFound();
  const [mine] = await scope.database
    .select({ role: member.role })
    .from(member)
    .where(and(eq(member.orgId, found.id), eq(member.userId, principal.user.id)));
  if (!isVisible(principal, { org: found, role: mine?.role ?? null })) return notFound();
  return new PlatformError("not_found", `The org ${slug} is called ${found.slug} now. Ask for that.`, {
    slug: found.slug,
  });
}

/** Whether the principal has a part in an org. */
export function isVisible(principal: Principal, { org, role }: OrgAccess): boolean {
  const bound = principal.key?.org ?? null;
  return (bound === null || bound.id === org.id) && (role !== null || seesEveryOrg(principal));
}

/** Refuses what the principal may not do outside any org. */
export function requireOnPlatform(principal: Principal, capability: Capability): void {
  const bound = (principal.key?.org ?? null) !== null;
  if ((bound && BEYOND_ONE_ORG.has(capability)) || !mayOnPlatform(principal, capability))
    throw forbidden(principal, capability);
}

function forbidden(principal: Principal, capability: Capability): PlatformError {
  const lacking = keyAllows(principal, capability)
    ? `Your role does not allow ${capability}. Ask an owner for it.`
    : `This key's scopes do not cover ${capability}. Make a key that has it: \`isola keys create --scope ${capability}\`.`;
  return new PlatformError("forbidden", lacking, { capability });
}
