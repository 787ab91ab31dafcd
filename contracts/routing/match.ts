import { HostGroup } from "./host-group.ts";
import { canonicalPath, isReservedCanonical } from "./path.ts";
import type { Route, RouteMatch } from "./types.ts";

/** Routes compiled for matching. */
export interface Matcher {
  /**
   * What answers a request, or null. The host is one that `parseHost` gave, the method is upper case,
   * the path is as requested (encoded; a query is ignored). Where a host's routes do not take path
   * and method the next host tier is asked; a `GET` route answers `HEAD`; the platform's own paths
   * match nothing. Never throws.
   */
  match(method: string, host: string, path: string): RouteMatch | null;
  /**
   * The methods that would be answered at this host and path, sorted, for a 405's `Allow`. Empty
   * means that nothing answers here at all. It holds `ANY` only where no method is refused.
   */
  allow(host: string, path: string): string[];
}

/** Compiles routes that are sorted by precedence; once per projection, then every request is a few look-ups. */
export function compileRoutes(sorted: readonly Route[]): Matcher {
  return new CompiledRoutes(sorted);
}

class CompiledRoutes implements Matcher {
  readonly #any = new HostGroup();
  /** By host name. */
  readonly #strict = new Map<string, HostGroup>();
  /** By what a host ends with, the dot included. */
  readonly #wildcard = new Map<string, HostGroup>();
  readonly #methods = new Set<string>();

  constructor(sorted: readonly Route[]) {
    for (const route of sorted) {
      this.#groupOf(route.host).add(route);
      this.#methods.add(route.method);
      if (route.method === "GET") this.#methods.add("HEAD");
    }
  }

  match(method: string, host: string, path: string): RouteMatch | null {
    const canonical = canonicalPath(path);
    if (canonical === null || isReservedCanonical(canonical)) return null;
    if (this.#strict.size > 0) {
      const hit = this.#strict.get(host)?.find(method, canonical);
      if (hit) return hit;
    }
    if (this.#wildcard.size > 0) {
      for (let dot = host.indexOf(".", 1); dot !== -1; dot = host.indexOf(".", dot + 1)) {
        const hit = this.#wildcard.get(host.slice(dot))?.find(method, canonical);
        if (hit) return hit;
      }
    }
    return this.#any.find(method, canonical);
  }

  allow(host: string, path: string): string[] {
    return [...this.#methods].filter((method) => this.match(method, host, path) !== null).sort();
  }

  #groupOf(host: string | null): HostGroup {
    if (host === null) return this.#any;
    const [groups, key] = host.startsWith("*.") ? [this.#wildcard, host.slice(1)] : [this.#strict, host];
    const group = groups.get(key) ?? new HostGroup();
    groups.set(key, group);
    return group;
  }
}
