import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import type { TenantUser } from "../../../contracts/hand-over.ts";
import { TENANT_SESSION_RETRY_MS, TENANT_SESSION_STALE_S } from "../../../contracts/limits.ts";
import { claimsOf, handOverClaims, newSigner, type TestSigner } from "../people/testing.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const FUNCTION = `export default (request, ctx) => ({ user: ctx.user, cookie: request.headers.get("cookie") })`;
const MODULE = `import { user } from "./.isola/isola.js";
  export default { fetch: (request) => Response.json({ user: user(), cookie: request.headers.get("cookie") }) }`;
const QUIET = `export default { fetch: (request) => Response.json({ cookie: request.headers.get("cookie") }) }`;
const SESSION = "a.session.token";

let signer: TestSigner;
let stranger: TestSigner;
let tenant: Tenant;

beforeAll(async () => {
  signer = await newSigner("known");
  stranger = await newSigner("known");
  await authority.setAnswers("signingKeys", [{ value: signer.keySet }]);
});

beforeEach(async () => {
  vi.useRealTimers();
  await authority.setFailing([]);
  await authority.setAnswers("beginTenantSession", [{ value: { token: SESSION, expiresAt: Date.now() + 3_600_000 } }]);
  for (const name of ["beginTenantSession", "renewTenantSession", "endTenantSession"]) await authority.takeAsked(name);
  tenant = await newTenant();
});

const sso = (token: string, to = "/home?x=1", at = tenant) =>
  at.get(`/.isola/sso?${new URLSearchParams({ token, to }).toString()}`);
const withSession = (token: string, path = "/", init: { method?: string; headers?: Record<string, string> } = {}) =>
  tenant.fetch(path, { ...init, headers: { cookie: `a=1; isola_person=${token}; b=2`, ...init.headers } });
const seenBy = async (token: string): Promise<{ user: TenantUser | null; cookie: string | null }> =>
  (await withSession(token)).json();

describe("a hand-over that comes to its host", () => {
  it("is spent for a cookie that scripts of pages cannot read and other hosts do not get", async () => {
    const token = await signer.handOver(handOverClaims(tenant));
    const answer = await sso(token);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/home?x=1"]);
    expect(await authority.takeAsked("beginTenantSession")).toEqual([[token, `http://${tenant.host}`]]);
    const [cookie = "", ...others] = answer.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(/^isola_person=a\.session\.token; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("is refused unspent when it is none, or none for here and now, with a way to sign in", async () => {
    const other = await newTenant();
    const now = Math.floor(Date.now() / 1_000);
    const good = handOverClaims(tenant);
    const forged = [
      await stranger.handOver(good),
      await signer.session(claimsOf(tenant)),
      await signer.sign(good, { typ: "JWT" }),
      await signer.sign(good, { typ: "isola-hand-over+jwt", kid: "unknown" }),
      await signer.handOver(handOverClaims(other)),
      await signer.handOver(handOverClaims(tenant, { org: other.orgId })),
      await signer.handOver(handOverClaims(tenant, { aud: `https://${tenant.host}` })),
      await signer.handOver(handOverClaims(tenant, { iss: "http://evil.localhost" })),
      await signer.handOver(handOverClaims(tenant, { iat: now - 120, exp: now - 60 })),
      await signer.handOver(handOverClaims(tenant, { iat: now - 120, exp: now + 3_600 })),
      await signer.handOver(handOverClaims(tenant, { iat: now + 600, exp: now + 660 })),
      await signer.handOver({ ...good, sub: "usr" }),
      await signer.handOver({ ...good, role: "god" }),
      await signer.handOver({ sub: good.sub }),
      "",
      "a.b.c",
      "x".repeat(10_000),
    ];
    for (const [index, token] of forged.entries()) {
      const answer = await sso(token);
      expect([index, answer.status, answer.headers.getSetCookie()]).toEqual([index, 401, []]);
      await answer.text();
    }
    expect(await authority.takeAsked("beginTenantSession")).toEqual([]);
    const page = await tenant.fetch("/.isola/sso?token=x", { headers: { accept: "text/html" } });
    expect([page.status, await page.text()]).toEqual([401, expect.stringContaining('href="/.isola/sign-in"')]);
  });

  it("that the control plane refuses, as it does a replay, sets nothing", async () => {
    const refusal = { code: "unauthenticated", message: "It was used.", details: {} };
    await authority.setAnswers("beginTenantSession", [{ refusal }]);
    const answer = await sso(await signer.handOver(handOverClaims(tenant)));
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
  });

  it.each(["//evil.example", "/\\evil.example", "https://evil.example", "/%5cevil.example", "javascript:alert(1)"])(
    "leads to no other host: %s",
    async (to) => {
      const answer = await sso(await signer.handOver(handOverClaims(tenant)), to);
      expect([answer.status, answer.headers.get("location"), answer.headers.getSetCookie()]).toEqual([422, null, []]);
      expect(await authority.takeAsked("beginTenantSession")).toEqual([]);
    },
  );
});

describe("signing in", () => {
  it("begins at the control plane", async () => {
    const answer = await tenant.get("/.isola/sign-in?to=/a%3Fb=1");
    expect(answer.status).toBe(302);
    expect(answer.headers.get("location")).toBe(`http://app.localhost/open/${tenant.slug}?to=%2Fa%3Fb%3D1`);
    expect((await tenant.get("/.isola/sign-in?to=//evil.example")).status).toBe(422);
  });
});

describe("a session", () => {
  it.each([
    ["a plain function", FUNCTION],
    ["a module that asks", MODULE],
  ])("tells %s who it is, and keeps its cookie from it", async (_, source) => {
    await tenant.deploy(source);
    const { sub, email, name, role } = claimsOf(tenant);
    const token = await signer.session(claimsOf(tenant, { sub }));
    const user = { id: sub, email, name, role };
    for (let times = 0; times < 3; times++) expect(await seenBy(token)).toEqual({ user, cookie: "a=1; b=2" });
    const nobody = await (await tenant.fetch("/", { headers: { cookie: "a=1" } })).json();
    expect(nobody).toEqual({ user: null, cookie: "a=1" });
  });

  it("keeps its cookie from a script that has no use for who it is, and from one that is run by name", async () => {
    await tenant.deploy(QUIET);
    const token = await signer.session(claimsOf(tenant));
    for (let times = 0; times < 3; times++) expect(await seenBy(token)).toEqual({ cookie: "a=1; b=2" });
    await tenant.deploy(FUNCTION);
    const executed = await withSession(token, "/.isola/v1/execute/main", { method: "POST" });
    expect(await executed.json()).toMatchObject({ user: { email: "ada@example.com" }, cookie: "a=1; b=2" });
  });

  it("is each visitor's own while many are answered at once", async () => {
    await tenant.deploy(`import { user } from "./.isola/isola.js";
      export default { async fetch() { await scheduler.wait(20); return Response.json(user()); } }`);
    const people = Array.from({ length: 8 }, (_, index) => claimsOf(tenant, { email: `p${index}@example.com` }));
    const answers = people.map(async (claims) => (await withSession(await signer.session(claims))).json<TenantUser>());
    expect((await Promise.all(answers)).map(({ email }) => email)).toEqual(people.map(({ email }) => email));
  });

  it("that is none, or none for here and now, is nobody's and is taken back", async () => {
    await tenant.deploy(FUNCTION);
    const other = await newTenant();
    const now = Math.floor(Date.now() / 1_000);
    const forged = [
      await stranger.session(claimsOf(tenant)),
      await signer.handOver(handOverClaims(tenant)),
      await signer.session(claimsOf(other)),
      await signer.session(claimsOf(tenant, { org: other.orgId })),
      await signer.session(claimsOf(tenant, { iss: "http://evil.localhost" })),
      await signer.session(claimsOf(tenant, { iat: now - 50_000 })),
      await signer.session(handOverClaims(tenant)),
    ];
    for (const [index, token] of forged.entries()) {
      const answer = await withSession(token);
      const [cookie = ""] = answer.headers.getSetCookie();
      expect([index, await answer.json()]).toEqual([index, { user: null, cookie: "a=1; b=2" }]);
      expect(cookie).toMatch(/^isola_person=; Max-Age=0; /);
    }
  });

  it("of one org is nobody's at another's host, even when that has learnt it", async () => {
    await tenant.deploy(FUNCTION);
    const other = await newTenant();
    await other.deploy(FUNCTION);
    const token = await signer.session(claimsOf(tenant));
    expect(await seenBy(token)).toMatchObject({ user: { email: "ada@example.com" } });
    const answer = await other.fetch("/", { headers: { cookie: `isola_person=${token}` } });
    expect(await answer.json()).toEqual({ user: null, cookie: null });
    expect(await seenBy(token)).toMatchObject({ user: { email: "ada@example.com" } });
  });

  it("cannot be set, changed or removed by a script, under any spelling", async () => {
    const lines = [
      "isola_person=x",
      "__Host-isola_person=x",
      "=isola_person=x",
      " isola_person =x",
      "isola_person",
      "ISOLA_PERSON=x; Max-Age=0",
    ];
    const headers = JSON.stringify([...lines, "own=1", "isola_personal=1"].map((line) => ["set-cookie", line]));
    await tenant.deploy(`export default () => new Response("x", { headers: ${headers} })`);
    const answer = await tenant.get("/");
    expect(answer.headers.getSetCookie()).toEqual(["own=1", "isola_personal=1"]);
  });
});

describe("a session that is five minutes old", () => {
  const past = (minutes: number) => Math.floor(Date.now() / 1_000) - minutes * 60;

  it("is renewed once while its page loads, with who the person is now", async () => {
    await tenant.deploy(FUNCTION);
    const claims = claimsOf(tenant, { iat: past(6) });
    const token = await signer.session(claims);
    const renewed = await signer.session({ ...claims, fresh: past(-5), role: "admin" });
    await authority.setAnswers("renewTenantSession", [{ value: { token: renewed, expiresAt: claims.exp * 1_000 } }]);
    const first = await withSession(token);
    expect(first.headers.getSetCookie()).toEqual([expect.stringContaining(`isola_person=${renewed}; Max-Age=`)]);
    expect(first.headers.get("cache-control")).toBe("private, no-store");
    expect(await first.json()).toMatchObject({ user: { role: "admin" } });
    expect((await seenBy(token)).user?.role).toBe("admin");
    expect((await seenBy(renewed)).user?.role).toBe("admin");
    expect(await authority.takeAsked("renewTenantSession")).toEqual([[token, `http://${tenant.host}`]]);
  });

  it("is over when the person is gone", async () => {
    await tenant.deploy(FUNCTION);
    await authority.setAnswers("renewTenantSession", [{ value: null }]);
    const answer = await withSession(await signer.session(claimsOf(tenant, { iat: past(6) })));
    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^isola_person=; Max-Age=0; /)]);
    expect(await answer.json()).toMatchObject({ user: null });
  });

  it("holds an hour more while the control plane is down, asking it now and then, and no longer", async () => {
    await tenant.deploy(FUNCTION);
    await authority.setFailing(["renewTenantSession"]);
    const before = await authority.callsOf("renewTenantSession");
    const token = await signer.session(claimsOf(tenant, { iat: past(6) }));
    for (let times = 0; times < 3; times++)
      expect(await seenBy(token)).toMatchObject({ user: { email: "ada@example.com" } });
    const asked = (await authority.callsOf("renewTenantSession")) - before;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(2);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + TENANT_SESSION_RETRY_MS + 1);
    expect(await seenBy(token)).toMatchObject({ user: { email: "ada@example.com" } });
    expect(await authority.callsOf("renewTenantSession")).toBeGreaterThan(before + asked);
    vi.restoreAllMocks();

    const tooOld = await signer.session(claimsOf(tenant, { iat: past(6 + TENANT_SESSION_STALE_S / 60) }));
    // The second time, it is not asked.
    for (let times = 0; times < 2; times++) {
      const answer = await withSession(tooOld);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(await answer.json()).toEqual({ user: null, cookie: "a=1; b=2" });
    }
  });
});

describe("signing out", () => {
  const post = (token: string, headers: Record<string, string>) =>
    withSession(token, "/.isola/sign-out?to=/bye", {
      method: "POST",
      headers: { cookie: `isola_person=${token}`, ...headers },
    });

  it("takes the cookie back, and ends the session wherever its token is kept", async () => {
    const token = await signer.session(claimsOf(tenant));
    const answer = await post(token, { origin: `http://${tenant.host}` });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([
      204,
      [expect.stringMatching(/^isola_person=; Max-Age=0; /)],
    ]);
    await expect.poll(() => authority.takeAsked("endTenantSession")).toEqual([[token, `http://${tenant.host}`]]);
    const page = await post(token, { "sec-fetch-site": "same-origin", accept: "text/html" });
    expect([page.status, page.headers.get("location")]).toEqual([303, "/bye"]);
  });

  it("is nothing that another site can do", async () => {
    const token = await signer.session(claimsOf(tenant));
    for (const headers of [
      {},
      { origin: "http://app.localhost" },
      { origin: "null" },
      { "sec-fetch-site": "same-site" },
    ]) {
      expect((await post(token, headers)).status).toBe(403);
    }
    expect((await tenant.get("/.isola/sign-out")).status).toBe(405);
    expect(await authority.takeAsked("endTenantSession")).toEqual([]);
  });
});

describe("who is signed in", () => {
  it("is told to the host's own pages", async () => {
    const claims = claimsOf(tenant);
    const answer = await withSession(await signer.session(claims), "/.isola/v1/me");
    expect(await answer.json()).toEqual({ user: { id: claims.sub, email: claims.email, name: "Ada", role: "viewer" } });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    const nobody = await tenant.get("/.isola/v1/me");
    expect([nobody.status, (await nobody.json<{ error: { code: string } }>()).error.code]).toEqual([
      401,
      "unauthenticated",
    ]);
  });
});
