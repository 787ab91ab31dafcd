import { compileRoutes, isReservedPath, sortByPrecedence } from "../../contracts/routing/index.ts";
import { routeText, type ApiRoute } from "../session/route-text.ts";

const NEAR_SHOWN = 3;

/** A request that no route takes. */
export interface Unanswered {
  method: string;
  /** Without a port. */
  hostname: string;
  /** As requested, without a query. */
  path: string;
}

/** Why no route takes a request: what is different about the nearest ones. A sentence each, the surest first. */
export function whyNot({ method, hostname, path }: Unanswered, routes: readonly ApiRoute[]): string[] {
  if (isReservedPath(path)) return ["Paths under /.isola/ belong to the platform; no route takes them."];
  if (routes.length === 0) return ["The org has no routes. Make one: isola routes create <route> --script <script>"];
  const matcher = compileRoutes(sortByPrecedence(routes.map((route) => ({ ...route, scriptId: route.script.id }))));
  const takerOf = (host: string, candidate: string): ApiRoute | undefined => {
    const match = matcher.match(method, host, candidate);
    return match === null ? undefined : routes.find((route) => route.id === match.route.id);
  };

  const reasons: string[] = [];
  const slash = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
  const bySlash = slash === "" ? undefined : takerOf(hostname, slash);
  if (bySlash !== undefined) reasons.push(`${shown(bySlash)} takes ${slash}; the slash at the end makes another path.`);
  const lower = path.toLowerCase();
  const byCase = lower === path ? undefined : takerOf(hostname, lower);
  if (byCase !== undefined) reasons.push(`${shown(byCase)} takes ${lower}; upper and lower case are different.`);
  for (const route of routes) {
    if (route.host === null) continue;
    const host = route.host.startsWith("*.") ? `x${route.host.slice(1)}` : route.host;
    if (takerOf(host, path) === route) reasons.push(`${shown(route)} takes the path, but on its own host only.`);
  }
  return reasons.length > 0 ? reasons : near(path, routes);
}

/** The routes that begin as the path does. */
function near(path: string, routes: readonly ApiRoute[]): string[] {
  const first = (text: string): string => text.split("/", 2)[1] ?? "";
  const alike = routes.filter((route) => first(route.path) === first(path)).slice(0, NEAR_SHOWN);
  if (alike.length === 0) return ["No route begins like it; `isola routes list` shows them all."];
  return [`Its segments fit none of the routes that begin alike: ${alike.map(shown).join(", ")}.`];
}

const shown = (route: ApiRoute): string => `${routeText(route)} (${route.script.name})`;
