import { eq, sql } from "drizzle-orm";

import type { Actor, SettingsPatch, StoredSettings } from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { OwnQuotas } from "../../contracts/plans.ts";
import { DEFAULT_ORG_SETTINGS } from "../../contracts/projection.ts";
import { audit, auditLater } from "./audit/write.ts";
import { org } from "./database/schema.ts";
import { holdPlan } from "./plans/change.ts";
import type { Scope } from "./scope.ts";

type OrgRow = typeof org.$inferSelect;

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
