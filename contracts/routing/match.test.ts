import { describe, expect, it } from "vitest";

import { compileRoutes, isReservedPath, parseRoute, sortByPrecedence, splitRoutePattern, type Route } from "./index.ts";

/** Routes written short; each one's id is what was written. */
function table(...patterns: string[]) {
  const routes = patterns.map((id): Route => {
    const parsed = parseRoute(splitRoutePattern(id));
    if (!parsed.ok) throw new Error(`${id}: ${parsed.reason}`);
    const { method, host, path, pathKind } = parsed.route;
    return { id, scriptId: "scr_1", method, host, path, pathKind };
  });
  const matcher = compileRoutes(sortByPrecedence(routes));
  return {
    matcher,
    answer: (path: string, method = "GET", host = "hello.localhost") => matcher.match(method, host, path)?.route.id,
    params: (path: string, method = "GET", host = "hello.localhost") => matcher.match(method, host, path)?.params,
    allow: (path: string, host = "hello.localhost") => matcher.allow(host, path),
  };
}

describe("paths", () => {
  it("match exactly, trailing slash and case included", () => {
    const { answer } = table("/greet");
    expect(answer("/greet")).toBe("/greet");
    for (const path of ["/greet/", "/Greet", "/gree", "/greets", "/", "", "greet", "*"]) {
      expect(answer(path)).toBeUndefined();
    }
  });

  it("match a parameter with one whole segment that is not empty", () => {
    const { answer, params } = table("/users/:id/posts/:post");
    expect(params("/users/7/posts/x-1")).toEqual({ id: "7", post: "x-1" });
    for (const path of [
      "/users//posts/1",
      "/users/7/posts/",
      "/users/7/posts",
      "/users/7/posts/1/",
      "/users/7/likes/1",
    ]) {
      expect(answer(path)).toBeUndefined();
    }
  });

  it("match a trailing slash after a parameter only where the pattern has it", () => {
    const { answer } = table("/a/:x/");
    expect(answer("/a/1/")).toBe("/a/:x/");
    expect(answer("/a/1")).toBeUndefined();
    expect(answer("/a/1//")).toBeUndefined();
  });

  it("match a prefix with what lies below it and not with the prefix itself", () => {
    const { answer } = table("/hooks/*");
    expect(answer("/hooks/")).toBe("/hooks/*");
    expect(answer("/hooks/a/b/c")).toBe("/hooks/*");
    expect(answer("/hooks//")).toBe("/hooks/*");
    expect(answer("/hooks")).toBeUndefined();
    expect(answer("/hooksy/a")).toBeUndefined();
  });

  it("match everything with /*", () => {
    const { answer } = table("/*");
    for (const path of ["/", "/a", "/a/", "//", "/%", "/%ff/x", "/a?b", `/${"a/".repeat(3_000)}`]) {
      expect(answer(path)).toBe("/*");
    }
  });

  it("leave the query and the fragment out", () => {
    const { answer, params } = table("/greet", "/users/:id");
    expect(answer("/greet?name=x")).toBe("/greet");
    expect(answer("/greet#x")).toBe("/greet");
    expect(params("/users/7?a=/b")).toEqual({ id: "7" });
  });
});

describe("escapes", () => {
  it("do not matter to what a path says", () => {
    const { answer } = table("/greet", "/café", "/%3Aid", "/a%3Fb");
    expect(answer("/%67reet")).toBe("/greet");
    expect(answer("/caf%c3%a9")).toBe("/café");
    expect(answer("/café")).toBe("/café");
    expect(answer("/:id")).toBe("/%3Aid");
    expect(answer("/%3aid")).toBe("/%3Aid");
    expect(answer("/a%3fb")).toBe("/a%3Fb");
    expect(answer("/a?b")).toBeUndefined();
  });

  it("keep an encoded slash inside its segment", () => {
    const { answer, params } = table("/a/b", "/:x");
    expect(answer("/a%2Fb")).toBe("/:x");
    expect(params("/a%2fb")).toEqual({ x: "a/b" });
    expect(params("/a%252Fb")).toEqual({ x: "a%2Fb" });
  });

  it("are captured decoded, and literally where they are malformed", () => {
    const { params } = table("/:x");
    expect(params("/J%C3%BCrgen%20B")).toEqual({ x: "Jürgen B" });
    expect(params("/100%")).toEqual({ x: "100%" });
    expect(params("/%ff")).toEqual({ x: "%ff" });
    expect(params("/%u0041")).toEqual({ x: "%u0041" });
  });

  it("of dots are resolved as URL resolves them", () => {
    const { answer } = table("/admin", "/public/*");
    expect(answer("/public/../admin")).toBe("/admin");
    expect(answer("/public/%2e%2E/admin")).toBe("/admin");
    expect(answer("/public/..%2Fadmin")).toBe("/public/*");
    expect(answer("/public\\..\\admin")).toBe("/admin");
  });
});

describe("the platform's own paths", () => {
  it.each(["/.isola", "/.isola/", "/.isola/healthz", "/%2Eisola/v1", "/x/../.isola/v1", "/.%69sola?x", "/./.isola"])(
    "%s matches nothing",
    (path) => {
      expect(table("/*", "/:a", "/:a/:b").answer(path)).toBeUndefined();
      expect(isReservedPath(path)).toBe(true);
    },
  );

  it.each(["/.isolation", "/x/.isola", "/.well-known/x", "/.ISOLA", "/.isola%2Fx", "/.isola/../x"])(
    "do not hold %s",
    (path) => {
      expect(table("/*").answer(path)).toBe("/*");
      expect(isReservedPath(path)).toBe(false);
    },
  );
});

describe("precedence", () => {
  it("goes exact, param, prefix, and down where the method is another", () => {
    const { answer } = table("GET /a/b", "POST /a/:x", "PUT /a/*", "/*");
    expect(answer("/a/b", "GET")).toBe("GET /a/b");
    expect(answer("/a/b", "POST")).toBe("POST /a/:x");
    expect(answer("/a/b", "PUT")).toBe("PUT /a/*");
    expect(answer("/a/b", "PATCH")).toBe("/*");
  });

  it("prefers a short param path to the longest prefix", () => {
    expect(table("/:a/:b/:c", "/a/b/*").answer("/a/b/c")).toBe("/:a/:b/:c");
  });

  it("prefers more leading literals, then the longer prefix, whatever the method", () => {
    const { answer } = table("/a/:x", "GET /:y/b", "GET /*", "/api/*", "GET /api/v1/*");
    expect(answer("/a/b")).toBe("/a/:x");
    expect(answer("/c/b")).toBe("GET /:y/b");
    expect(answer("/api/v2/x")).toBe("/api/*");
    expect(answer("/api/v1/x")).toBe("GET /api/v1/*");
    expect(answer("/api/v1/x", "POST")).toBe("/api/*");
  });

  it("goes strict host, longer wildcard, any, and falls through where the path does not match", () => {
    const { answer } = table("a.b.example.com/x", "*.b.example.com/*", "*.example.com/*", "/*", "/only-any");
    const at = (host: string, path = "/x") => answer(path, "GET", host);
    expect(at("a.b.example.com")).toBe("a.b.example.com/x");
    expect(at("a.b.example.com", "/y")).toBe("*.b.example.com/*");
    expect(at("z.a.b.example.com")).toBe("*.b.example.com/*");
    expect(at("b.example.com")).toBe("*.example.com/*");
    expect(at("example.com")).toBe("/*");
    expect(at("notexample.com")).toBe("/*");
    expect(at("a.b.example.com", "/only-any")).toBe("*.b.example.com/*");
  });
});

describe("methods", () => {
  it("let a GET route answer HEAD unless a HEAD route is there", () => {
    expect(table("GET /a").answer("/a", "HEAD")).toBe("GET /a");
    expect(table("GET /a", "HEAD /a").answer("/a", "HEAD")).toBe("HEAD /a");
    expect(table("GET /a/:x", "HEAD /a/:y").answer("/a/1", "HEAD")).toBe("HEAD /a/:y");
    expect(table("HEAD /a").answer("/a", "GET")).toBeUndefined();
  });

  it("name what a path knows across all tiers", () => {
    const { allow } = table("GET /a", "POST /:x", "*.localhost/a", "DELETE *.example.com/a", "PUT /b/*");
    expect(allow("/a", "hello.test")).toEqual(["GET", "HEAD", "POST"]);
    expect(allow("/a", "x.example.com")).toEqual(["DELETE", "GET", "HEAD", "POST"]);
    expect(allow("/b/c")).toEqual(["PUT"]);
    expect(allow("/c/d")).toEqual([]);
    expect(allow("/a")).toContain("ANY");
  });
});

describe("a match that captures nothing", () => {
  it("is the same frozen object every time, so a hit allocates nothing", () => {
    const { matcher } = table("/a", "/*");
    for (const path of ["/a", "/b"]) {
      const match = matcher.match("GET", "x", path);
      expect(match).not.toBeNull();
      expect(match).toBe(matcher.match("POST", "y", path));
      expect(Object.isFrozen(match) && Object.isFrozen(match?.params)).toBe(true);
    }
  });
});
