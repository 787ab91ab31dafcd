import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import type { ErrorBody } from "../../../contracts/errors.ts";
import { DEFAULT_ORG_SETTINGS } from "../../../contracts/projection.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const { default: router } = exports as unknown as { default: Fetcher };

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

const errorOf = async (response: Response): Promise<ErrorBody["error"]> => (await response.json<ErrorBody>()).error;

describe("hosts", () => {
  const statusOf = async (host: string): Promise<number> => {
    const response = await router.fetch(`http://${host}/.isola/healthz`, { redirect: "manual" });
    await response.text();
    return response.status;
  };

  it("finds a tenant by port, upper case and trailing dot alike", async () => {
    expect(await statusOf(`${tenant.slug}.localhost:8787`)).toBe(200);
    expect(await statusOf(`${tenant.slug.toUpperCase()}.LocalHost`)).toBe(200);
    expect(await statusOf(`${tenant.slug}.localhost.`)).toBe(200);
  });

  it.each([
    "nobody.localhost",
    "a.b.localhost",
    "xn--bcher-kva.localhost",
    "127.0.0.1",
    "example.com",
    `${"a".repeat(60)}.localhost`,
  ])("answers 404 on %s", async (host) => {
    expect(await statusOf(host)).toBe(404);
  });

  it("sends the control plane's host to the control plane", async () => {
    const response = await router.fetch("http://app.localhost:8787/api/v1/me");
    expect(await response.text()).toBe("control plane: /api/v1/me");
  });

  it("sends the bare domain to the control plane's host", async () => {
    const response = await router.fetch("http://localhost:8787/x?y", { redirect: "manual" });
    expect(response.headers.get("location")).toBe("http://app.localhost:8787/x?y");
  });

  it("says 503 when the control plane is down", async () => {
    await authority.setFailing(["fetch"]);
    const response = await router.fetch("http://app.localhost/");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("shows a browser a page and everyone else JSON", async () => {
    const page = await router.fetch("http://nobody.localhost/", { headers: { accept: "text/html,*/*" } });
    expect(page.headers.get("content-type")).toContain("text/html");
    const json = await router.fetch("http://nobody.localhost/");
    expect((await errorOf(json)).code).toBe("not_found");
  });
});

describe("an org", () => {
  it("without scripts welcomes its first visitor with 200", async () => {
    const response = await tenant.get("/");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ org: tenant.slug });
  });

  it("answers 404 where no route matches, and 405 with Allow where only the method is wrong", async () => {
    await tenant.deploy(`export default () => 1`, { routes: ["GET /a", "PUT /a"] });
    expect((await tenant.get("/b")).status).toBe(404);
    const wrong = await tenant.fetch("/a", { method: "DELETE" });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("GET, HEAD, PUT");
  });

  it("is gone from its host while it is being destroyed", async () => {
    await tenant.publish("destroying");
    expect((await tenant.get("/")).status).toBe(404);
  });

  it("keeps answering from the last known record when the authority is down", async () => {
    await tenant.deploy(`export default () => "still here"`);
    expect((await tenant.get("/")).status).toBe(200);
    await authority.setFailing(["findOrg", "projection"]);
    await scheduler.wait(1_050);
    expect(await (await tenant.get("/")).json()).toBe("still here");
  });

  it("that nobody knows yet is 503 with Retry-After while the authority is down, and 200 after", async () => {
    const fresh = await newTenant();
    await authority.setFailing(["findOrg"]);
    const response = await fresh.get("/");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    await authority.setFailing([]);
    expect((await fresh.get("/")).status).toBe(200);
  });

  it("is asked after once a second and not with every request", async () => {
    await tenant.deploy(`export default () => 1`);
    await tenant.get("/");
    const before = await authority.callsOf("findOrg");
    for (let index = 0; index < 5; index++) await tenant.get("/");
    expect(await authority.callsOf("findOrg")).toBe(before);
  });

  it("that was unknown answers within a second after it was made", async () => {
    const later = await newTenant();
    await authority.removeOrg(later.slug);
    expect((await later.get("/")).status).toBe(404);
    await authority.setOrg({
      orgId: later.orgId,
      slug: later.slug,
      state: "running",
      revision: 9,
      routes: [],
      scripts: {},
      settings: DEFAULT_ORG_SETTINGS,
    });
    expect((await later.get("/")).status).toBe(404);
    await scheduler.wait(1_050);
    expect((await later.get("/")).status).toBe(200);
  });
});
