import { describe, expect, it } from "vitest";

import { conflictsOf, parseRoute, splitRoutePattern } from "./index.ts";

function pattern(text: string) {
  const parsed = parseRoute(splitRoutePattern(text));
  if (!parsed.ok) throw new Error(`${text}: ${parsed.reason}`);
  return parsed.route;
}

const conflict = (a: string, b: string) => conflictsOf(pattern(a), [pattern(b)]).length > 0;

describe("routes", () => {
  it.each([
    ["/a", "/a"],
    ["/a", "/%61"],
    ["GET /a", "get /a"],
    ["GET /a", "/a"],
    ["/a/:x", "/a/:y"],
    ["POST /a/:x", "/a/:y"],
    ["/a/:x/c", "/a/:y/:z"],
    ["/:x/b/:y", "/:x/:y/c"],
    ["/hooks/*", "/hooks/*"],
    ["*.example.com/a", "*.EXAMPLE.com./a"],
    ["shop.example.com/a", "shop.example.com:80/a"],
  ])("%s and %s conflict", (a, b) => {
    expect(conflict(a, b)).toBe(true);
    expect(conflict(b, a)).toBe(true);
  });

  it.each([
    ["/a", "/b"],
    ["/a", "/a/"],
    ["/a/b", "/a%2Fb"],
    ["GET /a", "POST /a"],
    ["GET /a", "HEAD /a"],
    ["/a", "/:x"],
    ["/:x", "/*"],
    ["/a/:x", "/:y/b"],
    ["/a/:x", "/b/:x"],
    ["/a/:x", "/a/:x/b"],
    ["/a/:x", "/a/:x/"],
    ["/:a/:b", "/:a/"],
    ["/a/:x/c", "/a/:x/d"],
    ["/a/*", "/a/b/*"],
    ["/a", "shop.example.com/a"],
    ["*.example.com/a", "shop.example.com/a"],
    ["*.example.com/a", "*.shop.example.com/a"],
  ])("%s and %s live together", (a, b) => {
    expect(conflict(a, b)).toBe(false);
    expect(conflict(b, a)).toBe(false);
  });

  it("are all named when several conflict", () => {
    const existing = ["GET /a", "POST /a", "GET /b"].map(pattern);
    expect(conflictsOf(pattern("/a"), existing)).toEqual(existing.slice(0, 2));
  });
});
