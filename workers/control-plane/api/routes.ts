import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { parseHost } from "../../../contracts/hosts.ts";
import {
  compileRoutes,
  conflictsOf,
  hostKindOf,
  type ParsedRoute,
  parseRoute,
  type Route,
  type RoutePatternInput,
  sortByPrecedence,
} from "../../../contracts/routing/index.ts";
import { auditLater } from "../audit/write.ts";
import { actorOf } from "../auth/principal.ts";
import { orgUrl } from "../env.ts";
import { Mounts } from "../mount.ts";
import { type RouteNames, routeNames, scriptNamed } from "./names.ts";

/** Routes of an org, and what can be asked of them. */
export const routes = new Mounts()
  .add(ENDPOINTS.listRoutes, async ({ scope, access }) => {
    const { id } = access.org;
    const [found, names] = await Promise.all([scope.state.listRoutes(id), routeNames(scope, id)]);
    return { items: sortByPrecedence(found).map((route) => toRoute(route, names)), cursor: null };
  })
  .add(ENDPOINTS.createRoute, async ({ scope, principal, access, body }) => {
    const { id, slug } = access.org;
    const pattern = parsePattern(body);
    const script = await scriptNamed(scope, id, body.script);
    const route = await scope.state.createRoute(id, { scriptId: script.id, ...pattern, dispatch: body.dispatch });
    await scope.edges.forget(slug);
    const { method, host, path, dispatch } = route;
    const details = { script: script.name, method, host, path, dispatch };
    auditLater(scope, { actor: actorOf(principal), action: "route.create", target: route.id, orgId: id, details });
    return toRoute(route, new Map([[script.id, script.name]]));
  })
  .add(ENDPOINTS.deleteRoute, async ({ scope, principal, access, params }) => {
    const { id, slug } = access.org;
    const deleted = await scope.state.deleteRoute(id, params.id);
    if (!deleted) throw new PlatformError("not_found", "There is no such route in this org.");
    await scope.edges.forget(slug);
    auditLater(scope, { actor: actorOf(principal), action: "route.delete", target: params.id, orgId: id });
    return undefined;
  })
  .add(ENDPOINTS.checkRoute, async ({ scope, access, body }) => {
    const pattern = parsePattern(body);
    const { id } = access.org;
    const [found, names] = await Promise.all([scope.state.listRoutes(id), routeNames(scope, id)]);
    const conflicts = conflictsOf(pattern, found).map((route) => toRoute(route, names));
    return { ok: conflicts.length === 0, conflicts };
  })
  .add(ENDPOINTS.matchRoute, async ({ scope, access, body }) => {
    const { id, slug } = access.org;
    const { hostname, path } = parseTarget(body.url, orgUrl(scope.env, slug));
    const method = body.method.toUpperCase();
    const [found, names] = await Promise.all([scope.state.listRoutes(id), routeNames(scope, id)]);
    const matcher = compileRoutes(sortByPrecedence(found));
    const match = matcher.match(method, hostname, path);
    return {
      route: match === null ? null : toRoute(match.route, names),
      params: match?.params ?? {},
      allow: match === null ? matcher.allow(hostname, path) : [],
    };
  });

function parsePattern(input: Pick<RoutePatternInput, "method" | "host" | "path" | "pathKind">): ParsedRoute {
  const parsed = parseRoute(input);
  if (parsed.ok) return parsed.route;
  const { field, reason } = parsed;
  throw new PlatformError("invalid", `The route is not valid: ${field} ${reason}`, { issues: [{ field, reason }] });
}

/** A URL, or a path on the org's own host. */
function parseTarget(url: string, base: string): { hostname: string; path: string } {
  const target = URL.canParse(url, base) ? new URL(url, base) : null;
  const host = target === null ? null : parseHost(target.host);
  if (target === null || host === null || !/^https?:$/.test(target.protocol)) {
    throw new PlatformError("invalid", "url must be an http or https URL, or a path.", {
      issues: [{ field: "url", reason: "must be an http or https URL, or a path" }],
    });
  }
  return { hostname: host.hostname, path: target.pathname };
}

function toRoute(route: Route, names: RouteNames) {
  const { id, scriptId, method, host, path, pathKind, dispatch = "sync" } = route;
  const script = { id: scriptId, name: names.get(scriptId) ?? "" };
  return { id, script, method, host, hostKind: hostKindOf(host), path, pathKind, dispatch };
}
