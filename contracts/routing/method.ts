/** Methods a route may name; `ANY` takes the rest. */
const ROUTE_METHODS: ReadonlySet<string> = new Set(
  (
    "GET HEAD POST PUT PATCH DELETE OPTIONS " +
    "PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT PURGE QUERY"
  ).split(" "),
);

/** The method of a route that takes every request. */
export const ANY_METHOD = "ANY";

/** Upper-cases a method, reads `*` and nothing as `ANY`; null when no such method exists. */
export function parseMethod(method: string | undefined): string | null {
  if (method === undefined || method === "*") return ANY_METHOD;
  // Some letters beyond ASCII turn into ASCII ones in upper case.
  if (!/^[a-z]+$/i.test(method)) return null;
  const upper = method.toUpperCase();
  return upper === ANY_METHOD || ROUTE_METHODS.has(upper) ? upper : null;
}

/** Whether a route of this method takes a request of that one; a `GET` route also answers `HEAD`. */
export function methodTakes(routeMethod: string, method: string): boolean {
  return routeMethod === method || routeMethod === ANY_METHOD || (method === "HEAD" && routeMethod === "GET");
}

/**
 * Whether two routes of otherwise equal rank are left undecided by their methods. `HEAD` and `GET`
 * are not: a `HEAD` request takes the route that names it.
 */
export function methodsOverlap(a: string, b: string): boolean {
  return a === b || a === ANY_METHOD || b === ANY_METHOD;
}

/** Order of methods at equal rank: `HEAD`, because a `GET` route would take its requests; then named ones; then `ANY`. */
export function methodRank(method: string): number {
  if (method === "HEAD") return 0;
  return method === ANY_METHOD ? 2 : 1;
}
