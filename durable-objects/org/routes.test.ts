import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { ROUTES_PER_ORG_MAX } from "../../contracts/limits.ts";
import type { Route } from "../../contracts/routing/index.ts";
import { orgStub } from "../stubs.ts";
import { ada, door, openedOrg, published, refusalOf, routeTo, testEnv, upload } from "../testing/harness.ts";

async function orgWithScript() {
  const org = await openedOrg();
  const { script } = await door.saveScript(org.orgId, ada, upload("one"));
  return { ...org, script };
}

describe("routes", () => {
  it("are published in the order in which they match, however they were made", async () => {
    const { orgId, slug, script } = await orgWithScript();
    for (const path of ["/*", "/users/:id", "/users/me", "/users/*"]) {
      await door.createRoute(orgId, routeTo(script.id, path));
    }
    const paths = ["/users/me", "/users/:id", "/users/*", "/*"];
    expect((await door.listRoutes(orgId)).map(({ path }) => path)).toEqual(paths);
    expect((await published(slug))?.routes.map(({ path }) => path)).toEqual(paths);
  });

  it("are normalised", async () => {
    const { orgId, script } = await orgWithScript();
    const host = "SHOP.example.com";
    const input = routeTo(script.id, "/caf%C3%A9", { method: "get", host, hostKind: "strict" });
    expect(await door.createRoute(orgId, input)).toMatchObject({ method: "GET", host: "shop.example.com" });
  });

  it("are run while the caller waits, or later where that is said", async () => {
    const { orgId, slug, script } = await orgWithScript();
    await door.createRoute(orgId, routeTo(script.id, "/now"));
    const later = await door.createRoute(orgId, { ...routeTo(script.id, "/later"), dispatch: "async" });
    expect(later.dispatch).toBe("async");
    const dispatches = (routes: Route[] = []) =>
      Object.fromEntries(routes.map(({ path, dispatch }) => [path, dispatch]));
    const expected = { "/now": "sync", "/later": "async" };
    expect(dispatches(await door.listRoutes(orgId))).toEqual(expected);
    expect(dispatches((await published(slug))?.routes)).toEqual(expected);
  });

  it("refuse a conflict and say with what", async () => {
    const { orgId, script } = await orgWithScript();
    const route = await door.createRoute(orgId, routeTo(script.id, "/users/:id", { method: "GET" }));
    const refusal = await refusalOf(door.createRoute(orgId, routeTo(script.id, "/users/:name")));
    expect(refusal.code).toBe("conflict");
    expect(refusal.details).toEqual({ route });
    expect(await door.listRoutes(orgId)).toEqual([route]);
  });

  it("refuse an unknown script, a module, and what is no path", async () => {
    const { orgId, script } = await orgWithScript();
    const library = await door.saveScript(orgId, ada, upload("lib", { name: "library", kind: "module" }));
    expect((await refusalOf(door.createRoute(orgId, routeTo("scr_unknown", "/")))).code).toBe("not_found");
    const refused = await refusalOf(door.createRoute(orgId, routeTo(library.script.id, "/")));
    expect(refused.code).toBe("invalid");
    expect(refused.message).toContain("module");
    const malformed = await refusalOf(door.createRoute(orgId, routeTo(script.id, "no-slash")));
    expect(malformed.details).toMatchObject({ issues: [{ field: "path" }] });
    expect(await door.listRoutes(orgId)).toEqual([]);
  });

  it("go one by one", async () => {
    const { orgId, slug, script } = await orgWithScript();
    const route = await door.createRoute(orgId, routeTo(script.id, "/"));
    expect(await door.deleteRoute(orgId, route.id)).toBe(true);
    expect(await door.deleteRoute(orgId, route.id)).toBe(false);
    expect((await published(slug))?.routes).toEqual([]);
  });

  it("are bounded per org; one too many is refused with limit and usage", async () => {
    const { orgId, script } = await orgWithScript();
    await runInDurableObject(orgStub(testEnv, orgId), (_, state) => {
      for (let index = 0; index < ROUTES_PER_ORG_MAX; index += 1) {
        const insert = "INSERT INTO routes (id, script_id, method, path, path_kind) VALUES (?, ?, 'ANY', ?, 'exact')";
        state.storage.sql.exec(insert, newId("route"), script.id, `/r${index}`);
      }
    });
    const refusal = await refusalOf(door.createRoute(orgId, routeTo(script.id, "/more")));
    expect(refusal.code).toBe("invalid");
    expect(refusal.details).toEqual({ limit: ROUTES_PER_ORG_MAX, usage: ROUTES_PER_ORG_MAX });
  });
});
