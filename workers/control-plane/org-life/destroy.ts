import { and, eq } from "drizzle-orm";

import type { Actor } from "../../../contracts/doors.ts";
import { platformErrorOf } from "../../../contracts/errors.ts";
import { DESTROY_AT_ONCE, DESTROY_BATCH_MAX, DESTROY_PASS_MS, DESTROY_WAIT_MS } from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import { apiKey, org, slugRedirect } from "../database/schema.ts";
import { destroyTenantDatabase } from "../databases/tenant.ts";
import { releaseAllDomains } from "../domains/release.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { copyLastUsage } from "../usage/roll-up.ts";
import { destroyMachine } from "./machine.ts";

type Doomed = Pick<OrgRow, "id" | "slug">;

/**
 * Destroys an org. From here on it answers nothing and nothing brings it back; what takes long, such as a provider that
 * hangs, goes on after this has returned, and by the clock until it is done.
 */
export async function destroyOrg(scope: Scope, doomed: Doomed, actor: Actor): Promise<void> {
  await beginDestroying(scope, doomed, actor);
  await stopAnswering(scope, doomed);
  const finished = finishDestroying(scope, doomed, actor);
  if (await settlesWithin(finished, DESTROY_WAIT_MS)) await finished;
  else scope.later(() => finished);
}

/** Marks an org to be destroyed, with a note of who wanted it. May be repeated. */
async function beginDestroying(scope: Scope, { id, slug }: Doomed, actor: Actor): Promise<void> {
  await scope.database.transaction(async (tx) => {
    const [before] = await tx.select({ state: org.state }).from(org).where(eq(org.id, id)).for("no key update");
    if (before === undefined || before.state === "destroying") return;
    await tx.update(org).set({ state: "destroying" }).where(eq(org.id, id));
    const details = { before: { state: before.state }, after: { state: "destroying" } };
    await audit(tx, scope, { actor, action: "org.delete", target: slug, orgId: id, details });
  });
}

/**
 * Destroys an org that is marked `destroying`: it stops answering, what others keep for it goes, its state goes, and last of
 * all its row, so that a pass that was cut off leaves something to finish. Every step may be repeated.
 */
async function finishDestroying(scope: Scope, doomed: Doomed, actor: Actor): Promise<void> {
  const { id, slug } = doomed;
  await stopAnswering(scope, doomed);
  await destroyMachine(scope, doomed, actor);
  await destroyTenantDatabase(scope, id, actor);
  await copyLastUsage(scope, id);
  const redirects = await scope.database
    .select({ slug: slugRedirect.slug })
    .from(slugRedirect)
    .where(eq(slugRedirect.orgId, id));
  await scope.state.destroyOrg(id);
  // The last edges to hear of its domains find neither a record nor a claim.
  await releaseAllDomains(scope, id);
  await Promise.all([slug, ...redirects.map((redirect) => redirect.slug)].map((each) => scope.edges.forget(each)));
  await scope.database.transaction(async (tx) => {
    await tx.delete(apiKey).where(eq(apiKey.orgId, id));
    const gone = await tx.delete(org).where(eq(org.id, id)).returning({ id: org.id });
    if (gone.length === 0) return;
    await audit(tx, scope, { actor, action: "org.destroyed", target: slug, orgId: id });
  });
}

/** An org that its object does not know (any more) answers nothing already. */
async function stopAnswering(scope: Scope, { id, slug }: Doomed): Promise<void> {
  try {
    await scope.state.setOrgState(id, "destroying");
  } catch (error) {
    const code = platformErrorOf(error)?.code;
    if (code !== "not_found" && code !== "gone") throw error;
  }
  await scope.edges.forget(slug);
}

/** Finishes what was left half destroyed; one that fails, or takes its time, does not keep the others. */
export async function sweepDestroying(scope: Scope): Promise<void> {
  const left = await scope.database
    .select({ id: org.id, slug: org.slug })
    .from(org)
    .where(eq(org.state, "destroying"))
    .orderBy(org.updatedAt)
    .limit(DESTROY_BATCH_MAX);
  const endsAt = Date.now() + DESTROY_PASS_MS;
  const next = left.values();
  const worker = async (): Promise<void> => {
    for (const row of next) {
      if (Date.now() >= endsAt) return;
      const finished = finish(scope, row);
      if (!(await settlesWithin(finished, endsAt - Date.now()))) scope.later(() => finished);
    }
  };
  await Promise.all(Array.from({ length: DESTROY_AT_ONCE }, worker));
}

async function finish(scope: Scope, row: Doomed): Promise<void> {
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

/** Waits for work to end, well or badly, but no longer than this; says whether it did. */
async function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const settled = work.then(
    () => true as const,
    () => true as const,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}
