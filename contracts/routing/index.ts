/** How a request finds its route (S4, S5): pure, shared by whoever makes, checks and matches routes. */
export { conflictsOf, type RoutePattern } from "./conflicts.ts";
export { hostKindOf } from "./host.ts";
export { compileRoutes, type Matcher } from "./match.ts";
export { parseRoute, splitRoutePattern, type ParsedRoute, type RouteParse, type RoutePatternInput } from "./parse.ts";
export { canonicalPath, isReservedPath } from "./path.ts";
export { compareRoutes, sortByPrecedence } from "./precedence.ts";
export type { HostKind, PathKind, Route, RouteMatch } from "./types.ts";
