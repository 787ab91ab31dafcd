import { env } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import { projectionKey } from "../../../contracts/projection.ts";
import type { RouterEnv } from "../env.ts";
import { hostsOf } from "../hosts.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";
import { redirectTo } from "./moved.ts";

const { default: router } = exports as unknown as { default: Fetcher };
const { PROJECTIONS } = env as unknown as { PROJECTIONS: KVNamespace };

let tenant: Tenant;
let before: string;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
  before = `before-${tenant.slug}`;
});

const fetchBefore = (path: string, init?: RequestInit): Promise<Response> =>
  router.fetch(`http://${before}.localhost:8787${path}`, { redirect: "manual", ...init });
const publishMove = (until: number, redirectTo = tenant.slug): Promise<void> =>
  PROJECTIONS.put(projectionKey(before), JSON.stringify({ redirectTo, orgId: tenant.orgId, until }));

describe("a slug that an org had before", () => {
  it("leads to the same path at the host that it has now, by what is published", async () => {
    await publishMove(Date.now() + 60_000);
    const response = await fetchBefore("//evil.example/a%2Fb?to=//x&y");
    expect(response.status).toBe(308);
    expect(response.headers.get("location")).toBe(`http://${tenant.slug}.localhost//evil.example/a%2Fb?to=//x&y`);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("leads there by what the directory says, for any method, sockets and the platform's own paths too", async () => {
    await authority.setRenamed(before, tenant.slug);
    expect((await fetchBefore("/", { method: "POST", body: "x" })).status).toBe(308);
    expect((await fetchBefore("/", { headers: { upgrade: "websocket" } })).status).toBe(308);
    expect((await fetchBefore("/.isola/healthz")).status).toBe(308);
  });

  it("leads nowhere after its time", async () => {
    await publishMove(Date.now() - 1);
    expect((await fetchBefore("/")).status).toBe(404);
    await publishMove(Date.now() + 100);
    hostsOf(env as unknown as RouterEnv).forget(before);
    expect((await fetchBefore("/")).status).toBe(308);
    await scheduler.wait(150);
    expect((await fetchBefore("/")).status).toBe(404);
  });

  it("leads there while nobody can say more", async () => {
    await authority.setRenamed(before, tenant.slug);
    expect((await fetchBefore("/")).status).toBe(308);
    await authority.setFailing(["findOrg"]);
    await scheduler.wait(1_050);
    expect((await fetchBefore("/")).status).toBe(308);
  });

  it("is the org's again that takes it", async () => {
    await publishMove(Date.now() + 60_000);
    expect((await fetchBefore("/")).status).toBe(308);
    const { orgId } = tenant;
    await PROJECTIONS.put(
      projectionKey(before),
      JSON.stringify({ orgId, slug: before, state: "running", revision: 9, routes: [], scripts: {} }),
    );
    hostsOf(env as unknown as RouterEnv).forget(before);
    expect((await fetchBefore("/")).status).toBe(200);
  });

  it("is followed for scripts that were begun under it, and for nobody else's", async () => {
    await tenant.deploy(`export default async () => (await fetch("https://api.example.com/echo")).status`);
    expect(await (await tenant.get("/")).json()).toBe(200);
    const projection = await authority.projection(tenant.orgId);
    if (projection === null) throw new Error("no org");
    const now = `now-${tenant.slug}`;
    await authority.setOrg({ ...projection, slug: now, revision: 9 });
    await authority.removeOrg(tenant.slug);
    const fetchNow = async (): Promise<number> => (await router.fetch(`http://${now}.localhost/`)).status;
    hostsOf(env as unknown as RouterEnv).forget(tenant.slug);
    expect(await fetchNow()).toBe(502);
    await authority.setRenamed(tenant.slug, now);
    hostsOf(env as unknown as RouterEnv).forget(tenant.slug);
    expect(await fetchNow()).toBe(200);
  });
});

describe("a redirect", () => {
  it.each(["evil.example/", "a.b", "a@evil", "", "A"])("never goes to a host made of %j", (slug) => {
    const tenantUrl = { TENANT_URL: "http://{slug}.localhost" };
    expect(redirectTo({ slug, orgId: "o", until: Infinity }, "/", tenantUrl)).toBeNull();
  });
});
