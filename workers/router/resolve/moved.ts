import type { RedirectRecord } from "../../../contracts/projection.ts";
import type { RouterEnv } from "../env.ts";
import type { Moved } from "./host-cache.ts";

/** What only a redirect's record has; a projection that holds the word by chance is read once more for it. */
const MARK = '"redirectTo"';
/** Nothing else can be part of a host. */
const SLUG = /^[a-z0-9-]{1,63}$/;

/** Where a text that was published under a slug leads; null for a projection. */
export function movedIn(text: string): Moved | null {
  if (!text.includes(MARK)) return null;
  const { redirectTo, orgId, until } = JSON.parse(text) as Partial<RedirectRecord>;
  if (typeof redirectTo !== "string" || typeof orgId !== "string" || typeof until !== "number") return null;
  return { slug: redirectTo, orgId, until };
}

/**
 * Sends a request to the same path at the host that its org has now (T2); null where the slug leads nowhere any more. The
 * host is one of the platform's own, whatever was asked for.
 */
export function redirectTo(moved: Moved, target: string, env: Pick<RouterEnv, "TENANT_URL">): Response | null {
  if (moved.until <= Date.now() || !SLUG.test(moved.slug)) return null;
  const { origin } = new URL(env.TENANT_URL.replace("{slug}", moved.slug));
  return new Response(null, { status: 308, headers: { location: `${origin}${target}`, "cache-control": "no-store" } });
}
