import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileRoutes, parseRoute, sortByPrecedence, splitRoutePattern, type Route } from "./index.ts";

describe("parsing", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("/", ":", "*", "%", ".", "a", "2", "F", "e", "?", "#", "\\", " ", "é") }),
    fc
      .array(fc.constantFrom("/", ":id", "*", "%2F", "%2e", "..", ".isola", "a", "%", "é", "%ff"), { maxLength: 12 })
      .map((parts) => `/${parts.join("")}`),
  );

  it("never throws, and what it lets in reads the same again", () => {
    fc.assert(
      fc.property(text, text, text, (path, host, method) => {
        for (const input of [{ path }, { path, host }, { path, host, method }]) {
          const parsed = parseRoute(input);
          if (parsed.ok) expect(parseRoute(parsed.route)).toEqual(parsed);
          else expect(parsed.reason).not.toBe("");
        }
        for (const short of [path, `${method} ${host}${path}`]) {
          const parts = splitRoutePattern(short);
          expect(`${parts.host ?? ""}${parts.path}`.length).toBeLessThanOrEqual(short.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("lets nothing in that no request could reach", () => {
    fc.assert(
      fc.property(text, (path) => {
        const parsed = parseRoute({ path });
        if (!parsed.ok) return;
        const route: Route = { id: "r", scriptId: "s", ...parsed.route };
        const asked = route.path.replaceAll(/:[^/]+|\*/g, "free");
        const url = new URL(`http://hello.localhost${asked}`);
        expect(compileRoutes([route]).match("GET", url.hostname, url.pathname)?.route).toBe(route);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("matching", () => {
  it("never throws, and reads a path as URL does", () => {
    const table = sortByPrecedence(
      ["/a", "/a/:x", "/:x/a/:y", "/a/*", "/*"].map((path, index): Route => {
        const parsed = parseRoute({ path });
        if (!parsed.ok) throw new Error(parsed.reason);
        return { id: `r${index}`, scriptId: "s", ...parsed.route };
      }),
    );
    const matcher = compileRoutes(table);
    const path = fc.array(
      fc.oneof(
        fc.constantFrom("/", "/..", "/.", "/%2e%2E", "/a", "?", "#", "\\", "%", "%2F", ".isola"),
        fc.string({ unit: "grapheme" }),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(path, (parts) => {
        const raw = `/${parts.join("")}`;
        const url = new URL(`http://hello.localhost${raw}`);
        expect(matcher.match("GET", "hello.localhost", raw)).toEqual(
          matcher.match("GET", "hello.localhost", url.pathname),
        );
        expect(() => matcher.match(raw, raw, parts.join(""))).not.toThrow();
        expect(() => matcher.allow(raw, raw)).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });
});
