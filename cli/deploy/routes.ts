import { PlatformError } from "../../contracts/errors.ts";
import { conflictsOf, type ParsedRoute } from "../../contracts/routing/index.ts";
import { routeText, type ApiRoute } from "../session/route-text.ts";

/** What a deploy does about routes. */
export interface RoutePlan {
  /** Routes of the script that are there and stay. */
  kept: ApiRoute[];
  missing: Pick<ParsedRoute, "method" | "host" | "path">[];
  /** True when nobody asked for the missing route and it is made because nothing would lead to the script. */
  byDefault: boolean;
}

const CATCH_ALL = { method: "ANY", host: null, path: "/*" };

/**
 * Decides which routes a script still needs. A route that leads to it already is fine. Without any
 * wish, the first script of an org without routes takes every request, unless it is a module.
 * @throws PlatformError `conflict` that shows both routes, before anything was uploaded.
 */
export function planRoutes(
  script: string,
  wanted: readonly ParsedRoute[],
  existing: readonly ApiRoute[],
  kind?: "endpoint" | "module",
): RoutePlan {
  const kept = existing.filter((route) => route.script.name === script);
  if (wanted.length === 0) {
    const byDefault = existing.length === 0 && kind !== "module";
    return { kept, missing: byDefault ? [CATCH_ALL] : [], byDefault };
  }
  const missing: ParsedRoute[] = [];
  for (const route of wanted) {
    if ([...kept, ...missing].some((other) => routeText(other) === routeText(route))) continue;
    const conflicts = conflictsOf(route, existing);
    if (conflicts.length > 0) throw conflictError(script, route, conflicts);
    const [twin] = conflictsOf(route, missing);
    if (twin !== undefined) {
      throw new PlatformError("conflict", `The routes ${routeText(twin)} and ${routeText(route)} conflict.`);
    }
    missing.push(route);
  }
  return { kept, missing, byDefault: false };
}

function conflictError(script: string, route: ParsedRoute, conflicts: ApiRoute[]): PlatformError {
  const others = conflicts.map((other) => `${routeText(other)} of ${other.script.name} (${other.id})`).join(", ");
  return new PlatformError(
    "conflict",
    `Nothing was deployed: the route ${routeText(route)} for ${script} conflicts with ${others}.`,
    { conflicts, hint: "Choose another route, or delete that one: `isola routes delete <id>`." },
  );
}
