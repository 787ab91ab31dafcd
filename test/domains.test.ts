import { afterAll, beforeAll, expect, it } from "vitest";

import { startNameServer, type NameServer } from "./api/support/name-server.ts";
import { type Platform, startPlatform } from "./support/platform.ts";

let dns: NameServer;
let platform: Platform;
beforeAll(async () => {
  dns = await startNameServer();
  platform = await startPlatform({ env: { DNS_URL: dns.url } });
});
afterAll(async () => {
  await platform?.dispose();
  await dns?.close();
});

const SOURCE = `export default (request, ctx) => ({ host: new URL(request.url).hostname, params: ctx.params })`;

it("a domain answers once it is proved, the most specific first, and no more once it is released", async () => {
  const client = await platform.client();
  for (const slug of ["shop", "diary"]) {
    await client.createOrg({ body: { slug } });
    await client.createScript({ params: { slug }, body: { name: "hello", source: SOURCE } });
    await client.createRoute({ params: { slug }, body: { script: "hello", path: "/hello" } });
  }
  const claim = async (slug: string, domain: string) => {
    const { records, hostname } = await client.claimDomain({ params: { slug }, body: { domain } });
    dns.records.set(records.proof.name, [...(dns.records.get(records.proof.name) ?? []), records.proof.value]);
    return hostname;
  };
  const ask = async (host: string) => {
    const answer = await platform.fetch(host, "/hello");
    return answer.status === 200 ? JSON.parse(answer.text) : answer.status;
  };
  await claim("shop", "{tenant}.example.com");
  await claim("diary", "blog.example.com");
  expect(await ask("a.example.com")).toBe(404);
  // Their claims find the records there.
  for (const [slug, domain] of [
    ["shop", "*.example.com"],
    ["diary", "blog.example.com"],
  ] as const) {
    await expect
      .poll(() => client.verifyDomain({ params: { slug, hostname: domain } }).catch(() => null), {
        timeout: 20_000,
        interval: 1_000,
      })
      .toMatchObject({ state: "active" });
  }
  expect(await ask("a.example.com")).toEqual({ host: "a.example.com", params: { tenant: "a" } });
  expect(await ask("blog.example.com")).toEqual({ host: "blog.example.com", params: {} });
  expect(await ask("shop.localhost")).toMatchObject({ host: "shop.localhost" });
  expect(await ask("example.com")).toBe(404);

  await client.renameOrg({ params: { slug: "shop" }, body: { slug: "market" } });
  expect(await ask("a.example.com")).toMatchObject({ host: "a.example.com" });
  await client.releaseDomain({ params: { slug: "diary", hostname: "blog.example.com" } });
  await expect
    .poll(() => ask("blog.example.com"), { timeout: 5_000 })
    .toEqual({ host: "blog.example.com", params: { tenant: "blog" } });
  await client.deleteOrg({ params: { slug: "market" }, query: { confirm: "market" } });
  await expect.poll(() => ask("a.example.com"), { timeout: 5_000 }).toBe(404);
});
