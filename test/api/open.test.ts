import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { HAND_OVER_TTL_S, TENANT_SESSION_FRESH_S, TENANT_SESSION_TTL_S } from "../../contracts/limits.ts";
import { request } from "../support/request.ts";
import { type Core, ORIGIN, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, OWNER, type Person, signIn } from "./support/people.ts";

const HOST = "http://island.localhost:8787";
const HOUR_MS = 60 * 60 * 1000;

let core: Core;
let owner: Person;
let orgId: string;
let cookie: string;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
  orgId = await makeOrg(core, owner.token, "island");
  cookie = await signIn(core);
});
afterAll(() => core.stop());

const open = (json?: unknown, headers: Record<string, string> = {}) =>
  core.call("/api/v1/orgs/island/open", {
    method: "POST",
    headers: { cookie, origin: ORIGIN, ...headers },
    ...(json === undefined ? {} : { json }),
  });

async function tokenOf(): Promise<string> {
  const { json } = await open({ to: "/x" });
  return new URL(json.url).searchParams.get("token") ?? "";
}

const begin = (token: unknown, audience: unknown = HOST) =>
  core.door("directory", "beginTenantSession", token, audience);
const renew = (token: unknown, audience: unknown = HOST) =>
  core.door("directory", "renewTenantSession", token, audience);

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
const partOf = (token: string, index: number) =>
  JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString());

/** The same token with other words, under the old signature or another. */
function changed(token: string, claims: object, header: object = {}, sign?: (text: string) => string): string {
  const [, , signature] = token.split(".");
  const text = `${encoded({ ...partOf(token, 0), ...header })}.${encoded({ ...partOf(token, 1), ...claims })}`;
  return `${text}.${sign === undefined ? signature : sign(text)}`;
}

const refused = { code: "unauthenticated" };

describe("opening an org", () => {
  test("answers an address at its host with a token for that host alone, good for a minute", async () => {
    const { status, json } = await open({ to: "/reports?year=2026" });
    expect(status).toBe(200);
    const url = new URL(json.url);
    expect([url.origin, url.pathname, url.searchParams.get("to")]).toEqual([HOST, "/.isola/sso", "/reports?year=2026"]);
    const token = url.searchParams.get("token") ?? "";
    expect(partOf(token, 0)).toMatchObject({ alg: "EdDSA", typ: "isola-hand-over+jwt" });
    const claims = partOf(token, 1);
    expect(claims).toMatchObject({ iss: ORIGIN, aud: HOST, sub: owner.id, org: orgId, role: "owner" });
    expect(claims.exp - claims.iat).toBe(HAND_OVER_TTL_S);
    expect(json.expiresAt).toBe(claims.exp * 1_000);
  });

  test("goes to the root when nobody says where to, with or without a body", async () => {
    for (const body of [undefined, {}]) {
      expect(new URL((await open(body)).json.url).searchParams.get("to")).toBe("/");
    }
  });

  test.each([
    "//evil.example",
    "/\\evil.example",
    "/%5cevil.example",
    "/%2Fevil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/..//evil.example",
    "/\t/evil.example",
    "/a\r\nset-cookie: x=1",
    "evil",
    "",
    "@evil.example",
    `/${"a".repeat(2_000)}`,
  ])("goes nowhere else: %j", async (to) => {
    const answer = await open({ to });
    expect([answer.status, answer.json.error.details.issues[0].field]).toEqual([422, "to"]);
  });

  test("is for people: a key is refused, whatever it may do", async () => {
    const answer = await core.call("/api/v1/orgs/island/open", { method: "POST", token: owner.token });
    expect([answer.status, answer.json.error.code]).toEqual([403, "forbidden"]);
  });

  test("is refused from another site's page", async () => {
    expect((await open({}, { origin: HOST })).status).toBe(403);
  });

  test("is written down without the token", async () => {
    await open({ to: "/x" });
    const { rows } = await core.sql.query("select * from audit_log where action = 'org.open' order by at desc limit 1");
    expect(rows[0]).toMatchObject({ actor_id: owner.id, target: "island", org_id: orgId });
    expect(JSON.stringify(rows[0])).not.toContain("eyJ");
  });
});

describe("a hand-over", () => {
  test("begins a session that ends after twelve hours and is to be renewed after five minutes", async () => {
    const { value } = await begin(await tokenOf());
    const claims = partOf(value.token, 1);
    expect(partOf(value.token, 0).typ).toBe("isola-session+jwt");
    expect(claims).toMatchObject({
      iss: ORIGIN,
      aud: HOST,
      sub: owner.id,
      org: orgId,
      role: "owner",
      email: OWNER.email,
    });
    expect(claims.exp - claims.iat).toBe(TENANT_SESSION_TTL_S);
    expect(claims.fresh - claims.iat).toBe(TENANT_SESSION_FRESH_S);
    expect(value.expiresAt).toBe(claims.exp * 1_000);
  });

  test("is good once, however many try at the same time", async () => {
    const token = await tokenOf();
    const answers = await Promise.all([begin(token), begin(token), begin(token), begin(token)]);
    expect(answers.filter(({ value }) => value !== undefined)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === "unauthenticated")).toHaveLength(3);
  });

  test("is no session, and a session no hand-over", async () => {
    const token = await tokenOf();
    expect(await renew(token)).toEqual({ value: null });
    const { value } = await begin(token);
    expect(await begin(value.token)).toMatchObject(refused);
  });

  test("is refused at another host", async () => {
    const token = await tokenOf();
    for (const audience of ["http://other.localhost:8787", "https://island.localhost:8787", "", null, [HOST], {}]) {
      expect(await begin(token, audience)).toMatchObject(refused);
    }
    expect(
      await begin(changed(token, { aud: "http://other.localhost:8787" }), "http://other.localhost:8787"),
    ).toMatchObject(refused);
  });

  test("is refused when somebody has been at it", async () => {
    const token = await tokenOf();
    const { json: set } = await core.call("/.well-known/jwks.json");
    const own: { privateKey: KeyObject } = generateKeyPairSync("ed25519");
    const bySelf = (text: string): string => signBytes(null, Buffer.from(text), own.privateKey).toString("base64url");
    const byPublicKey = (text: string): string => createHmac("sha256", set.keys[0].x).update(text).digest("base64url");
    const byPublicBytes = (text: string): string =>
      createHmac("sha256", Buffer.from(set.keys[0].x, "base64url")).update(text).digest("base64url");
    const jwk = { kty: "OKP", crv: "Ed25519", x: generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x };
    const forgeries: unknown[] = [
      changed(token, { sub: newId("user") }),
      changed(token, { jti: "another" }),
      changed(token, { exp: Math.floor(Date.now() / 1_000) + 3_600 }),
      changed(token, {}, { alg: "none" }, () => ""),
      changed(token, {}, { alg: "HS256" }, byPublicKey),
      changed(token, {}, { alg: "HS256" }, byPublicBytes),
      changed(token, {}, {}, bySelf),
      changed(token, {}, { kid: "unknown" }, bySelf),
      changed(token, {}, { jwk }, bySelf),
      changed(token, {}, { typ: "JWT" }),
      changed(token, {}, { crit: ["x"], x: 1 }),
      `${token}x`,
      token.slice(0, -1),
      "",
      "a.b.c",
      null,
      17,
      { token },
      "x".repeat(100_000),
    ];
    for (const forged of forgeries) expect(await begin(forged), String(forged).slice(0, 200)).toMatchObject(refused);
    expect((await begin(token)).value).toBeDefined();
  });

  test("is refused for who was deactivated, or has lost their part in the org, or has signed out since", async () => {
    const changes: [change: string, undo: string | null][] = [
      [
        `update "user" set deactivated_at = now() where id = $1`,
        `update "user" set deactivated_at = null where id = $1`,
      ],
      [`update "user" set role = 'member' where id = $1`, `update "user" set role = 'owner' where id = $1`],
      [`delete from session where user_id = $1`, null],
    ];
    await core.sql.query("delete from member where user_id = $1", [owner.id]);
    for (const [change, undo] of changes) {
      const [token, other] = [await tokenOf(), await tokenOf()];
      const { value } = await begin(other);
      await core.sql.query(change, [owner.id]);
      expect([change, await begin(token)]).toMatchObject([change, refused]);
      expect([change, await renew(value.token)]).toEqual([change, { value: null }]);
      if (undo !== null) await core.sql.query(undo, [owner.id]);
    }
    await core.sql.query("insert into member (org_id, user_id, role) values ($1, $2, 'owner')", [orgId, owner.id]);
    cookie = await signIn(core);
  });
});

describe("a session at a host", () => {
  test("is renewed with who the person is now, and never lasts longer", async () => {
    const { value } = await begin(await tokenOf());
    await core.sql.query(`update member set role = 'viewer' where user_id = $1`, [owner.id]);
    const renewed = (await renew(value.token)).value;
    await core.sql.query(`update member set role = 'owner' where user_id = $1`, [owner.id]);
    const [before, after] = [partOf(value.token, 1), partOf(renewed.token, 1)];
    expect(after.role).toBe("viewer");
    expect([after.iat, after.exp, after.jti]).toEqual([before.iat, before.exp, before.jti]);
    expect(renewed.expiresAt).toBe(value.expiresAt);
  });

  test("is not renewed once it was ended, wherever its token is kept", async () => {
    const { value } = await begin(await tokenOf());
    const again = (await renew(value.token)).value;
    expect(await core.door("directory", "endTenantSession", again.token, HOST)).toEqual({ value: null });
    expect(await renew(value.token)).toEqual({ value: null });
    expect(await renew(again.token)).toEqual({ value: null });
  });

  test("of an org whose slug another one has now is nobody's there", async () => {
    const first = await makeOrg(core, owner.token, "moved");
    const opened = await core.call("/api/v1/orgs/moved/open", { method: "POST", headers: { cookie, origin: ORIGIN } });
    const { value } = await begin(new URL(opened.json.url).searchParams.get("token"), "http://moved.localhost:8787");
    await core.sql.query("update org set slug = 'moved-on' where id = $1", [first]);
    await makeOrg(core, owner.token, "moved");
    expect(await renew(value.token, "http://moved.localhost:8787")).toEqual({ value: null });
  });
});

describe("signing keys", () => {
  const keySet = async () => (await core.call("/.well-known/jwks.json")).json.keys as { kid: string }[];
  const rotate = (json: object) => core.call("/api/v1/platform/signing-keys/rotate", { token: owner.token, json });

  test("are published without their private halves, for anybody to keep for a while", async () => {
    await open();
    const answer = await core.call("/.well-known/jwks.json");
    expect(answer.headers.get("cache-control")).toMatch(/^public, max-age=\d+$/);
    for (const key of answer.json.keys) {
      expect(Object.keys(key).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
      expect(key).toMatchObject({ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig" });
    }
    const { rows } = await core.sql.query("select private_key from signing_key");
    for (const { private_key } of rows) expect(private_key).not.toContain('"d"');
    expect(await core.door("directory", "signingKeys")).toEqual({ value: answer.json });
  });

  test("are made when first needed, by exactly one of those who need one", async () => {
    await core.sql.query("delete from signing_key");
    const opened = await Promise.all([open(), open(), open(), open()]);
    expect(opened.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await keySet()).toHaveLength(1);
  });

  test("are replaced by the clock: the next is published a day before it signs, the old one stays while it is believed", async () => {
    const [first] = await keySet();
    await core.sql.query("update signing_key set active_from = now() - interval '29 days 1 hour'");
    await core.tick();
    await core.tick();
    const both = await keySet();
    expect(both).toHaveLength(2);
    expect(partOf(await tokenOf(), 0).kid).toBe(first?.kid);
    const next = both.find(({ kid }) => kid !== first?.kid);
    const { rows } = await core.sql.query("select active_from from signing_key where id = $1", [next?.kid]);
    expect(rows[0].active_from.getTime() - Date.now()).toBeGreaterThan(22 * HOUR_MS);

    const old = (await begin(await tokenOf())).value;
    await core.sql.query("update signing_key set active_from = active_from - interval '1 day'");
    expect(partOf(await tokenOf(), 0).kid).toBe(next?.kid);
    expect((await renew(old.token)).value).not.toBeNull();
    await core.sql.query("update signing_key set expires_at = now() - interval '1 second' where id = $1", [first?.kid]);
    expect(await renew(old.token)).toEqual({ value: null });
    await core.tick();
    expect((await core.sql.query("select id from signing_key")).rows).toHaveLength(1);
  });

  test("can be replaced at once, with or without an end to what the old ones signed", async () => {
    const { value } = await begin(await tokenOf());
    const kept = await rotate({});
    expect([kept.status, kept.json.items.length]).toEqual([200, 2]);
    expect((await renew(value.token)).value).not.toBeNull();
    const revoked = await rotate({ revoke: true });
    expect(revoked.json.items).toEqual([
      { id: (await keySet())[0]?.kid, activeFrom: expect.any(Number), expiresAt: expect.any(Number) },
    ]);
    expect(await renew(value.token)).toEqual({ value: null });
    const { rows } = await core.sql.query(
      "select details from audit_log where action = 'signing-key.rotate' order by at desc limit 1",
    );
    expect(rows[0].details).toEqual({ revoke: true });
  });

  test("that were sealed under another secret sign nothing, and a new one takes over", async () => {
    const [before] = await keySet();
    await core.sql.query("update signing_key set private_key = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAA'");
    expect(partOf(await tokenOf(), 0).kid).not.toBe(before?.kid);
  });

  test("are not rotated by who only has a part in an org", async () => {
    const { id } = await join(core, "member", { [orgId]: "owner" });
    const token = await giveKey(core, id);
    expect((await core.call("/api/v1/platform/signing-keys/rotate", { token, json: {} })).status).toBe(403);
  });
});

describe("the page that opens an org", () => {
  // Not by `fetch`, which has its own idea of what a browser says.
  const page = (path: string, headers: Record<string, string> = {}) =>
    request({
      port: Number(core.address.port),
      path,
      headers: { host: new URL(ORIGIN).host, cookie, accept: "text/html", ...headers },
    });
  const FROM_US = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

  test("asks whoever comes from elsewhere, and hands nobody over by itself", async () => {
    const others: Record<string, string>[] = [
      {},
      { ...FROM_US, "sec-fetch-site": "cross-site" },
      { ...FROM_US, "sec-fetch-site": "same-site" },
      { ...FROM_US, "sec-fetch-site": "none" },
      { ...FROM_US, "sec-fetch-dest": "iframe" },
      { ...FROM_US, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
    ];
    for (const headers of others) {
      const { status, text } = await page("/open/island?to=/x", headers);
      expect(status).toBe(200);
      expect(text).toContain("Continue as");
      expect(text).toContain(OWNER.email);
      expect(text).not.toContain("eyJ");
    }
  });

  test("hands over at once who comes from a page of ours", async () => {
    const answer = await page("/open/island?to=/x", FROM_US);
    expect(answer.status).toBe(303);
    const url = new URL(answer.headers["location"] ?? "");
    expect([url.origin, url.searchParams.get("to")]).toEqual([HOST, "/x"]);
    expect((await begin(url.searchParams.get("token"))).value).toBeDefined();
    expect(answer.headers["referrer-policy"]).toBe("no-referrer");
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  test("sends who is not signed in to sign in, and back", async () => {
    const answer = await page("/open/island?to=/x%3Fy=1", { cookie: "" });
    expect(answer.status).toBe(302);
    expect(answer.headers["location"]).toBe(`/sign-in?to=${encodeURIComponent("/open/island?to=%2Fx%3Fy%3D1")}`);
  });

  test("shows neither strangers nor the misspelt that there is something", async () => {
    const nowhere = await page("/open/nowhere");
    expect(nowhere.status).toBe(404);
    for (const slug of ["app", "..%2f", "ISLAND", "a"]) expect((await page(`/open/${slug}`)).status).toBe(404);
    expect((await page("/open/island?to=//evil.example")).status).toBe(422);
    expect((await page("/open/island?to=/x", { ...FROM_US, authorization: `Bearer ${owner.token}` })).status).toBe(403);
  });
});
