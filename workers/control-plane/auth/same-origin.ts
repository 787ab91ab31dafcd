import { PlatformError } from "../../../contracts/errors.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const OWN_SITES = new Set(["same-origin", "none"]);

/**
 * Whether a request that changes something comes from our own pages (or from no page at all), by `Origin`
 * and else `Sec-Fetch-Site`. What neither tells is refused: every browser sends one of them.
 */
export function isSameOrigin(request: Request, publicUrl: string): boolean {
  if (SAFE_METHODS.has(request.method)) return true;
  const origin = request.headers.get("origin");
  if (origin !== null) return origin === new URL(publicUrl).origin;
  return OWN_SITES.has(request.headers.get("sec-fetch-site") ?? "");
}

/** Refuses a request that another site made a signed-in browser send. For requests that act by a cookie. */
export function requireSameOrigin(request: Request, publicUrl: string): void {
  if (isSameOrigin(request, publicUrl)) return;
  throw new PlatformError(
    "forbidden",
    `A request that acts by a cookie must come from ${new URL(publicUrl).origin}: send that as Origin, or use an API key.`,
  );
}
