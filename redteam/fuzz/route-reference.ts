import type { Route } from "../../contracts/routing/index.ts";

/**
 * What answers a request, written down as plainly as the guide says it: no index, no order of routes, no code of the
 * matcher's. Slow, and meant to be obviously right.
 */

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

/** Segments of a requested path as they are compared: dots resolved as URLs do, then decoded one by one. */
export function requestedSegments(path: string): string[] | null {
  if (!path.startsWith("/")) return null;
  const segments = new URL(`http://host${path}`).pathname.slice(1).split("/").map(decode);
  return segments[0] === ".isola" ? null : segments;
}

const patternSegments = (route: Route): string[] => route.path.slice(1).split("/");
const isParam = (route: Route, segment: string): boolean => route.pathKind === "param" && segment.startsWith(":");

export function takesPath(route: Route, requested: readonly string[]): boolean {
  const pattern = patternSegments(route);
  if (route.pathKind === "prefix") {
    const stem = pattern.slice(0, -1);
    return requested.length > stem.length && stem.every((segment, index) => decode(segment) === requested[index]);
  }
  if (pattern.length !== requested.length) return false;
  return pattern.every((segment, index) =>
    isParam(route, segment) ? requested[index] !== "" : decode(segment) === requested[index],
  );
}

export function takesHost(route: Route, host: string): boolean {
  if (route.host === null) return true;
  return route.host.startsWith("*.") ? host.endsWith(route.host.slice(1)) : host === route.host;
}

export const takesMethod = (route: Route, method: string): boolean =>
  route.method === "ANY" || route.method === method || (route.method === "GET" && method === "HEAD");

/** Smaller is better, from the first number on. */
function rankOf(route: Route, method: string): number[] {
  const wildcard = route.host?.startsWith("*.") === true;
  const literals = patternSegments(route).findIndex((segment) => isParam(route, segment) || segment === "*");
  return [
    route.host === null ? 2 : wildcard ? 1 : 0,
    wildcard ? -(route.host?.length ?? 0) : 0,
    { exact: 0, param: 1, prefix: 2 }[route.pathKind],
    route.pathKind === "exact" ? 0 : -literals,
    route.method === method ? 0 : route.method === "ANY" ? 2 : 1,
  ];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index === -1 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

export interface Expected {
  id: string;
  params: Record<string, string>;
}

/** What has to answer; null when nothing has. Routes of equal rank may not both take it, which is checked too. */
export function expectedMatch(routes: readonly Route[], method: string, host: string, path: string): Expected | null {
  const requested = requestedSegments(path);
  if (requested === null) return null;
  const [best, next] = routes
    .filter((route) => takesMethod(route, method) && takesHost(route, host) && takesPath(route, requested))
    .sort((a, b) => compare(rankOf(a, method), rankOf(b, method)));
  if (best === undefined) return null;
  if (next !== undefined && compare(rankOf(best, method), rankOf(next, method)) === 0) {
    throw new Error(`${best.path} and ${next.path} both answer with one rank`);
  }
  const params = patternSegments(best).flatMap((segment, index) =>
    isParam(best, segment) ? [[segment.slice(1), requested[index] ?? ""] as const] : [],
  );
  return { id: best.id, params: Object.fromEntries(params) };
}

/** Whether two routes could take one request with nothing to choose between them, by trying every path that could tell. */
export function expectedConflict(a: Route, b: Route): boolean {
  if (a.host !== b.host || a.pathKind !== b.pathKind) return false;
  if (a.method !== b.method && a.method !== "ANY" && b.method !== "ANY") return false;
  const [first, second] = [patternSegments(a), patternSegments(b)];
  if (first.length !== second.length) return false;
  let paths: string[][] = [[]];
  for (const [index, segment] of first.entries()) {
    const texts = new Set(["free", decode(segment), decode(second[index] ?? "")]);
    paths = paths.flatMap((path) => [...texts].map((text) => [...path, text]));
  }
  const rank = (route: Route): number[] => rankOf(route, "").slice(0, -1);
  return paths.some((path) => takesPath(a, path) && takesPath(b, path)) && compare(rank(a), rank(b)) === 0;
}
