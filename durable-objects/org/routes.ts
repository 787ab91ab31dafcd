import type { RouteInput } from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { newId } from "../../contracts/ids.ts";
import { ROUTES_PER_ORG_MAX } from "../../contracts/limits.ts";
import {
  conflictsOf,
  type ParsedRoute,
  type PathKind,
  parseRoute,
  type Route,
  type RouteDispatch,
  sortByPrecedence,
} from "../../contracts/routing/index.ts";
import type { Database } from "../database.ts";
import { requireQuota } from "./quotas.ts";
import { getScript, liveVersion } from "./scripts.ts";
import { publish } from "./settings.ts";

type RouteRow = {
  id: string;
  script_id: string;
  method: string;
  host: string | null;
  path: string;
  path_kind: PathKind;
  dispatch: RouteDispatch;
};

/** The routes in the order in which they match. */
export function listRoutes(db: Database): Route[] {
  return sortByPrecedence(db.all<RouteRow>("SELECT * FROM routes").map(routeOf));
}

/** Whether a script has any route. */
export function hasRoutes(db: Database, scriptId: string): boolean {
  return db.find("SELECT id FROM routes WHERE script_id = ? LIMIT 1", scriptId) !== null;
}

/**
 * Adds a route to an endpoint script. Throws `not_found` for an unknown script, `invalid` for a
 * module, a malformed route or one too many, `conflict` (with the other route) where two could not
 * be told apart.
 */
export function createRoute(db: Database, input: RouteInput, now: number): Route {
  const script = getScript(db, input.scriptId);
  if (liveVersion(db, script).kind === "module") {
    throw invalid("script", `is a module: "${script.name}" answers no requests. Route to an endpoint script.`);
  }
  const parsed = parseRoute(input);
  if (!parsed.ok) throw invalid(parsed.field, parsed.reason);
  const { method, host, path, pathKind } = parsed.route;
  const { dispatch = "sync" } = input;
  const existing = listRoutes(db);
  refuseConflict(parsed.route, existing);
  if (existing.length >= ROUTES_PER_ORG_MAX) {
    throw new PlatformError("invalid", `An org has at most ${ROUTES_PER_ORG_MAX} routes. Delete one first.`, {
      limit: ROUTES_PER_ORG_MAX,
      usage: existing.length,
    });
  }
  requireQuota(db, "routes", existing.length);
  const route: Route = { id: newId("route"), scriptId: script.id, method, host, path, pathKind, dispatch };
  db.run(
    "INSERT INTO routes (id, script_id, method, host, path, path_kind, dispatch) VALUES (?, ?, ?, ?, ?, ?, ?)",
    route.id,
    route.scriptId,
    method,
    host,
    path,
    pathKind,
    dispatch,
  );
  publish(db, now);
  return route;
}

/** Removes a route; false when there was none. */
export function deleteRoute(db: Database, routeId: string, now: number): boolean {
  if (db.find("SELECT id FROM routes WHERE id = ?", routeId) === null) return false;
  db.run("DELETE FROM routes WHERE id = ?", routeId);
  publish(db, now);
  return true;
}

function refuseConflict(candidate: ParsedRoute, existing: readonly Route[]): void {
  const other = conflictsOf(candidate, existing)[0];
  if (other === undefined) return;
  const named = `${other.method} ${other.host ?? ""}${other.path}`;
  throw new PlatformError("conflict", `The route conflicts with "${named}" (${other.id}). Change one of the two.`, {
    route: other,
  });
}

function invalid(field: string, reason: string): PlatformError {
  return new PlatformError("invalid", `The route is not valid: ${field} ${reason}`, { issues: [{ field, reason }] });
}

function routeOf(row: RouteRow): Route {
  const { id, method, host, path, dispatch } = row;
  return { id, scriptId: row.script_id, method, host, path, pathKind: row.path_kind, dispatch };
}
