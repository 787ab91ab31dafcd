import { ANY_METHOD, methodTakes } from "./method.ts";
import { shapeOf } from "./pattern.ts";
import type { Route, RouteMatch } from "./types.ts";

const NO_PARAMS: Record<string, string> = Object.freeze({});

/** Made once per route whose match captures nothing, so that a hit allocates nothing. */
const bareMatch = (route: Route): RouteMatch => Object.freeze({ route, params: NO_PARAMS });

/** The routes of one path, by method. */
class Methods {
  readonly #byMethod = new Map<string, RouteMatch>();

  add(route: Route): void {
    if (!this.#byMethod.has(route.method)) this.#byMethod.set(route.method, bareMatch(route));
  }

  find(method: string): RouteMatch | undefined {
    return (
      this.#byMethod.get(method) ??
      (method === "HEAD" ? this.#byMethod.get("GET") : undefined) ??
      this.#byMethod.get(ANY_METHOD)
    );
  }
}

interface ParamRoute {
  route: Route;
  tail: readonly (string | null)[];
  names: readonly string[];
}

/** What begins with one stem. */
interface Stem {
  params: ParamRoute[];
  prefix: Methods | null;
}

/**
 * The routes of one host pattern, indexed by the literal text they begin with. A path is looked up
 * whole first; then every stem it begins with, the deepest first, so the number of routes does not
 * matter but where many parameter paths share a stem.
 */
export class HostGroup {
  readonly #exact = new Map<string, Methods>();
  readonly #stems = new Map<string, Stem>();
  readonly #root: Stem = { params: [], prefix: null };
  #depthMax = 0;

  /** Adds a route; of equal rank, the one added first wins. */
  add(route: Route): void {
    const { stem, leadingLiterals, tail, names } = shapeOf(route.path, route.pathKind);
    if (route.pathKind === "exact") {
      getOrAdd(this.#exact, stem, () => new Methods()).add(route);
      return;
    }
    this.#depthMax = Math.max(this.#depthMax, leadingLiterals);
    const entry =
      leadingLiterals === 0 ? this.#root : getOrAdd(this.#stems, stem, () => ({ params: [], prefix: null }));
    if (route.pathKind === "param") {
      entry.params.push({ route, tail, names });
    } else {
      entry.prefix ??= new Methods();
      entry.prefix.add(route);
    }
  }

  /** The match for a path in canonical form, or null. */
  find(method: string, path: string): RouteMatch | null {
    if (this.#exact.size > 0) {
      const hit = this.#exact.get(path)?.find(method);
      if (hit !== undefined) return hit;
    }
    let longestPrefix: RouteMatch | undefined;
    for (let end = this.#deepestStemEnd(path); end > 1; end = path.lastIndexOf("/", end - 2) + 1) {
      const stem = this.#stems.get(path.slice(0, end));
      if (stem === undefined) continue;
      const hit = findParams(stem.params, method, path, end);
      if (hit !== null) return hit;
      longestPrefix ??= stem.prefix?.find(method);
    }
    return findParams(this.#root.params, method, path, 1) ?? longestPrefix ?? this.#root.prefix?.find(method) ?? null;
  }

  /** Where the longest text ends that could be a stem here: after its last `/`. */
  #deepestStemEnd(path: string): number {
    let end = 1;
    for (let depth = 0; depth < this.#depthMax; depth += 1) {
      const slash = path.indexOf("/", end);
      if (slash === -1) break;
      end = slash + 1;
    }
    return end;
  }
}

function findParams(routes: readonly ParamRoute[], method: string, path: string, start: number): RouteMatch | null {
  for (const { route, tail, names } of routes) {
    if (!methodTakes(route.method, method) || !tailMatches(tail, path, start)) continue;
    return { route, params: capture(tail, names, path, start) };
  }
  return null;
}

function tailMatches(tail: readonly (string | null)[], path: string, start: number): boolean {
  let from = start;
  for (let index = 0; index < tail.length; index += 1) {
    if (from > path.length) return false;
    const to = segmentEnd(path, from);
    const literal = tail[index];
    if (typeof literal === "string") {
      if (to - from !== literal.length || !path.startsWith(literal, from)) return false;
    } else if (to === from) {
      return false;
    }
    from = to + 1;
  }
  return from === path.length + 1;
}

function capture(
  tail: readonly (string | null)[],
  names: readonly string[],
  path: string,
  start: number,
): Record<string, string> {
  const params: Record<string, string> = {};
  let from = start;
  let captured = 0;
  for (const literal of tail) {
    const to = segmentEnd(path, from);
    const name = literal === null ? names[captured] : undefined;
    if (name !== undefined) {
      const value = path.slice(from, to);
      params[name] = value.includes("%") ? decodeURIComponent(value) : value;
      captured += 1;
    }
    from = to + 1;
  }
  return params;
}

function segmentEnd(path: string, from: number): number {
  const slash = path.indexOf("/", from);
  return slash === -1 ? path.length : slash;
}

function getOrAdd<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
