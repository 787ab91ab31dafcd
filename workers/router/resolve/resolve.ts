import type { DirectoryDoor, StateDoor } from "../../../contracts/doors.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import { PROJECTION_FRESH_MS, PROJECTION_REFRESH_MS, STATE_CALL_MS } from "../../../contracts/limits.ts";
import { projectionKey, type Projection } from "../../../contracts/projection.ts";
import { released, withDeadline } from "../deadline.ts";
import { type HostCache, learn, learnMove, type Known, type Moved } from "./host-cache.ts";
import { movedIn } from "./moved.ts";
import { resolvedOrg, type ResolvedOrg } from "./org.ts";

/** Where projections come from: KV first, then the directory and the org's own object. */
export interface Authority {
  PROJECTIONS: Pick<KVNamespace, "get">;
  DIRECTORY: Pick<DirectoryDoor, "findOrg">;
  STATE: Pick<StateDoor, "projection">;
}

/**
 * The org behind a slug, from memory while that is fresh, else from the authority.
 * While one request asks, the others take the stale copy; when the authority is down, so does the
 * one that asked, however old the copy is.
 *
 * @param refuseStranger called before the directory is asked for a slug that nothing is known of and nothing was
 *   published under; what it throws is the answer
 * @throws PlatformError `unavailable` when the authority is down and nothing is known.
 */
export async function resolveOrg(
  known: Known,
  authority: Authority,
  now: number,
  refuseStranger?: () => void,
): Promise<ResolvedOrg | null> {
  if (now < known.freshUntil) return known.org;
  if (known.org !== null && now < known.refreshingUntil) return known.org;
  const patience = known.org === null ? STATE_CALL_MS : PROJECTION_REFRESH_MS;
  known.refreshingUntil = now + patience;
  try {
    const refuse = known.org === null && known.moved === null ? refuseStranger : undefined;
    const read = await withDeadline(readProjection(known.slug, authority, refuse), patience, "Looking up the host");
    const at = Date.now();
    if (read === null) learn(known, null, null, at);
    else if ("moved" in read) learnMove(known, read.moved, at);
    else {
      const unchanged = read.text === known.text && known.org !== null;
      learn(known, unchanged ? known.org : resolvedOrg(read.parse()), read.text, at);
    }
    return known.org;
  } catch (error) {
    known.refreshingUntil = 0;
    if (platformErrorOf(error)?.code === "too_many_requests") throw error;
    if (known.org === null && known.moved === null) {
      throw new PlatformError("unavailable", "The directory cannot be reached right now. Try again in a second.", {
        reason: error instanceof Error ? error.message : "unknown",
      });
    }
    known.freshUntil = Date.now() + PROJECTION_FRESH_MS;
    return known.org;
  }
}

/**
 * The org that somebody inside the platform knew under a slug, also where it has another by now; null where it is gone.
 *
 * @throws PlatformError `unavailable` when the authority is down and nothing is known.
 */
export async function followOrg(
  { orgId, slug }: { orgId: string; slug: string },
  hosts: HostCache,
  authority: Authority,
  now: number,
): Promise<ResolvedOrg | null> {
  const known = hosts.bySlug(slug);
  let org = await resolveOrg(known, authority, now);
  const { moved } = known;
  if (org === null && moved?.orgId === orgId) org = await resolveOrg(hosts.bySlug(moved.slug), authority, now);
  // A slug that was freed may belong to another org by now.
  return org?.projection.orgId === orgId ? org : null;
}

/** What is under a slug: the text of a projection, or where the org went that had it. */
type Read = { text: string; parse(): Projection } | { moved: Moved };

async function readProjection(slug: string, authority: Authority, refuseStranger?: () => void): Promise<Read | null> {
  const published = await publishedUnder(slug, authority);
  if (published !== null) return published;
  // KV may not have it yet, and remembers having missed it; the directory knows.
  refuseStranger?.();
  const listed = released(await authority.DIRECTORY.findOrg(slug));
  if (listed === null) return null;
  if (listed.slug !== slug) return { moved: { slug: listed.slug, orgId: listed.orgId, until: Infinity } };
  const projection = released(await authority.STATE.projection(listed.orgId));
  if (projection === null) return null;
  // Between two slugs the directory is ahead of the org's own object, and it is the directory that gives them.
  const own = projection.slug === slug ? projection : { ...projection, slug };
  return { text: JSON.stringify(own), parse: () => own };
}

async function publishedUnder(slug: string, authority: Authority): Promise<Read | null> {
  let text: string | null;
  try {
    text = await authority.PROJECTIONS.get(projectionKey(slug), "text");
  } catch {
    // A failing KV is no reason to turn a tenant away while the directory answers.
    return null;
  }
  if (text === null) return null;
  const moved = movedIn(text);
  if (moved === null) return { text, parse: () => JSON.parse(text) as Projection };
  return moved.until > Date.now() ? { moved } : null;
}
