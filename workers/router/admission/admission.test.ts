import { env, SELF } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { DispatchDoor } from "../../../contracts/doors.ts";
import type { ErrorBody } from "../../../contracts/errors.ts";
import { UNKNOWN_HOSTS_PER_MINUTE } from "../../../contracts/limits.ts";
import { type Projection, projectionKey } from "../../../contracts/projection.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";
import { usageMeter } from "../usage/meter.ts";
import { orgRates } from "./org-rates.ts";

const { Dispatch } = exports as unknown as { Dispatch: (options: object) => DispatchDoor };
const { PROJECTIONS } = env as unknown as { PROJECTIONS: KVNamespace };

/** Every test has a minute of its own, so that none sees what another one has used up. */
let now = Date.now();
let tenant: Tenant;

beforeEach(async () => {
  now += 10 * 60_000;
  vi.useFakeTimers({ now, toFake: ["Date"] });
  await authority.setFailing([]);
  tenant = await newTenant();
});
afterEach(() => {
  vi.useRealTimers();
});

const rateOf = ({ headers }: Response): (string | null)[] =>
  ["limit", "remaining", "reset"].map((name) => headers.get(`x-ratelimit-${name}`));

async function limitTo(requestsPerSecond: number): Promise<void> {
  tenant.settings.quotas = { requestsPerSecond };
  await tenant.publish();
}

/** Statuses of requests, one after the other. */
async function statuses(count: number, send: () => Promise<Response>): Promise<number[]> {
  const seen: number[] = [];
  for (let index = 0; index < count; index++) {
    const response = await send();
    await response.body?.cancel();
    seen.push(response.status);
  }
  return seen;
}

describe("requests to an org with a rate", () => {
  it("are refused beyond it with the time to wait, as JSON and as a page", async () => {
    await tenant.deploy(`export default () => "hi"`);
    await limitTo(3);
    expect(await statuses(4, () => tenant.get("/"))).toEqual([200, 200, 200, 429]);
    const refused = await tenant.get("/");
    expect(rateOf(refused)).toEqual(["3", "0", "1"]);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.headers.get("cache-control")).toBe("no-store");
    expect((await refused.json<ErrorBody>()).error).toMatchObject({
      code: "too_many_requests",
      message: "This org takes 3 requests a second. Wait 1 s and try again.",
    });
    const page = await tenant.fetch("/", { headers: { accept: "text/html" } });
    expect([page.status, page.headers.get("content-type")]).toEqual([429, "text/html; charset=utf-8"]);
    expect(await page.text()).toContain("3 requests a second");
    vi.setSystemTime(now + 1_000);
    expect(await statuses(4, () => tenant.get("/"))).toEqual([200, 200, 200, 429]);
  });

  it("are told how the org stands once half of its rate is used up, in whatever way they are answered", async () => {
    await tenant.deploy(`export default () => new Response(null, { status: 204, headers: { "x-own": "1" } })`);
    await limitTo(4);
    const answers = [await tenant.get("/"), await tenant.get("/"), await tenant.get("/"), await tenant.get("/")];
    expect(answers.map(({ status, headers }) => [status, headers.get("x-own")])).toEqual([
      [204, "1"],
      [204, "1"],
      [204, "1"],
      [204, "1"],
    ]);
    expect(answers.map(rateOf)).toEqual([
      [null, null, null],
      [null, null, null],
      ["4", "1", "1"],
      ["4", "0", "1"],
    ]);
    vi.setSystemTime(now + 10_000);
    await tenant.deploy(`export default () => new Response("x", { headers: { "x-ratelimit-limit": "7" } })`);
    await limitTo(1);
    expect(rateOf(await tenant.get("/"))).toEqual(["7", null, null]);
  });

  it("are counted whatever their method is and whatever they come for", async () => {
    await tenant.deploy(`export default () => "hi"`);
    const ways: [path: string, init: RequestInit, status: number][] = [
      ["/", { method: "HEAD" }, 200],
      ["/", { method: "OPTIONS" }, 200],
      ["/.isola/v1/execute/main", { method: "POST" }, 200],
      ["/.isola/v1/webhooks/none", { method: "POST" }, 404],
      ["/.isola/healthz", {}, 200],
      ["/.isola/nothing", {}, 404],
    ];
    for (const [index, [path, init, status]] of ways.entries()) {
      vi.setSystemTime(now + (index + 1) * 10_000);
      await limitTo(2);
      expect([path, await statuses(3, () => tenant.fetch(path, init))]).toEqual([path, [status, status, 429]]);
    }
  });

  it("count once where they become a WebSocket, however much is said there", async () => {
    await tenant.deploy(`export default { fetch() {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.addEventListener("message", (event) => server.send(event.data));
      return new Response(null, { status: 101, webSocket: client });
    } };`);
    await limitTo(2);
    const { webSocket } = await tenant.fetch("/", { headers: { upgrade: "websocket" } });
    webSocket?.accept();
    for (let index = 0; index < 10; index++) {
      const heard = new Promise((done) =>
        webSocket?.addEventListener("message", ({ data }) => done(data), { once: true }),
      );
      webSocket?.send(`${index}`);
      expect(await heard).toBe(`${index}`);
    }
    webSocket?.close();
    expect(await statuses(2, () => tenant.fetch("/", { headers: { upgrade: "websocket" } }))).toEqual([101, 429]);
  });

  it("are no business of what runs without a request to the org's host", async () => {
    const script = await tenant.deploy(`export default () => "hi"`);
    await limitTo(1);
    const { orgId, slug } = tenant;
    const invoke = { orgId, slug, scriptId: script.id, method: "GET", path: "/", headers: {}, body: null };
    for (let index = 0; index < 3; index++) expect((await Dispatch({}).invoke(invoke)).status).toBe(200);
    expect(await statuses(2, () => tenant.get("/"))).toEqual([200, 429]);
  });

  it("leave other orgs alone, and those without a rate", async () => {
    await limitTo(1);
    const [other, free] = [await newTenant(), await newTenant()];
    other.settings.quotas = { requestsPerSecond: 1 };
    await other.publish();
    expect(await statuses(3, () => tenant.get("/"))).toEqual([200, 429, 429]);
    expect(await statuses(2, () => other.get("/"))).toEqual([200, 429]);
    expect(await statuses(20, () => free.get("/"))).toEqual(Array.from({ length: 20 }, () => 200));
  });

  it("are told apart in the org's usage: what came, and what was refused", async () => {
    await limitTo(2);
    await statuses(5, () => tenant.get("/"));
    expect(usageMeter.usedThisMonth(tenant.orgId, "requests", now)).toBe(2);
    expect(usageMeter.usedThisMonth(tenant.orgId, "refused", now)).toBe(3);
  });

  it("make room for those that other edges let through", async () => {
    await limitTo(10);
    expect(await statuses(11, () => tenant.get("/"))).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
    orgRates.setOthers(tenant.orgId, 10, now);
    vi.setSystemTime(now + 1_000);
    expect(await statuses(6, () => tenant.get("/"))).toEqual([200, 200, 200, 200, 200, 429]);
  });
});

describe("requests for hosts that are no org's", () => {
  const get = (slug: string): Promise<Response> => SELF.fetch(`http://${slug}.localhost/`);
  let made = 0;
  const guess = (): Promise<Response> => get(`made-up-${made++}`);

  it("leave the directory alone once there were too many, and every org as it is", { timeout: 30_000 }, async () => {
    await tenant.deploy(`export default () => "hi"`);
    expect((await tenant.get("/")).status).toBe(200);
    const published = await newTenant();
    const answers = await Promise.all(Array.from({ length: 50 }, () => statuses(UNKNOWN_HOSTS_PER_MINUTE / 40, guess)));
    expect(answers.flat().filter((status) => status === 404).length).toBe(UNKNOWN_HOSTS_PER_MINUTE - 1);
    expect(new Set(answers.flat())).toEqual(new Set([404, 429]));
    const asked = await authority.callsOf("findOrg");
    const refused = await get("one-more");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(rateOf(refused)).toEqual([String(UNKNOWN_HOSTS_PER_MINUTE), "0", "60"]);
    expect((await refused.json<ErrorBody>()).error.code).toBe("too_many_requests");
    expect(await authority.callsOf("findOrg")).toBe(asked);
    for (const host of ["203.0.113.1", "a.b.localhost"]) expect((await SELF.fetch(`http://${host}/`)).status).toBe(429);
    expect((await tenant.get("/")).status).toBe(200);
    expect((await SELF.fetch("http://app.localhost/")).status).toBe(200);
    // One that no request has come to yet, and that its object has published.
    const { orgId, slug, settings } = published;
    const projection: Projection = { orgId, slug, state: "running", revision: 1, routes: [], scripts: {}, settings };
    await PROJECTIONS.put(projectionKey(slug), JSON.stringify(projection));
    expect((await published.get("/")).status).toBe(200);
    vi.setSystemTime(now + 1_001);
    expect(new Set(await statuses(20, guess))).toEqual(new Set([404]));
    expect((await get("one-more")).status).toBe(429);
    // What is known is looked up anew every second, whoever else is refused.
    const before = await authority.callsOf("findOrg");
    expect((await tenant.get("/")).status).toBe(200);
    expect(await authority.callsOf("findOrg")).toBe(before + 1);
  });

  it("count also while it is known that nobody is there, and where no org could be", { timeout: 30_000 }, async () => {
    const same = (): Promise<Response> => get("nobody-at-all");
    await statuses(UNKNOWN_HOSTS_PER_MINUTE - 1, same);
    expect(await statuses(2, () => SELF.fetch("http://203.0.113.1/"))).toEqual([404, 429]);
    expect((await same()).status).toBe(429);
  });
});
