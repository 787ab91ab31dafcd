import { and, eq } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import type { Queries } from "../database/connect.ts";
import { org } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { restMachine, wakeMachineAfterRest } from "./machine.ts";
import { tellOrg } from "./tell.ts";

/** In whose name somebody suspends or resumes: the org's own people, or the platform, whose word stands above theirs. */
type Authority = "org" | "platform";

/** Who wants it, and in whose name. */
export interface Demand {
  actor: Actor;
  authority: Authority;
}

/**
 * Has an org's hosts answer 503 and its scripts rest. When this returns every edge knows; its machine, where it has one, is
 * being stopped. May be repeated; the platform's word takes the place of the org's own, and never the other way round.
 *
 * @throws PlatformError `conflict` for an org that is neither running nor suspended
 */
export async function suspendOrg(
  scope: Scope,
  { id, slug }: Pick<OrgRow, "id" | "slug">,
  reason: string | null,
  { actor, authority }: Demand,
): Promise<OrgRow> {
  const row = await scope.database.transaction(async (tx) => {
    const before = await lock(tx, { id, slug });
    if (before.state !== "running" && before.state !== "suspended") throw notNow(before, "suspended");
    if (!isNews(before, authority, reason)) return before;
    const after = { state: "suspended" as const, suspendedBy: authority, suspendedReason: reason };
    const changed = await change(tx, before, after);
    const details = { before: standing(before), after: standing(changed) };
    await audit(tx, scope, { actor, action: "org.suspend", target: changed.slug, orgId: id, details });
    return changed;
  });
  await tellOrg(scope, id);
  scope.later(() => restMachine(scope, { id, slug }, actor));
  return row;
}

/**
 * Has a suspended org answer again, at every edge when this returns; its machine is being started. May be repeated.
 *
 * @throws PlatformError `forbidden` for what the platform suspended, to all but the platform; `conflict` for an org that is
 *   neither suspended nor running
 */
export async function resumeOrg(
  scope: Scope,
  { id, slug }: Pick<OrgRow, "id" | "slug">,
  { actor, authority }: Demand,
): Promise<OrgRow> {
  const { row, resumed } = await scope.database.transaction(async (tx) => {
    const before = await lock(tx, { id, slug });
    if (before.state === "running") return { row: before, resumed: false };
    if (before.state !== "suspended") throw notNow(before, "resumed");
    if (before.suspendedBy === "platform" && authority !== "platform") throw notYours(before);
    const changed = await change(tx, before, { state: "running", suspendedBy: null, suspendedReason: null });
    const details = { before: standing(before), after: standing(changed) };
    await audit(tx, scope, { actor, action: "org.resume", target: changed.slug, orgId: id, details });
    return { row: changed, resumed: true };
  });
  await tellOrg(scope, id);
  if (resumed) scope.later(() => wakeMachineAfterRest(scope, { id, slug }, actor));
  return row;
}

/** Whether this suspension says more than the one there is. */
function isNews(before: OrgRow, authority: Authority, reason: string | null): boolean {
  if (before.state !== "suspended") return true;
  if (before.suspendedBy !== authority) return authority === "platform";
  return reason !== null && reason !== before.suspendedReason;
}

const standing = ({ state, suspendedBy, suspendedReason }: OrgRow) =>
  state === "suspended" ? { state, by: suspendedBy, reason: suspendedReason } : { state };

async function lock(tx: Queries, { id, slug }: Pick<OrgRow, "id" | "slug">): Promise<OrgRow> {
  const [row] = await tx.select().from(org).where(eq(org.id, id)).for("no key update");
  if (row === undefined) throw new PlatformError("not_found", `The org ${slug} is gone.`);
  return row;
}

/** Its object does not know of the change yet; see `tell.ts`. */
async function change(
  tx: Queries,
  before: OrgRow,
  values: Pick<OrgRow, "state" | "suspendedBy" | "suspendedReason">,
): Promise<OrgRow> {
  const [row] = await tx
    .update(org)
    .set({ ...values, openedAt: null })
    .where(and(eq(org.id, before.id), eq(org.state, before.state)))
    .returning();
  if (row === undefined) throw new PlatformError("not_found", `The org ${before.slug} is gone.`);
  return row;
}

function notNow({ slug, state }: OrgRow, what: "suspended" | "resumed"): PlatformError {
  const advice = what === "suspended" ? "Only a running org can be suspended." : "Only a suspended org can be resumed.";
  return new PlatformError("conflict", `The org ${slug} is ${state}. ${advice}`, { state });
}

function notYours({ slug, suspendedReason }: OrgRow): PlatformError {
  const why = suspendedReason === null ? "" : ` (${suspendedReason})`;
  return new PlatformError(
    "forbidden",
    `The platform suspended ${slug}${why}, and only the platform resumes it. Ask its admins.`,
    { suspendedBy: "platform", reason: suspendedReason },
  );
}
