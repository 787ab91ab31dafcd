/**
 * Paths are compared segment by segment after decoding. The form they are compared in keeps `/`
 * and `%` inside a segment encoded, so `/a%2Fb` stays one segment and never equals `/a/b`.
 */

const SLASH = 47;

/** Whatever makes a path's own text differ from the form it is compared in: escapes, dot segments, a query. */
const NEEDS_WORK = /[%\\?#\s\p{Cc}]|\/\./u;

/** First segment of every path that belongs to the platform on a tenant's host (T4). */
export const RESERVED_SEGMENT = ".isola";
const RESERVED_PATH = `/${RESERVED_SEGMENT}`;

/**
 * The form in which a request's path is compared: dot segments resolved as `URL` does it, every
 * segment decoded but for `/` and `%`, query and fragment dropped. Escapes that decode to nothing
 * stay literal. Null for what is no path, such as the `*` of `OPTIONS *`. Never throws.
 */
export function canonicalPath(path: string): string | null {
  if (path.charCodeAt(0) !== SLASH) return null;
  if (!NEEDS_WORK.test(path)) return path;
  return new URL(`http://host${path}`).pathname.split("/").map(canonicalSegment).join("/");
}

/** Whether a path, however encoded, belongs to the platform: `/.isola` and everything below it. */
export function isReservedPath(path: string): boolean {
  const canonical = canonicalPath(path);
  return canonical !== null && isReservedCanonical(canonical);
}

/** {@link isReservedPath} of a path that is in canonical form already. */
export function isReservedCanonical(canonical: string): boolean {
  return canonical === RESERVED_PATH || canonical.startsWith(`${RESERVED_PATH}/`);
}

/** One segment in the form in which segments are compared. */
export function canonicalSegment(segment: string): string {
  const decoded = decodeSegment(segment) ?? segment;
  return decoded.includes("%") || decoded.includes("/")
    ? decoded.replaceAll("%", "%25").replaceAll("/", "%2F")
    : decoded;
}

/** What a segment says once decoded; null when its escapes are malformed or no UTF-8. */
export function decodeSegment(segment: string): string | null {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
