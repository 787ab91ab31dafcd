import { beforeEach, describe, expect, it } from "vitest";

import { authority, newTenant, type Tenant } from "./testing/tenant.ts";

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

describe("the reserved surface", () => {
  it("answers health and version", async () => {
    expect(await (await tenant.get("/.isola/healthz")).text()).toBe("ok\n");
    expect(await (await tenant.get("/.isola/version")).json()).toEqual({ product: "isola", version: "test" });
  });

  it.each(["/.isola", "/.isola/", "/.isola/other", "/.isola/v1/executed"])("keeps %s from the tenant", async (path) => {
    await tenant.deploy(`export default () => "mine"`);
    expect((await tenant.get(path)).status).toBe(404);
  });

  it("executes a script by name and by id, whatever the routes say, at the path behind its name", async () => {
    const script = await tenant.deploy(
      `export default async (request) => [new URL(request.url).pathname, new URL(request.url).search, await request.text()]`,
      { routes: [] },
    );
    const post = async (path: string): Promise<unknown> =>
      (await tenant.fetch(path, { method: "POST", body: "b" })).json();
    expect(await post("/.isola/v1/execute/main")).toEqual(["/", "", "b"]);
    expect(await post(`/.isola/v1/execute/${script.id}/x/y?z=1`)).toEqual(["/x/y", "?z=1", "b"]);
  });

  it("refuses to execute by GET, an unknown script, a module, and another org's script", async () => {
    const module = await tenant.deploy(`export const x = 1`, { name: "lib", kind: "module", routes: [] });
    const other = await newTenant();
    const foreign = await other.deploy(`export default () => "theirs"`, { routes: [] });
    const get = await tenant.get("/.isola/v1/execute/main");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    for (const id of ["nothing", module.id, foreign.id, "__proto__", "constructor", "toString"]) {
      const response = await tenant.fetch(`/.isola/v1/execute/${id}`, { method: "POST" });
      expect(response.status, id).toBe(404);
      await response.text();
    }
  });
});
