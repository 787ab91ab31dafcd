import { describe, expect, it } from "vitest";

import { parseRoute, splitRoutePattern, type RoutePatternInput } from "./index.ts";

const parsed = (input: RoutePatternInput) => {
  const result = parseRoute(input);
  if (!result.ok) throw new Error(`${result.field} ${result.reason}`);
  return result.route;
};

const refusal = (input: RoutePatternInput) => {
  const result = parseRoute(input);
  return result.ok ? null : `${result.field} ${result.reason}`;
};

describe("a route's path", () => {
  it.each([
    ["/", "exact"],
    ["/greet", "exact"],
    ["/greet/", "exact"],
    ["/users/:id", "param"],
    ["/:a/:b_2/c", "param"],
    ["/*", "prefix"],
    ["/hooks/*", "prefix"],
    ["/.well-known/security.txt", "exact"],
    ["/.isolation", "exact"],
    ["/x/.isola", "exact"],
  ])("%s is %s", (path, pathKind) => {
    expect(parsed({ path })).toEqual({ method: "ANY", host: null, hostKind: "any", path, pathKind });
  });

  it.each([
    ["/%67reet", "/greet"],
    ["/caf%C3%A9", "/café"],
    ["/a%2fb", "/a%2Fb"],
    ["/a%20b", "/a%20b"],
    ["/%3aid", "/%3Aid"],
    ["/%2a", "/%2A"],
    ["/100%25", "/100%25"],
    ["/a%3fb%23c%5cd", "/a%3Fb%23c%5Cd"],
  ])("%s is kept as %s", (path, kept) => {
    expect(parsed({ path })).toMatchObject({ path: kept, pathKind: "exact" });
    expect(parsed({ path: kept }).path).toBe(kept);
  });

  it.each([
    ["", 'must begin with "/"'],
    ["greet", 'must begin with "/"'],
    ["//", "empty segment"],
    ["/a//b", "empty segment"],
    ["/a//", "empty segment"],
    ["//*", "empty segment"],
    ["/*/a", "only as its whole last segment"],
    ["/a*", "only as its whole last segment"],
    ["/**", "only as its whole last segment"],
    ["/:", "without a name"],
    ["/:/a", "without a name"],
    ["/a:b", "inside a segment"],
    ["/:a:b", "name is not letters"],
    ["/:a-b", "name is not letters"],
    ["/:1", "name is not letters"],
    ["/:__proto__", "name is not letters"],
    ["/:id/:id", "twice"],
    ["/:id/*", "both parameters"],
    ["/a?b=1", "query"],
    ["/a#b", "fragment"],
    ["/a b", "spaces"],
    ["/a\u00A0b", "spaces"],
    ["/a\u0000", "control"],
    ["/a%00", "control"],
    ["/a%0d%0aset-cookie", "control"],
    ["/a\u007F", "control"],
    ["/a\\b", "backslash"],
    ["/.", '"." segment'],
    ["/a/../b", '".." segment'],
    ["/a/%2e%2E/b", '".." segment'],
    ["/.%2e", '".." segment'],
    ["/100%", "malformed escape"],
    ["/%zz", "malformed escape"],
    ["/%ff", "malformed escape"],
    ["/\uD800", "well-formed"],
    [`/${"a".repeat(512)}`, "at most 512"],
    ["/a".repeat(33), "at most 32 segments"],
    ["/.isola", "belongs to the platform"],
    ["/.isola/", "belongs to the platform"],
    ["/.isola/v1/*", "belongs to the platform"],
    ["/.isola/*", "belongs to the platform"],
    ["/%2Eisola", "belongs to the platform"],
    ["/%2eis%6Fla/:x", "belongs to the platform"],
  ])("%j is refused and told why", (path, reason) => {
    expect(refusal({ path })).toMatch(/^path /);
    expect(refusal({ path })).toContain(reason);
  });

  it("takes as many characters and segments as the limits say", () => {
    expect(parsed({ path: `/${"a".repeat(511)}` }).path).toHaveLength(512);
    expect(parsed({ path: "/a".repeat(32) }).path).toHaveLength(64);
  });
});

describe("a route's kind", () => {
  it.each([
    ["/a", "exact"],
    ["/:a", "param"],
    ["/*", "prefix"],
  ] as const)("may be said for %s when it is %s", (path, pathKind) => {
    expect(parsed({ path, pathKind }).pathKind).toBe(pathKind);
  });

  it.each([
    ["/hooks", "prefix", 'ends in "/*"'],
    ["/users/:id", "exact", "%3A"],
    ["/users", "param", ":id"],
  ] as const)("is refused for %s when it is called %s", (path, pathKind, hint) => {
    expect(refusal({ path, pathKind })).toMatch(/^pathKind /);
    expect(refusal({ path, pathKind })).toContain(hint);
  });
});

describe("a route's method", () => {
  it.each([
    ["get", "GET"],
    ["Delete", "DELETE"],
    ["any", "ANY"],
    ["*", "ANY"],
    [undefined, "ANY"],
  ])("%s is %s", (method, kept) => {
    expect(parsed({ method, path: "/" }).method).toBe(kept);
  });

  it.each(["", "GTE", "GET ", "GET,POST", "constructor", "ſearch"])("%j is refused", (method) => {
    expect(refusal({ method, path: "/" })).toMatch(/^method is not an HTTP method/);
  });
});

describe("a route's host", () => {
  it.each([
    [null, null, "any"],
    ["*", null, "any"],
    ["Shop.Example.COM", "shop.example.com", "strict"],
    ["shop.example.com:8787", "shop.example.com", "strict"],
    ["shop.example.com.", "shop.example.com", "strict"],
    ["shop.example.com.:80", "shop.example.com", "strict"],
    ["localhost", "localhost", "strict"],
    ["*.Example.com", "*.example.com", "wildcard"],
    ["*.example.com.:443", "*.example.com", "wildcard"],
    ["bücher.example", "xn--bcher-kva.example", "strict"],
    ["*.bücher.example", "*.xn--bcher-kva.example", "wildcard"],
  ])("%s is %s, which is %s", (host, kept, hostKind) => {
    expect(parsed({ host, path: "/" })).toMatchObject({ host: kept, hostKind });
  });

  it.each([
    ["", "is empty"],
    ["*.", "not a valid host name"],
    ["*.*.com", "whole first label"],
    ["a.*.com", "whole first label"],
    ["a*.com", "whole first label"],
    ["a..com", "not a valid host name"],
    [".com", "not a valid host name"],
    ["-a.com", "not a valid host name"],
    ["a_b.com", "not a valid host name"],
    ["a.com:99999", "not a valid host name"],
    ["a.com:80:80", "not a valid host name"],
    ["user@a.com", "host name only"],
    ["a.com/x", "host name only"],
    ["a.com?x", "host name only"],
    ["%61.com", "host name only"],
    ["[::1]", "host name only"],
    ["a b.com", "host name only"],
    ["127.0.0.1", "is an address"],
    ["0x7f.1", "is an address"],
    [`${"a".repeat(64)}.com`, "not a valid host name"],
    ["a.".repeat(126) + "com", "at most 253"],
    ["x".repeat(100_000), "at most 253"],
  ])("%j is refused and told why", (host, reason) => {
    expect(refusal({ host, path: "/" })).toMatch(/^host /);
    expect(refusal({ host, path: "/" })).toContain(reason);
  });
});

describe("the short way to write a route", () => {
  it.each([
    ["GET /hello/:name", "GET", null, "/hello/:name"],
    ["/hello", "ANY", null, "/hello"],
    ["  post   /a ", "post", null, "/a"],
    ["GET shop.example.com/x", "GET", "shop.example.com", "/x"],
    ["shop.example.com:80/x/*", "ANY", "shop.example.com:80", "/x/*"],
    ["*.example.com/", "ANY", "*.example.com", "/"],
    ["* */a", "*", "*", "/a"],
    ["hello", "ANY", null, "hello"],
    ["GET /a b", "GET", null, "/a b"],
    ["", "ANY", null, ""],
  ])("%j is divided", (text, method, host, path) => {
    expect(splitRoutePattern(text)).toEqual({ method, host, path });
  });
});
