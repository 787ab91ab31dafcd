import { env } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import type { DispatchDoor } from "../../../contracts/doors.ts";
import { HOST_CACHE_ENTRIES_MAX } from "../../../contracts/limits.ts";
import { hostKey } from "../../../contracts/projection.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";
import { DomainCache } from "./domain-cache.ts";
import { domains, mayBeOwn } from "./own-domain.ts";

const { default: router, Dispatch } = exports as unknown as { default: Fetcher; Dispatch: DispatchDoor };
const { PROJECTIONS } = env as unknown as { PROJECTIONS: KVNamespace };

let tenant: Tenant;
let zone: string;
let count = 0;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
  zone = `zone-${++count}.example.com`;
  await tenant.deploy(
    `export default (request, ctx) => ({ statusCode: 200, headers: { "set-cookie": "a=1; Domain=example.com" },
       body: { url: request.url, params: ctx.params } })`,
    { routes: ["/*", "/users/:tenant"] },
  );
});

const get = (host: string, path = "/"): Promise<Response> =>
  router.fetch(`http://${host}${path}`, { redirect: "manual" });
const recordOf = (hostname: string, label: string | null = null, of = tenant) => ({
  orgId: of.orgId,
  slug: of.slug,
  hostname,
  label,
});
const publish = (hostname: string, label: string | null = null, of = tenant): Promise<void> =>
  PROJECTIONS.put(hostKey(hostname), JSON.stringify(recordOf(hostname, label, of)));

describe("a host of an org's own", () => {
  it("is the org's, by what is published, and keeps cookies for itself", async () => {
    await publish(`shop.${zone}`);
    const response = await get(`Shop.${zone}.:8787`, "/x");
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await response.json()).toMatchObject({ params: {} });
    expect((await get(`other.${zone}`)).status).toBe(404);
  });

  it("is the org's by what the directory says", async () => {
    await authority.setDomain(`shop.${zone}`, recordOf(`shop.${zone}`));
    expect((await get(`shop.${zone}`)).status).toBe(200);
  });

  it("has the platform's own paths, and signs nobody in", async () => {
    await publish(`shop.${zone}`);
    expect(await (await get(`shop.${zone}`, "/.isola/healthz")).text()).toBe("ok\n");
    expect((await get(`shop.${zone}`, "/.isola/sso?token=x")).status).toBe(404);
    expect((await get(`shop.${zone}`, "/.isola/sign-in")).headers.get("location")).toBe(
      `http://app.localhost/open/${tenant.slug}?to=%2F`,
    );
  });

  it("under a wildcard is the org's, however many labels there are, and the most specific claim wins", async () => {
    const other = await newTenant();
    await other.deploy(`export default () => "other"`);
    await publish(`*.${zone}`);
    await publish(`*.b.${zone}`, null, other);
    await publish(`a.b.${zone}`);
    expect(await (await get(`x.${zone}`)).json()).toMatchObject({ params: {} });
    expect(await (await get(`x.y.${zone}`)).json()).toMatchObject({ params: {} });
    expect(await (await get(`x.b.${zone}`)).json()).toBe("other");
    expect(await (await get(`a.b.${zone}`)).json()).toMatchObject({ params: {} });
    expect((await get(zone)).status).toBe(404);
  });

  it("gives the name of its wildcard's label to the script, and stands for one label then", async () => {
    await publish(`*.${zone}`, "tenant");
    expect(await (await get(`acme.${zone}`)).json()).toMatchObject({ params: { tenant: "acme" } });
    expect(await (await get(`acme.${zone}`, "/users/7")).json()).toMatchObject({ params: { tenant: "7" } });
    expect((await get(`a.b.${zone}`)).status).toBe(404);
  });

  it("is the directory's to say where there are more labels than are looked up", async () => {
    const deep = `a.b.c.d.e.f.${zone}`;
    await publish(`*.${zone}`);
    await authority.setDomain(deep, recordOf(`*.${zone}`));
    expect((await get(deep)).status).toBe(200);
  });

  it("follows its org to another slug, and not to another org that has the slug by now", async () => {
    await PROJECTIONS.put(
      hostKey(`shop.${zone}`),
      JSON.stringify({ ...recordOf(`shop.${zone}`), slug: `old-${tenant.slug}` }),
    );
    await authority.setRenamed(`old-${tenant.slug}`, tenant.slug);
    expect((await get(`shop.${zone}`)).status).toBe(200);
    const other = await newTenant();
    await PROJECTIONS.put(hostKey(`gone.${zone}`), JSON.stringify({ ...recordOf(`gone.${zone}`), slug: other.slug }));
    expect((await get(`gone.${zone}`)).status).toBe(404);
  });

  it("answers as its org stands", async () => {
    await publish(`shop.${zone}`);
    await tenant.publish("suspended");
    expect((await get(`shop.${zone}`)).status).toBe(503);
    await tenant.publish("destroying");
    expect((await get(`shop.${zone}`)).status).toBe(404);
  });

  it("answers on while everything else is down, stale rather than absent", async () => {
    await authority.setDomain(`shop.${zone}`, recordOf(`shop.${zone}`));
    expect((await get(`shop.${zone}`)).status).toBe(200);
    await authority.setFailing(["findDomain", "findOrg", "projection"]);
    await scheduler.wait(1_050);
    for (let index = 0; index < 3; index++) expect((await get(`shop.${zone}`)).status).toBe(200);
    const unknown = await get(`never.${zone}`);
    expect(unknown.status).toBe(503);
    expect(unknown.headers.get("retry-after")).toBe("1");
  });

  it("is asked for once a second, nobody's too", async () => {
    await get(`nobody.${zone}`);
    await authority.setDomain(`shop.${zone}`, recordOf(`shop.${zone}`));
    await get(`shop.${zone}`);
    const before = await authority.callsOf("findDomain");
    for (let index = 0; index < 5; index++) {
      expect((await get(`nobody.${zone}`)).status).toBe(404);
      expect((await get(`shop.${zone}`)).status).toBe(200);
    }
    expect(await authority.callsOf("findDomain")).toBe(before);
  });

  it("is given up as soon as the edge is told to forget it, and what is under a wildcard with it", async () => {
    await publish(`shop.${zone}`);
    await publish(`*.${zone}`);
    expect((await get(`shop.${zone}`)).status).toBe(200);
    expect((await get(`a.${zone}`)).status).toBe(200);
    await PROJECTIONS.delete(hostKey(`shop.${zone}`));
    await PROJECTIONS.delete(hostKey(`*.${zone}`));
    expect((await get(`shop.${zone}`)).status).toBe(200);
    await Dispatch.forgetDomain(`*.${zone}`);
    expect((await get(`shop.${zone}`)).status).toBe(404);
    expect((await get(`a.${zone}`)).status).toBe(404);
  });
});

describe("a claim over the platform's own hosts", () => {
  it("changes nothing there", async () => {
    const claims = ["app.localhost", "localhost", "*.localhost", `${tenant.slug}.localhost`, "*.app.localhost"];
    const other = await newTenant();
    for (const claim of claims) {
      await authority.setDomain(claim, recordOf(claim, null, other));
      await publish(claim, null, other);
    }
    expect(await (await get("app.localhost", "/x")).text()).toBe("control plane: /x");
    expect((await get("localhost")).status).toBe(302);
    expect(await (await get(tenant.host)).json()).toMatchObject({ params: {} });
    for (const host of ["a.b.localhost", "x.app.localhost", "nobody.localhost"])
      expect((await get(host)).status).toBe(404);
  });

  it.each(["127.0.0.1", "10.1", "host", "app.example", "x.app.example", "tenants.example", "a.b.tenants.example"])(
    "is not even looked for at %s",
    (hostname) => {
      expect(mayBeOwn(hostname, { DOMAIN: "tenants.example", APP_HOST: "app.example" })).toBe(false);
    },
  );
});

describe("what is kept of domains", () => {
  it("is bounded, and what was asked for longest ago goes first", () => {
    const cache = new DomainCache();
    for (let index = 0; index < HOST_CACHE_ENTRIES_MAX; index++) cache.learn(`${index}.example`, null, 0);
    cache.learn("0.example", null, 1);
    cache.learn("one-more.example", null, 1);
    expect(cache.size).toBe(HOST_CACHE_ENTRIES_MAX);
    expect(cache.find("0.example")).toBeDefined();
    expect(cache.find("1.example")).toBeUndefined();
  });

  it("is not what nobody answered", async () => {
    await authority.setFailing(["findDomain"]);
    await get(`unanswered.${zone}`);
    expect(domains.find(`unanswered.${zone}`)).toBeUndefined();
  });
});
