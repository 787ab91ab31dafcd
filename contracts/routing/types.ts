/** Kinds of path a route can have (S4). */
export type PathKind = "exact" | "param" | "prefix";
/** Kinds of host a route can have (S4). */
export type HostKind = "any" | "strict" | "wildcard";

/** How a route's script is run: while the caller waits, or later, with its answer kept (S6). */
export const ROUTE_DISPATCHES = ["sync", "async"] as const;
export type RouteDispatch = (typeof ROUTE_DISPATCHES)[number];

/** A route as it is stored and published: parsed, normalised, addressable by id. */
export interface Route {
  id: string;
  scriptId: string;
  /** Upper-case method, or "ANY". */
  method: string;
  /** Normalised host pattern: null for any host, `shop.example.com`, or `*.example.com`. */
  host: string | null;
  /** Normalised path pattern, as written: `/greet`, `/users/:id`, `/hooks/*`. */
  path: string;
  pathKind: PathKind;
  /** Absent where an earlier release wrote it down, for sync. */
  dispatch?: RouteDispatch;
}

/** What a request matched: the route and the captured path parameters, decoded. */
export interface RouteMatch {
  route: Route;
  params: Record<string, string>;
}
