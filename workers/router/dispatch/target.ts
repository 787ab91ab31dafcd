import { PlatformError } from "../../../contracts/errors.ts";
import { STATE_CALL_MS } from "../../../contracts/limits.ts";
import type { ProjectedScript } from "../../../contracts/projection.ts";
import { standingRefusal } from "../admission/standing.ts";
import { released, withDeadline } from "../deadline.ts";
import type { RouterEnv } from "../env.ts";
import { hostsOf } from "../hosts.ts";
import { learn } from "../resolve/host-cache.ts";
import { resolvedOrg, type ResolvedOrg } from "../resolve/org.ts";
import { resolveOrg } from "../resolve/resolve.ts";

/** A script and the org that has it. */
export interface Target {
  org: ResolvedOrg;
  script: ProjectedScript;
}

/**
 * The script that somebody inside the platform names; null where it is gone. What is remembered may be older than the
 * question, so the org's own object is asked before that is said.
 *
 * @throws PlatformError `unavailable` when the org stands still, and when the authority is down and nothing is known.
 */
export async function findTarget(
  { orgId, slug, scriptId }: { orgId: string; slug: string; scriptId: string },
  env: RouterEnv,
): Promise<Target | null> {
  const known = hostsOf(env).bySlug(slug);
  const remembered = targetIn(await resolveOrg(known, env, Date.now()), orgId, scriptId);
  if (remembered !== null) return remembered;
  const projection = released(
    await withDeadline(env.STATE.projection(orgId), STATE_CALL_MS, "Looking up the org").catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : "unknown";
      throw new PlatformError("unavailable", "The org cannot be looked up right now. Try again in a second.", {
        reason,
      });
    }),
  );
  if (projection === null || projection.state === "destroying") return null;
  const refusal = standingRefusal(projection);
  if (refusal !== null) throw refusal;
  const org = resolvedOrg(projection);
  const target = targetIn(org, orgId, scriptId);
  const isNewer = known.org === null || known.org.projection.revision < projection.revision;
  if (target !== null && projection.slug === slug && isNewer) learn(known, org, null, Date.now());
  return target;
}

function targetIn(org: ResolvedOrg | null, orgId: string, scriptId: string): Target | null {
  if (org === null || org.projection.orgId !== orgId || org.projection.state !== "running") return null;
  const { scripts } = org.projection;
  const script = Object.hasOwn(scripts, scriptId) ? scripts[scriptId] : undefined;
  return script === undefined ? null : { org, script };
}
