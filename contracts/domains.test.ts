import { describe, expect, it } from "vitest";

import { challengeName, domainSchema, domainsOver, parseDomain } from "./domains.ts";

describe("a claim", () => {
  it.each([
    ["shop.example.com", { hostname: "shop.example.com", isWildcard: false, label: null }],
    ["Shop.Example.COM", { hostname: "shop.example.com", isWildcard: false, label: null }],
    ["example.com", { hostname: "example.com", isWildcard: false, label: null }],
    ["*.example.com", { hostname: "*.example.com", isWildcard: true, label: null }],
    ["{tenant}.example.com", { hostname: "*.example.com", isWildcard: true, label: "tenant" }],
    ["xn--bcher-kva.example", { hostname: "xn--bcher-kva.example", isWildcard: false, label: null }],
  ])("%s is read", (text, pattern) => {
    expect(parseDomain(text)).toEqual(pattern);
  });

  it.each([
    "",
    "com",
    "*.com",
    "*",
    "{tenant}.com",
    "{}.example.com",
    "{1a}.example.com",
    "a.*.example.com",
    "**.example.com",
    "*.*.example.com",
    "shop.example.com:8080",
    "shop.example.com.",
    "http://shop.example.com",
    "shop.example.com/path",
    "user@shop.example.com",
    "127.0.0.1",
    "[::1]",
    "shop..example.com",
    "-shop.example.com",
    "bücher.example",
    "a b.example.com",
    `${"a.".repeat(130)}com`,
  ])("%j is refused", (text) => {
    expect(parseDomain(text)).toBeNull();
    expect(domainSchema.safeParse(text).success).toBe(false);
  });
});

describe("a host", () => {
  it("may be claimed by itself and by the wildcards over it, the most specific first", () => {
    expect(domainsOver("a.b.example.com")).toEqual(["a.b.example.com", "*.b.example.com", "*.example.com"]);
    expect(domainsOver("example.com")).toEqual(["example.com"]);
  });

  it("has the proof of its wildcard in the same place as its own", () => {
    expect(challengeName("example.com")).toBe("_isola-challenge.example.com");
    expect(challengeName("*.example.com")).toBe("_isola-challenge.example.com");
  });
});
