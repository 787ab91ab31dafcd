import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileRoutes, conflictsOf, parseRoute, sortByPrecedence, type Route } from "./index.ts";

/** One request, its path in raw segments as they stand between the slashes. */
interface Request {
  method: string;
  host: string;
  segments: string[];
}

// The rules of S4 written down as plainly as possible: slow, without an index, sharing no code with the matcher.

const decode = (segment: string) => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};
const segmentsOf = (route: Route) => route.path.slice(1).split("/");
const isVariable = (segment: string) => segment.startsWith(":") || segment === "*";
const leadingLiterals = (route: Route) => segmentsOf(route).findIndex(isVariable);

function takesHost(route: Route, host: string): boolean {
  if (route.host === null) return true;
  return route.host.startsWith("*.") ? host.endsWith(route.host.slice(1)) : route.host === host;
}

function takesPath(route: Route, request: string[]): boolean {
  const pattern = segmentsOf(route);
  if (route.pathKind === "prefix") {
    const stem = pattern.slice(0, -1);
    return request.length > stem.length && stem.every((text, index) => decode(text) === decode(request[index] ?? ""));
  }
  if (pattern.length !== request.length) return false;
  return pattern.every((text, index) => {
    const segment = request[index] ?? "";
    if (route.pathKind === "param" && text.startsWith(":")) return segment !== "";
    return decode(text) === decode(segment);
  });
}

function takesMethod(route: Route, method: string): boolean {
  return route.method === "ANY" || route.method === method || (method === "HEAD" && route.method === "GET");
}

/** Smaller is better; two routes that match one request and have equal ranks are a tie. */
function rank(route: Route, method: string): number[] {
  const hosts = route.host === null ? 2 : route.host.startsWith("*.") ? 1 : 0;
  return [
    hosts,
    hosts === 1 ? -(route.host?.length ?? 0) : 0,
    { exact: 0, param: 1, prefix: 2 }[route.pathKind],
    route.pathKind === "exact" ? 0 : -leadingLiterals(route),
    route.method === method ? 0 : route.method === "ANY" ? 2 : 1,
  ];
}

function byRank(a: number[], b: number[]): number {
  for (const [index, value] of a.entries()) {
    if (value !== b[index]) return value - (b[index] ?? 0);
  }
  return 0;
}

const matching = (routes: Route[], { method, host, segments }: Request) =>
  routes.filter((route) => takesMethod(route, method) && takesHost(route, host) && takesPath(route, segments));

function captures(route: Route, request: string[]): Record<string, string> {
  if (route.pathKind !== "param") return {};
  const entries = segmentsOf(route).flatMap((text, index) =>
    text.startsWith(":") ? [[text.slice(1), decode(request[index] ?? "")]] : [],
  );
  return Object.fromEntries(entries) as Record<string, string>;
}

const literal = fc.constantFrom("a", "b", "c", "%61", "é", "a%2Fb", "x%25", "%3Ax");
const pattern = fc.oneof(
  fc.array(literal, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
  fc
    .array(fc.oneof(literal, fc.constant(":")), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map((part, index) => (part === ":" ? `:p${index}` : part)).join("/")),
  fc.array(literal, { maxLength: 3 }).map((parts) => [...parts, "*"].join("/")),
);
const slashed = fc
  .tuple(pattern, fc.boolean())
  .map(([text, slash]) => (slash && !text.endsWith("*") ? `${text}/` : text));
const routeAt = (id: string) =>
  fc
    .record({
      method: fc.constantFrom("ANY", "GET", "GET", "POST", "HEAD"),
      host: fc.constantFrom(null, null, "shop.example.com", "*.example.com", "*.shop.example.com", "*.com"),
      path: slashed.map((text) => `/${text}`),
    })
    .map((input): Route => {
      const parsed = parseRoute(input);
      if (!parsed.ok) throw new Error(`${JSON.stringify(input)}: ${parsed.reason}`);
      const { method, host, path, pathKind } = parsed.route;
      return { id, scriptId: "scr_1", method, host, path, pathKind };
    });
const anyTable = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 24 })
  .chain((ids) => fc.tuple(...ids.map(routeAt)));
/** Only what the platform would have let in, one after the other. */
const soundTable = anyTable.map((routes) => {
  const kept: Route[] = [];
  for (const route of routes) if (conflictsOf(route, kept).length === 0) kept.push(route);
  return kept;
});
const segment = fc.oneof(literal, fc.constantFrom("", "100%", "%zz", "A", "caf%C3%A9", "%C3%A9", "a%2fb", ":x"));
const request: fc.Arbitrary<Request> = fc.record({
  method: fc.constantFrom("GET", "HEAD", "POST", "DELETE"),
  host: fc.constantFrom("shop.example.com", "a.shop.example.com", "example.com", "b.example.com", "hello.localhost"),
  segments: fc.array(segment, { minLength: 1, maxLength: 5 }),
});
const requests = fc.array(request, { minLength: 1, maxLength: 20 });
const pathOf = ({ segments }: Request) => `/${segments.join("/")}`;

describe("any table of routes", () => {
  it("answers every request as the rules say", () => {
    fc.assert(
      fc.property(soundTable, requests, (routes, batch) => {
        const matcher = compileRoutes(sortByPrecedence(routes));
        for (const request of batch) {
          const expected = matching(routes, request).toSorted((a, b) =>
            byRank(rank(a, request.method), rank(b, request.method)),
          )[0];
          const match = matcher.match(request.method, request.host, pathOf(request));
          expect(match?.route.id).toBe(expected?.id);
          if (expected) expect(match?.params).toEqual(captures(expected, request.segments));
        }
      }),
      { numRuns: 400 },
    );
  });

  it("answers with the first in the sorted order that matches, conflicts or not", () => {
    fc.assert(
      fc.property(anyTable, requests, (routes, batch) => {
        const sorted = sortByPrecedence(routes);
        const matcher = compileRoutes(sorted);
        for (const request of batch) {
          expect(matcher.match(request.method, request.host, pathOf(request))?.route).toBe(
            matching(sorted, request)[0],
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("names in Allow exactly the methods that it answers", () => {
    fc.assert(
      fc.property(anyTable, request, (routes, { host, segments }) => {
        const matcher = compileRoutes(sortByPrecedence(routes));
        const here = routes.filter((route) => takesHost(route, host) && takesPath(route, segments));
        const path = `/${segments.join("/")}`;
        const allowed = matcher.allow(host, path);
        expect(allowed.length === 0).toBe(here.length === 0);
        for (const method of ["GET", "HEAD", "POST", "DELETE"]) {
          const answered = allowed.includes(method) || allowed.includes("ANY");
          expect(answered).toBe(here.some((route) => takesMethod(route, method)));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("is sorted the same way from whatever order it comes in", () => {
    const shuffled = anyTable.chain((routes) =>
      fc.tuple(fc.constant(routes), fc.shuffledSubarray(routes, { minLength: routes.length })),
    );
    fc.assert(
      fc.property(shuffled, ([routes, other]) => {
        expect(sortByPrecedence(other)).toEqual(sortByPrecedence(routes));
      }),
      { numRuns: 200 },
    );
  });
});

describe("conflicts", () => {
  it("leave no request with two equally ranked answers", () => {
    fc.assert(
      fc.property(soundTable, requests, (routes, batch) => {
        for (const request of batch) {
          const ranks = matching(routes, request).map((route) => rank(route, request.method).join());
          expect(new Set(ranks).size).toBe(ranks.length);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("hold both ways, and each has a request that both routes answer with equal rank", () => {
    fc.assert(
      fc.property(routeAt("a"), routeAt("b"), (a, b) => {
        const conflict = conflictsOf(a, [b]).length > 0;
        expect(conflictsOf(b, [a]).length > 0).toBe(conflict);
        if (!conflict) return;
        const both = witness(a, b);
        expect(matching([a, b], both)).toEqual([a, b]);
        // ANY gives way to a named method only between routes that may not both exist.
        expect(rank(a, both.method).slice(0, -1)).toEqual(rank(b, both.method).slice(0, -1));
      }),
      { numRuns: 3_000 },
    );
  });
});

/** A request that two conflicting routes both take: where one has a parameter it says what the other has. */
function witness(a: Route, b: Route): Request {
  const other = segmentsOf(b);
  const segments = segmentsOf(a).map((text, index) => {
    if (!isVariable(text)) return text;
    const counterpart = other[index] ?? "";
    return isVariable(counterpart) ? "free" : counterpart;
  });
  const named = a.method === "ANY" ? b.method : a.method;
  const host = a.host === null ? "hello.localhost" : a.host.replace("*", "free");
  return { method: named === "ANY" ? "GET" : named, host, segments };
}
