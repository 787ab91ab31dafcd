import { and, eq, isNull, sql } from "drizzle-orm";

import type { Actor, SettingsPatch, StoredSettings } from "../../contracts/doors.ts";
import { PlatformError, platformErrorOf } from "../../contracts/errors.ts";
import { DESTROY_BATCH_MAX } from "../../contracts/limits.ts";
import type { OwnQuotas } from "../../contracts/plans.ts";
import { DEFAULT_ORG_SETTINGS } from "../../contracts/projection.ts";
import { audit, auditLater } from "./audit/write.ts";
import { apiKey, org } from "./database/schema.ts";
import { holdPlan } from "./plans/change.ts";
import { reportFailure } from "./report.ts";
import type { Scope } from "./scope.ts";
import { copyLastUsage } from "./usage/roll-up.ts";

type OrgRow = typeof org.$inferSelect;

/** Makes the org's object know it, and notes that. May be repeated. */
export async function openOrg(scope: Scope, { id, slug }: Pick<OrgRow, "id" | "slug">): Promise<void> {
  await scope.state.openOrg(id, slug);
  scope.later(() =>
    scope.database
      .update(org)
      .set({ openedAt: new Date() })
      .where(and(eq(org.id, id), isNull(org.openedAt))),
  );
}

/** What of an org's row shall change; the quotas are the org's own, and replace those before. */
export interface OrgPatch {
  name?: string | undefined;
  plan?: string | undefined;
  quotas?: OwnQuotas | undefined;
}

/**
 * Changes an org's name or what it may have, with a note of who wanted it; its object is still to be told of new quotas.
 * Throws `not_found` when it is gone meanwhile, `invalid` when there is no such plan.
 */
export async function changeOrg(
  scope: Scope,
  before: OrgRow,
  { name, plan, quotas }: OrgPatch,
  actor: Actor,
): Promise<OrgRow> {
  const { id, slug } = before;
  const limited = plan !== undefined || quotas !== undefined;
  return scope.database.transaction(async (tx) => {
    if (plan !== undefined) await holdPlan(tx, plan);
    const revision = limited ? { quotasRevision: sql`${org.quotasRevision} + 1` } : {};
    const [changed] = await tx
      .update(org)
      .set({ name, plan, quotas, ...revision })
      .where(eq(org.id, id))
      .returning();
    if (changed === undefined) throw new PlatformError("not_found", `The org ${slug} is gone.`);
    const entry = { actor, target: slug, orgId: id };
    if (name !== undefined) {
      await audit(tx, scope, { ...entry, action: "org.rename", details: { before: before.name, after: name } });
    }
    if (limited) {
      const details = { before: allowed(before), after: allowed(changed) };
      await audit(tx, scope, { ...entry, action: "org.quotas", details });
    }
    return changed;
  });
}

const allowed = ({ plan, quotas }: OrgRow) => ({ plan, quotas });

/** What holds for all scripts of an org; what nobody has set is as it is for every org. */
export async function settingsOf(scope: Scope, orgId: string): Promise<StoredSettings> {
  return (await scope.state.findSettings(orgId)) ?? { ...DEFAULT_ORG_SETTINGS, ceilings: {} };
}

/** Changes that, and has it live at every edge when this returns. */
export async function changeSettings(
  scope: Scope,
  { id, slug }: Pick<OrgRow, "id" | "slug">,
  patch: SettingsPatch,
  actor: Actor,
): Promise<void> {
  const details = await scope.state.changeSettings(id, patch);
  await scope.edges.forget(slug);
  auditLater(scope, { actor, action: "org.settings", target: slug, orgId: id, details });
}

/** Marks an org to be destroyed, with a note of who wanted it. May be repeated. */
export async function beginDestroying(
  scope: Scope,
  { id, slug }: Pick<OrgRow, "id" | "slug">,
  actor: Actor,
): Promise<void> {
  await scope.database.transaction(async (tx) => {
    const marked = await tx
      .update(org)
      .set({ state: "destroying" })
      .where(and(eq(org.id, id), eq(org.state, "running")))
      .returning({ id: org.id });
    if (marked.length > 0) await audit(tx, scope, { actor, action: "org.delete", target: slug, orgId: id });
  });
}

/**
 * Destroys an org that is marked `destroying`: it stops answering, its state goes, and last of all its row,
 * so that a pass that was cut off leaves something to finish. Every step may be repeated.
 */
export async function finishDestroying(
  scope: Scope,
  { id, slug }: Pick<OrgRow, "id" | "slug">,
  actor: Actor,
): Promise<void> {
  await stopAnswering(scope, id);
  await scope.edges.forget(slug);
  await copyLastUsage(scope, id);
  await scope.state.destroyOrg(id);
  await scope.edges.forget(slug);
  await scope.database.transaction(async (tx) => {
    await tx.delete(apiKey).where(eq(apiKey.orgId, id));
    const gone = await tx.delete(org).where(eq(org.id, id)).returning({ id: org.id });
    if (gone.length === 0) return;
    await audit(tx, scope, { actor, action: "org.destroyed", target: slug, orgId: id });
  });
}

/** An org that its object does not know (any more) answers nothing already. */
async function stopAnswering(scope: Scope, orgId: string): Promise<void> {
  try {
    await scope.state.setOrgState(orgId, "destroying");
  } catch (error) {
    const code = platformErrorOf(error)?.code;
    if (code !== "not_found" && code !== "gone") throw error;
  }
}

/** Finishes what was left half destroyed; a failure of one org does not keep the others. */
export async function sweepDestroying(scope: Scope): Promise<void> {
  const left = await scope.database
    .select({ id: org.id, slug: org.slug })
    .from(org)
    .where(eq(org.state, "destroying"))
    .orderBy(org.updatedAt)
    .limit(DESTROY_BATCH_MAX);
  for (const row of left) {
    try {
      await finishDestroying(scope, row, { type: "platform", id: "sweep", name: "Clean-up" });
    } catch (error) {
      reportFailure(scope.requestId, `org ${row.id} is still not destroyed`, error);
      // To the end of the queue, so that it does not keep the others waiting.
      await scope.database
        .update(org)
        .set({ updatedAt: new Date() })
        .where(and(eq(org.id, row.id), eq(org.state, "destroying")));
    }
  }
}
