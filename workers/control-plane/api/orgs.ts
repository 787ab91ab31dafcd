import { and, eq, gt, sql } from "drizzle-orm";
import type { z } from "zod";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { ORGS_PER_USER_MAX, PAGE_SIZE_DEFAULT } from "../../../contracts/limits.ts";
import { machineSpecSchema } from "../../../contracts/machines.ts";
import { DEFAULT_PLAN } from "../../../contracts/plans.ts";
import type { OrgRole } from "../../../contracts/rights.ts";
import { requireOnPlatform, seesEveryOrg } from "../access.ts";
import { audit } from "../audit/write.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import { member, org, plan } from "../database/schema.ts";
import { type ControlPlaneEnv, orgUrl } from "../env.ts";
import { Mounts } from "../mount.ts";
import { changeOrg, changeSettings, settingsOf } from "../org-life.ts";
import { destroyOrg } from "../org-life/destroy.ts";
import { requireUnled, slugTaken } from "../org-life/rename.ts";
import { tellOrg } from "../org-life/tell.ts";
import { noSuchPlan } from "../plans/change.ts";
import { publishQuotas } from "../plans/publish.ts";
import { quotasOf } from "../plans/standing.ts";
import { beginProvision, requirePossible, type Wanted } from "../provisioning/create.ts";
import { launch } from "../provisioning/launch.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { keyOfCursor, pageOfRows } from "./page.ts";

type OrgRow = typeof org.$inferSelect;

/** Orgs: their rows here, their state behind the door. */
export const orgs = new Mounts()
  .add(ENDPOINTS.listOrgs, async ({ scope, principal, query }) => {
    const { rows, cursor } = await listOrgs(scope, principal, query.limit ?? PAGE_SIZE_DEFAULT, query.cursor);
    return { items: rows.map((row) => toOrg(scope.env, row.org, row.role)), cursor };
  })
  .add(ENDPOINTS.createOrg, async ({ scope, principal, body }) => {
    const { slug, driver } = body;
    const wanted = wantedMachine(scope, body);
    if (body.plan !== DEFAULT_PLAN) requireOnPlatform(principal, "orgs:limit");
    const id = newId("org");
    const row = await scope.database.transaction(async (tx) => {
      const userId = principal.user.id;
      const owned = sql<number>`(select count(*)::int from ${org} where ${org.createdBy} = ${userId})`;
      const [found] = await tx
        .select({ quotas: plan.quotas, owned })
        .from(plan)
        .where(eq(plan.name, body.plan))
        .for("key share");
      if (found === undefined) return noSuchPlan(body.plan);
      if (found.owned >= ORGS_PER_USER_MAX) throw tooManyOrgs(found.owned);
      // An org that nothing is bounded of need not be told so.
      const quotasRevision = Object.keys(found.quotas).length > 0 ? 1 : 0;
      const state = wanted === null ? ("running" as const) : ("provisioning" as const);
      const place = { id, slug, name: body.name ?? slug, driver, state, createdBy: userId };
      const values = { ...place, plan: body.plan, quotasRevision };
      const [made] = await tx.insert(org).values(values).onConflictDoNothing().returning();
      if (made === undefined) throw slugTaken(slug);
      await requireUnled(tx, slug, id);
      await tx.insert(member).values({ orgId: id, userId, role: "owner" });
      const actor = actorOf(principal);
      await audit(tx, scope, { actor, action: "org.create", target: slug, orgId: id });
      const how = { isFirst: true, actor, action: "machine.create" } as const;
      const provision = wanted === null ? null : await beginProvision(tx, scope, made, wanted, how);
      return { made, provision };
    });
    await openLazily(scope, row.made);
    if (row.provision !== null) {
      await launch(scope, { provisionId: row.provision.id, attempt: row.provision.attempt });
    }
    return toOrg(scope.env, row.made, "owner");
  })
  .add(ENDPOINTS.getOrg, async ({ scope, access }) => {
    return toDetail(scope, access.org, access.role);
  })
  .add(ENDPOINTS.patchOrg, async ({ scope, principal, access, body }) => {
    const { name, plan, quotas, egress, ...limits } = body;
    const actor = actorOf(principal);
    const limited = plan !== undefined || quotas !== undefined;
    if (limited || Object.keys(limits).length > 0) requireOnPlatform(principal, "orgs:limit");
    const settings = { ...limits, ...(egress === undefined ? {} : { egress }) };
    if (Object.keys(settings).length > 0) await changeSettings(scope, access.org, settings, actor);
    let row = access.org;
    if (limited || name !== undefined) row = await changeOrg(scope, row, { name, plan, quotas }, actor);
    if (limited) await publishQuotas(scope, row.id);
    return toDetail(scope, row, access.role);
  })
  .add(ENDPOINTS.deleteOrg, async ({ scope, principal, access, query }) => {
    const { slug } = access.org;
    if (query.confirm !== slug) {
      const reason = `must be the slug, ${slug}`;
      throw new PlatformError("invalid", `To destroy the org, repeat its slug: ?confirm=${slug}`, {
        issues: [{ field: "confirm", reason }],
      });
    }
    await destroyOrg(scope, access.org, actorOf(principal));
    return undefined;
  });

/** The orgs a principal has a part in, by slug. */
export async function listOrgs(scope: Scope, principal: Principal, limit: number, cursor?: string) {
  const after = keyOfCursor(cursor);
  const bound = principal.key?.org ?? null;
  const mine = and(eq(member.orgId, org.id), eq(member.userId, principal.user.id));
  const select = scope.database.select({ org, role: member.role }).from(org).$dynamic();
  const visible = seesEveryOrg(principal) ? select.leftJoin(member, mine) : select.innerJoin(member, mine);
  const found: { org: OrgRow; role: OrgRole | null }[] = await visible
    .where(and(bound === null ? undefined : eq(org.id, bound.id), after === null ? undefined : gt(org.slug, after)))
    .orderBy(org.slug)
    .limit(limit + 1);
  return pageOfRows(found, limit, (row) => row.org.slug);
}

/** The machine that a new org is to have; null where its scripts answer. Throws `invalid` where none such can be had. */
function wantedMachine(scope: Scope, { driver, machine }: z.output<typeof ENDPOINTS.createOrg.body>): Wanted | null {
  if (driver !== "isolate") {
    const wanted = { driver, spec: machine ?? machineSpecSchema.parse({}) };
    requirePossible(scope, wanted);
    return wanted;
  }
  if (machine === undefined) return null;
  throw new PlatformError("invalid", "An org on isolates has no machine. Name a driver, or leave out machine.", {
    issues: [{ field: "machine", reason: "needs a driver other than isolate" }],
  });
}

/** The org exists once its row does; where its object cannot be opened now, a later look-up does it. */
async function openLazily(scope: Scope, row: OrgRow): Promise<void> {
  try {
    await tellOrg(scope, row.id, row);
    if (row.quotasPublished < row.quotasRevision) await publishQuotas(scope, row.id);
  } catch (error) {
    reportFailure(scope.requestId, `org ${row.id} will be opened when somebody asks for it`, error);
  }
  // Somebody may have asked for the host before, and an edge may remember that there was nothing.
  await scope.edges.forget(row.slug);
}

export function toOrg(env: ControlPlaneEnv, row: OrgRow, role: OrgRole | null) {
  const { id, slug, name, driver, state, suspendedBy, suspendedReason } = row;
  const suspended = suspendedBy === null ? null : { by: suspendedBy, reason: suspendedReason };
  return { id, slug, name, driver, state, suspended, url: orgUrl(env, slug), role, createdAt: row.createdAt.getTime() };
}

async function toDetail(scope: Scope, row: OrgRow, role: OrgRole | null) {
  const [quotas, settings] = await Promise.all([
    quotasOf(scope, row),
    row.state === "destroying" ? null : settingsOf(scope, row.id),
  ]);
  return { ...toOrg(scope.env, row, role), settings, plan: row.plan, quotas, ownQuotas: row.quotas };
}

const tooManyOrgs = (used: number): PlatformError =>
  new PlatformError("conflict", `You have made ${used} of ${ORGS_PER_USER_MAX} orgs. Delete one first.`, {
    limit: ORGS_PER_USER_MAX,
    used,
  });
