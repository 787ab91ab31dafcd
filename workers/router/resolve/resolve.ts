import type { DirectoryDoor, StateDoor } from "../../../contracts/doors.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import { PROJECTION_FRESH_MS, PROJECTION_REFRESH_MS, STATE_CALL_MS } from "../../../contracts/limits.ts";
import { projectionKey, type Projection } from "../../../contracts/projection.ts";
import { released, withDeadline } from "../deadline.ts";
import { learn, type Known } from "./host-cache.ts";
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
    const refuse = known.org === null ? refuseStranger : undefined;
    const read = await withDeadline(readProjection(known.slug, authority, refuse), patience, "Looking up the host");
    const text = read === null ? null : read.text;
    const unchanged = text !== null && text === known.text && known.org !== null;
    learn(known, unchanged ? known.org : read === null ? null : resolvedOrg(read.parse()), text, Date.now());
    return known.org;
  } catch (error) {
    known.refreshingUntil = 0;
    if (platformErrorOf(error)?.code === "too_many_requests") throw error;
    if (known.org === null) {
      throw new PlatformError("unavailable", "The directory cannot be reached right now. Try again in a second.", {
        reason: error instanceof Error ? error.message : "unknown",
      });
    }
    known.freshUntil = Date.now() + PROJECTION_FRESH_MS;
    return known.org;
  }
}

interface ReadProjection {
  text: string;
  parse(): Projection;
}

async function readProjection(
  slug: string,
  authority: Authority,
  refuseStranger?: () => void,
): Promise<ReadProjection | null> {
  const published = await publishedProjection(slug, authority);
  if (published !== null) return { text: published, parse: () => JSON.parse(published) as Projection };
  // KV may not have it yet, and remembers having missed it; the directory knows.
  refuseStranger?.();
  const listed = released(await authority.DIRECTORY.findOrg(slug));
  if (listed === null) return null;
  const projection = released(await authority.STATE.projection(listed.orgId));
  if (projection === null || projection.slug !== slug) return null;
  return { text: JSON.stringify(projection), parse: () => projection };
}

async function publishedProjection(slug: string, authority: Authority): Promise<string | null> {
  try {
    return await authority.PROJECTIONS.get(projectionKey(slug), "text");
  } catch {
    // A failing KV is no reason to turn a tenant away while the directory answers.
    return null;
  }
}
