import { hostKindOf } from "./host.ts";
import { methodRank } from "./method.ts";
import { shapeOf } from "./pattern.ts";
import type { HostKind, PathKind, Route } from "./types.ts";

const HOST_RANK: Record<HostKind, number> = { strict: 0, wildcard: 1, any: 2 };
const PATH_RANK: Record<PathKind, number> = { exact: 0, param: 1, prefix: 2 };

/**
 * A new list in the total order of routes: the first that matches answers. Host strict, then the longer wildcard,
 * then any; path exact, then param, then prefix; more leading literals; the longer prefix; a named method
 * before `ANY`; at last the id, so that the order of two routes never depends on anything else.
 */
export function sortByPrecedence<R extends Route>(routes: readonly R[]): R[] {
  return routes
    .map((route) => ({ route, rank: rankOf(route) }))
    .sort((a, b) => compareRanks(a.rank, b.rank))
    .map(({ route }) => route);
}

interface Rank {
  /** Smaller comes first, position by position. */
  numbers: readonly number[];
  id: string;
}

function rankOf(route: Route): Rank {
  const hostKind = hostKindOf(route.host);
  const shape = shapeOf(route.path, route.pathKind);
  const numbers = [
    HOST_RANK[hostKind],
    hostKind === "wildcard" ? -(route.host ?? "").length : 0,
    PATH_RANK[route.pathKind],
    route.pathKind === "exact" ? 0 : -shape.leadingLiterals,
    route.pathKind === "prefix" ? -shape.stem.length : 0,
    methodRank(route.method),
  ];
  return { numbers, id: route.id };
}

function compareRanks(a: Rank, b: Rank): number {
  for (const [index, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
