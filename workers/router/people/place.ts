import { personCookieName } from "../../../contracts/hand-over.ts";
import type { RouterEnv } from "../env.ts";
import type { ResolvedOrg } from "../resolve/org.ts";

/** Where people are known: one org at its own host, and who vouches for them. */
export interface Place {
  orgId: string;
  slug: string;
  /** Audience of its tokens. */
  origin: string;
  /** Issuer of its tokens. */
  issuer: string;
  cookieName: string;
}

const places = new WeakMap<ResolvedOrg, Place>();

/** The place of an org. */
export function placeOf(org: ResolvedOrg, env: Pick<RouterEnv, "PUBLIC_URL" | "TENANT_URL">): Place {
  const known = places.get(org);
  if (known !== undefined) return known;
  const { orgId, slug } = org.projection;
  const { origin } = new URL(env.TENANT_URL.replace("{slug}", slug));
  const issuer = new URL(env.PUBLIC_URL).origin;
  const place = { orgId, slug, origin, issuer, cookieName: personCookieName(origin.startsWith("https:")) };
  places.set(org, place);
  return place;
}
