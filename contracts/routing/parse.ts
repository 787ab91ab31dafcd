import { parseHostPattern } from "./host.ts";
import { parseMethod } from "./method.ts";
import { parsePattern } from "./pattern.ts";
import type { HostKind, PathKind, Route } from "./types.ts";

/** What somebody says of a route. */
export interface RoutePatternInput {
  /** Any case; `*`, `ANY` or nothing for every method. */
  method?: string | undefined;
  /** A host name, `*.example.com`, or nothing (or `*`) for any host. */
  host?: string | null | undefined;
  path: string;
  /** Read off the path when not given; must agree with it when given. */
  pathKind?: PathKind | undefined;
}

/** What requests a route takes, parsed and normalised. */
export type ParsedRoute = Omit<Route, "id" | "scriptId" | "dispatch"> & { hostKind: HostKind };

/** A parsed route, or the field that is wrong and why, in words that follow the field's name. */
export type RouteParse =
  | { ok: true; route: ParsedRoute }
  | { ok: false; field: "method" | "host" | "path" | "pathKind"; reason: string };

/** Parses and normalises a route (S4). Never throws. Parsing what it returned changes nothing. */
export function parseRoute(input: RoutePatternInput): RouteParse {
  const method = parseMethod(input.method);
  if (method === null) return { ok: false, field: "method", reason: "is not an HTTP method; use GET, POST, … or ANY" };
  const host = parseHostPattern(input.host);
  if (!host.ok) return { ok: false, field: "host", reason: host.reason };
  const pattern = parsePattern(input.path);
  if (!pattern.ok) return { ok: false, field: "path", reason: pattern.reason };
  const { path, pathKind } = pattern;
  if (input.pathKind !== undefined && input.pathKind !== pathKind) {
    return { ok: false, field: "pathKind", reason: kindProblem(input.pathKind, pathKind) };
  }
  return { ok: true, route: { method, host: host.host, hostKind: host.hostKind, path, pathKind } };
}

const KIND_HINTS: Record<PathKind, string> = {
  exact: 'an exact path has no parameters and no "*" (%3A and %2A are literal)',
  param: 'a param path has at least one segment such as ":id"',
  prefix: 'a prefix path ends in "/*"',
};

function kindProblem(given: PathKind, read: PathKind): string {
  return `is "${given}", but the path reads as "${read}": ${KIND_HINTS[given]}`;
}

/**
 * Splits the short way to write a route: `GET /hello/:name`, `/hello`, `GET shop.example.com/x`.
 * It divides only; {@link parseRoute} says whether the parts are any good.
 */
export function splitRoutePattern(text: string): { method: string; host: string | null; path: string } {
  const trimmed = text.trim();
  const spaced = /^([^\s/]+)\s+(.*)$/su.exec(trimmed);
  const method = spaced?.[1] ?? "ANY";
  const target = spaced?.[2] ?? trimmed;
  const slash = target.indexOf("/");
  if (slash <= 0) return { method, host: null, path: target };
  return { method, host: target.slice(0, slash), path: target.slice(slash) };
}
