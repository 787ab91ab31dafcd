import { methodsOverlap } from "./method.ts";
import { type PathShape, shapeOf } from "./pattern.ts";
import type { Route } from "./types.ts";

/** The part of a route that decides which requests it takes. */
export type RoutePattern = Pick<Route, "method" | "host" | "path" | "pathKind">;

/**
 * The existing routes that a new one conflicts with: those that could take one request together with
 * it while nothing but chance (their ids) would decide which of them answers.
 *
 * That needs the same host pattern, the same path kind and overlapping methods (equal, or one is
 * `ANY`), and beyond that
 * - exact: the same path;
 * - prefix: the same prefix, for of two nested ones the longer wins;
 * - param: as many segments and as many leading literals, and in every position equal literals or at
 *   least one parameter. With unequal leading literals the route that has more wins, so `/a/:x` and
 *   `/:y/b` live together (`/a/b` goes to the first); `/a/:x/c` and `/a/:y/:z` do not.
 */
export function conflictsOf<R extends RoutePattern>(candidate: RoutePattern, existing: readonly R[]): R[] {
  const shape = shapeOf(candidate.path, candidate.pathKind);
  return existing.filter(
    (other) =>
      other.host === candidate.host &&
      other.pathKind === candidate.pathKind &&
      methodsOverlap(other.method, candidate.method) &&
      shapesCollide(shape, shapeOf(other.path, other.pathKind)),
  );
}

/** Equal stems mean equal leading literals; for exact and prefix paths there is nothing after the stem. */
function shapesCollide(a: PathShape, b: PathShape): boolean {
  if (a.stem !== b.stem || a.tail.length !== b.tail.length) return false;
  return a.tail.every((segment, index) => segmentsMeet(segment, b.tail[index] ?? null));
}

/** Whether one text could be both segments; null is a parameter, which takes everything but nothing. */
function segmentsMeet(a: string | null, b: string | null): boolean {
  if (a === null) return b !== "";
  if (b === null) return a !== "";
  return a === b;
}
