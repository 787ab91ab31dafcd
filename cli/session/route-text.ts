import type { z } from "zod";

import type { routeSchema } from "../../contracts/api/routes.ts";
import { parseRoute, splitRoutePattern, type ParsedRoute } from "../../contracts/routing/index.ts";
import { UsageError } from "../framework/usage.ts";

/** A route as the API shows it. */
export type ApiRoute = z.output<typeof routeSchema>;

/** A route in the short way it is written: `GET /hello/:name`, `ANY shop.example.com/x`. */
export const routeText = (route: Pick<ApiRoute, "method" | "host" | "path">): string =>
  `${route.method} ${route.host ?? ""}${route.path}`;

/**
 * Reads a route written in the short way.
 * @throws UsageError with the part that is wrong and why.
 */
export function readRoute(text: string, command: string): ParsedRoute {
  const parsed = parseRoute(splitRoutePattern(text));
  if (parsed.ok) return parsed.route;
  throw new UsageError(`The route "${text}" is not one: its ${parsed.field} ${parsed.reason}.`, command);
}
