import { createHash } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ACCOUNT_FAILURES_MAX, ACCOUNT_WAIT_S, ACCOUNT_WINDOW_S } from "../../contracts/limits.ts";
import { makeAccount, PASSWORD } from "./support/browser.ts";
import { type CallOptions, type Core, ORIGIN, startCore } from "./support/core.ts";
import { claim, OWNER, signIn } from "./support/people.ts";

let core: Core;
beforeAll(async () => {
  core = await startCore({ MAIL_DRIVER: "mailbox" });
  await claim(core);
});
afterAll(() => core.stop());

const attempt = (json: unknown, headers: Record<string, string> = { origin: ORIGIN }) =>
  core.call("/api/auth/sign-in/email", { headers, json });

describe("signing in", () => {
  test("answers the user and sets a cookie that scripts cannot read and other sites do not send", async () => {
    const answer = await attempt(OWNER);
    expect(answer.status).toBe(200);
    expect(answer.json.user).toMatchObject({ email: OWNER.email, role: "owner" });
    expect(Object.keys(answer.json)).toEqual(["user"]);
    const [cookie = "", ...others] = answer.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(/^isola_session=/);
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Lax/);
    expect(cookie).not.toMatch(/; Secure|; Domain/);
  });

  test("works for a program that sends neither origin nor cookie", async () => {
    expect((await attempt(OWNER, {})).status).toBe(200);
  });

  test("takes the address in any case", async () => {
    expect((await attempt({ ...OWNER, email: "Owner@Example.com" })).status).toBe(200);
  });

  test("says the same of a wrong password and of an unknown address", async () => {
    const wrong = await attempt({ ...OWNER, password: "another long password" });
    const unknown = await attempt({ ...OWNER, email: "nobody@example.com" });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(wrong.json.error.message).toBe(unknown.json.error.message);
    expect(wrong.headers.getSetCookie()).toEqual([]);
  });

  test("is refused from another site's page", async () => {
    expect((await attempt(OWNER, { origin: "http://hello.localhost:8787" })).status).toBe(403);
    expect((await attempt(OWNER, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  });

  test("refuses what is no sign-in with the field and the reason", async () => {
    const refused = await attempt({ email: "owner@example.com" });
    expect(refused.status).toBe(422);
    expect(refused.json.error.details.issues[0].field).toBe("password");
  });

  test("is the only way in: there is no sign-up, and nothing else of the library answers", async () => {
    const body = { ...OWNER, email: "new@example.com", name: "New" };
    expect((await core.call("/api/auth/sign-up/email", { headers: { origin: ORIGIN }, json: body })).status).toBe(404);
    expect((await core.call("/api/auth/list-sessions")).status).toBe(404);
    expect((await core.call("/api/auth/sign-in/email")).headers.get("allow")).toBe("POST");
  });
});

describe("a session", () => {
  test("acts as its user", async () => {
    const me = await core.call("/api/v1/me", { headers: { cookie: await signIn(core) } });
    expect(me.json).toMatchObject({ principal: { type: "user", key: null }, user: { email: OWNER.email } });
  });

  test("is kept as a hash: nobody who reads the table can sign in", async () => {
    const cookie = await signIn(core);
    const token = decodeURIComponent(cookie.slice(cookie.indexOf("=") + 1)).split(".")[0];
    const { rows } = await core.sql.query("select token from session");
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row.token).toMatch(/^[0-9a-f]{64}$/);
      expect(row.token).not.toBe(token);
    }
  });

  test("with a forged signature is nobody's", async () => {
    const cookie = (await signIn(core)).replace(/.{6}$/, "AAAAA%3D");
    expect((await core.call("/api/v1/me", { headers: { cookie } })).status).toBe(401);
  });

  test("ends with sign-out", async () => {
    const cookie = await signIn(core);
    const out = await core.call("/api/auth/sign-out", { headers: { cookie, origin: ORIGIN }, json: {} });
    expect(out.status).toBe(200);
    expect(out.headers.getSetCookie().join()).toMatch(/isola_session=;.*Max-Age=0/);
    expect((await core.call("/api/v1/me", { headers: { cookie } })).status).toBe(401);
  });

  test("ends when it has expired", async () => {
    const cookie = await signIn(core);
    await core.sql.query("update session set expires_at = now() - interval '1 second'");
    expect((await core.call("/api/v1/me", { headers: { cookie } })).status).toBe(401);
  });

  const change = async (headers: Record<string, string>): Promise<number> => {
    const options: CallOptions = { headers: { cookie: await signIn(core), ...headers }, json: { name: "by cookie" } };
    return (await core.call("/api/v1/keys", options)).status;
  };

  test("changes nothing for a request that does not come from our own page", async () => {
    expect(await change({})).toBe(403);
    expect(await change({ origin: "https://evil.example" })).toBe(403);
    expect(await change({ origin: "null" })).toBe(403);
    expect(await change({ origin: "http://hello.localhost:8787" })).toBe(403);
    expect(await change({ "sec-fetch-site": "same-site" })).toBe(403);
    expect(await change({ origin: "https://evil.example", "sec-fetch-site": "same-origin" })).toBe(403);
  });

  test("changes things for our own page", async () => {
    expect(await change({ origin: ORIGIN })).toBe(201);
    expect(await change({ "sec-fetch-site": "same-origin" })).toBe(201);
  });

  test("gives way to a key that is sent along, valid or not", async () => {
    const headers = { cookie: await signIn(core), authorization: "Bearer isola_no" };
    expect((await core.call("/api/v1/me", { headers })).status).toBe(401);
  });
});

describe("attempts to sign in", () => {
  const bucketOf = (email: string) => `sign-in:account:${createHash("sha256").update(email).digest("hex")}`;

  test("are bounded for each account, exactly, however many come at once and whether there is one or not", async () => {
    const { email } = await makeAccount(core);
    for (const json of [
      { email, password: "a wrong password" },
      { email: "no-such-account@example.com", password: "a wrong password" },
    ]) {
      const answers = await Promise.all(Array.from({ length: ACCOUNT_FAILURES_MAX + 5 }, () => attempt(json)));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused).toHaveLength(5);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(ACCOUNT_FAILURES_MAX);
      expect(refused[0]?.json.error.code).toBe("too_many_requests");
      const retryAfterS = Number(refused[0]?.headers.get("retry-after"));
      expect(retryAfterS).toBeGreaterThan(0);
      expect(retryAfterS).toBeLessThanOrEqual(ACCOUNT_WAIT_S);
    }
  });

  test("wait longer with each further failure", async () => {
    const email = "patient@example.com";
    const key = bucketOf(email);
    await core.sql.query("insert into rate_limit (id, key, count, last_request) values ('patient', $1, $2, $3)", [
      key,
      ACCOUNT_FAILURES_MAX,
      Date.now() - ACCOUNT_WAIT_S * 1_000,
    ]);
    expect((await attempt({ email, password: "wrong" })).status).toBe(401);
    const refused = await attempt({ email, password: "wrong" });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(ACCOUNT_WAIT_S);
    await core.sql.query("update rate_limit set last_request = $2 where key = $1", [
      key,
      Date.now() - ACCOUNT_WINDOW_S * 1_000,
    ]);
    expect((await attempt({ email, password: "wrong" })).status).toBe(401);
    const { rows } = await core.sql.query("select count from rate_limit where key = $1", [key]);
    expect(rows[0].count).toBe(1);
  });

  test("that failed are forgotten with the right password", async () => {
    const { email } = await makeAccount(core);
    await attempt({ email, password: "a wrong password" });
    const left = async () =>
      (await core.sql.query("select count from rate_limit where key = $1", [bucketOf(email)])).rows;
    expect(await left()).toEqual([{ count: 1 }]);
    expect((await attempt({ email, password: PASSWORD })).status).toBe(200);
    expect(await left()).toEqual([]);
  });
});

test("an account that is deactivated is told what a wrong password is told", async () => {
  const { id, email } = await makeAccount(core);
  const wrong = await attempt({ email, password: "a wrong password" });
  await core.sql.query(`update "user" set deactivated_at = now() where id = $1`, [id]);
  const right = await attempt({ email, password: PASSWORD });
  expect([right.status, right.json.error.message]).toEqual([401, wrong.json.error.message]);
  expect(right.headers.getSetCookie()).toEqual([]);
});

test.each([
  "sign-in/email",
  "sign-out",
  "two-factor/verify",
  "two-factor/recover",
  "two-factor/enable",
  "two-factor/confirm",
  "two-factor/disable",
  "passkey/sign-in-options",
  "passkey/sign-in",
  "passkey/add-options",
  "passkey/add",
  "password/forgot",
  "password/reset",
  "password/change",
])("another site makes no browser send %s", async (path) => {
  for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "same-site" }, { cookie: "a=b" }]) {
    const answer = await core.call(`/api/auth/${path}`, { headers: { ...headers }, json: {} });
    expect([answer.status, answer.json.error.code]).toEqual([403, "forbidden"]);
  }
});
