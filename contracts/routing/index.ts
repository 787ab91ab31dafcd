/** How a request finds its route (S4, S5): pure, shared by whoever makes, checks and matches routes. */
export { conflictsOf } from "./conflicts.ts";
export { hostKindOf } from "./host.ts";
export { compileRoutes, type Matcher } from "./match.ts";
export { parseRoute, splitRoutePattern, type ParsedRoute, type RoutePatternInput } from "./parse.ts";
export { isReservedPath } from "./path.ts";
export { sortByPrecedence } from "./precedence.ts";
export { ROUTE_DISPATCHES, type PathKind, type Route, type RouteDispatch } from "./types.ts";
