import { setTimeout } from "node:timers/promises";

import { base32 } from "@better-auth/utils/base32";
import { createOTP } from "@better-auth/utils/otp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { TWO_FACTOR_FAILURES_MAX } from "../../contracts/limits.ts";
import { Browser, PASSWORD, signedIn } from "./support/browser.ts";
import { type Core, startCore } from "./support/core.ts";
import { giveKey } from "./support/people.ts";

let core: Core;
beforeAll(async () => {
  core = await startCore();
});
afterAll(() => core.stop());

/** Time in which a code stays what it is relative to the clock, in milliseconds. */
const STEADY_MS = 5_000;

/** The code of a period: 0 is the one that is shown now; the one before and the next are taken as well. */
async function codeOf(uri: string, period = 0): Promise<string> {
  const leftMs = 30_000 - (Date.now() % 30_000);
  if (leftMs < STEADY_MS) await setTimeout(leftMs);
  const secret = new TextDecoder().decode(base32.decode(new URL(uri).searchParams.get("secret") ?? ""));
  return createOTP(secret).hotp(Math.floor(Date.now() / 30_000) + period);
}

/** An account whose second factor is on; its authenticator has shown the code before this one. */
async function withTwoFactor() {
  const account = await signedIn(core);
  const { json } = await account.browser.post("/two-factor/enable", { password: PASSWORD });
  const uri: string = json.uri;
  const used = await codeOf(uri, -1);
  const confirmed = await account.browser.post("/two-factor/confirm", { code: used });
  if (confirmed.status !== 200) throw new Error(confirmed.text);
  return { ...account, uri, used, recoveryCodes: json.recoveryCodes as string[] };
}

/** A browser that has brought the password. */
async function halfway(email: string): Promise<Browser> {
  const browser = new Browser(core);
  const answer = await browser.signIn(email);
  expect(answer.json).toEqual({ twoFactor: true });
  return browser;
}

const audited = async (action: string, target: string): Promise<number> =>
  (await core.sql.query("select 1 from audit_log where action = $1 and target = $2", [action, target])).rows.length;

describe("turning the second factor on", () => {
  test("takes the password and one right code, and until then nothing changes", async () => {
    const { browser, id, email } = await signedIn(core);
    expect((await browser.post("/two-factor/enable", { password: "wrong password" })).status).toBe(422);
    expect((await browser.post("/two-factor/confirm", { code: "123456" })).status).toBe(409);
    const { json } = await browser.post("/two-factor/enable", { password: PASSWORD });
    expect(json.uri).toMatch(/^otpauth:\/\/totp\/Isola:/);
    expect(json.recoveryCodes).toHaveLength(10);
    expect((await new Browser(core).signIn(email)).json.user.id).toBe(id);

    const right = await codeOf(json.uri);
    const wrong = right === "000000" ? "111111" : "000000";
    expect((await browser.post("/two-factor/confirm", { code: wrong })).status).toBe(422);
    expect((await browser.send("GET", "/api/v1/me")).json.user.twoFactor).toBe(false);
    expect((await browser.post("/two-factor/confirm", { code: right })).status).toBe(200);
    expect((await browser.send("GET", "/api/v1/me")).json.user.twoFactor).toBe(true);
    expect(await audited("two-factor.enable", id)).toBe(1);
    expect((await browser.post("/two-factor/enable", { password: PASSWORD })).status).toBe(409);
  });

  test("is nothing that a key can do", async () => {
    const { id } = await signedIn(core);
    const token = await giveKey(core, id);
    const answer = await core.call("/api/auth/two-factor/enable", { token, json: { password: PASSWORD } });
    expect(answer.status).toBe(403);
  });

  test("leaves neither secret nor recovery codes in the database as they are", async () => {
    const { id, uri, recoveryCodes } = await withTwoFactor();
    const { rows } = await core.sql.query("select secret, backup_codes from two_factor where user_id = $1", [id]);
    const secret = new TextDecoder().decode(base32.decode(new URL(uri).searchParams.get("secret") ?? ""));
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(secret);
    for (const code of recoveryCodes) expect(JSON.stringify(rows)).not.toContain(code);
  });
});

describe("signing in with it", () => {
  test("takes a code after the password, which alone signs nobody in", async () => {
    const { email, uri, id } = await withTwoFactor();
    const browser = await halfway(email);
    expect([...browser.cookies.keys()]).toEqual(["isola_two_factor"]);
    expect(await browser.isSignedIn()).toBe(false);
    const answer = await browser.post("/two-factor/verify", { code: await codeOf(uri) });
    expect(answer.json.user).toMatchObject({ id, email });
    expect(await browser.isSignedIn()).toBe(true);
    expect([...browser.cookies.keys()]).toEqual(["isola_session"]);
  });

  test("takes each code once, the one that turned it on too", async () => {
    const { email, uri, used } = await withTwoFactor();
    const first = await halfway(email);
    expect((await first.post("/two-factor/verify", { code: used })).status).toBe(429);
    const code = await codeOf(uri);
    expect((await first.post("/two-factor/verify", { code })).status).toBe(200);
    const second = await halfway(email);
    expect((await second.post("/two-factor/verify", { code })).status).toBe(429);
    expect(await second.isSignedIn()).toBe(false);
  });

  test("takes a recovery code instead, once", async () => {
    const { email, recoveryCodes } = await withTwoFactor();
    const [code = ""] = recoveryCodes;
    const first = await halfway(email);
    expect((await first.post("/two-factor/recover", { code })).status).toBe(200);
    expect(await first.isSignedIn()).toBe(true);
    const second = await halfway(email);
    expect((await second.post("/two-factor/recover", { code })).status).toBe(422);
    expect(await second.isSignedIn()).toBe(false);
  });

  test("is locked after some wrong codes, for every browser and the right code too, and that is written down", async () => {
    const { id, email, uri, recoveryCodes } = await withTwoFactor();
    const right = await codeOf(uri);
    const browser = await halfway(email);
    const statuses: number[] = [];
    for (let code = 0; statuses.length < TWO_FACTOR_FAILURES_MAX; code += 1) {
      const wrong = String(code).padStart(6, "0");
      if (wrong !== right) statuses.push((await browser.post("/two-factor/verify", { code: wrong })).status);
    }
    expect(statuses).toEqual([422, 422, 422, 422, 429]);
    expect(await audited("two-factor.lock", id)).toBe(1);
    const another = await halfway(email);
    for (const [path, code] of [
      ["/two-factor/verify", await codeOf(uri, 1)],
      ["/two-factor/recover", recoveryCodes[1]],
    ] as const) {
      const answer = await another.post(path, { code });
      expect(answer.status).toBe(429);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(60);
    }
    await core.sql.query("update two_factor set locked_until = now() where user_id = $1", [id]);
    expect((await another.post("/two-factor/recover", { code: recoveryCodes[1] })).status).toBe(200);
  });

  test("needs the first step: no cookie, a forged one, and one whose time is over lead nowhere", async () => {
    const { email, uri } = await withTwoFactor();
    const verify = async (browser: Browser) =>
      (await browser.post("/two-factor/verify", { code: await codeOf(uri, 1) })).status;
    expect(await verify(new Browser(core))).toBe(401);
    const forged = await halfway(email);
    forged.cookies.set("isola_two_factor", (forged.cookies.get("isola_two_factor") ?? "").replace(/.{6}$/, "AAAAA%3D"));
    expect(await verify(forged)).toBe(401);
    const late = await halfway(email);
    await core.sql.query("update verification set expires_at = now()");
    expect(await verify(late)).toBe(401);
  });

  test("keeps the challenge as a hash", async () => {
    const browser = await halfway((await withTwoFactor()).email);
    const challenge = decodeURIComponent(browser.cookies.get("isola_two_factor") ?? "").split(".")[0] ?? "";
    expect(challenge).toMatch(/^2fa-/);
    const { rows } = await core.sql.query("select * from verification");
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(challenge);
  });

  test("does not let in who was deactivated meanwhile", async () => {
    const { id, email, uri } = await withTwoFactor();
    const browser = await halfway(email);
    await core.sql.query(`update "user" set deactivated_at = now() where id = $1`, [id]);
    expect((await browser.post("/two-factor/verify", { code: await codeOf(uri) })).status).toBe(401);
    expect(await browser.isSignedIn()).toBe(false);
  });
});

test("turning it off takes the password, and is written down", async () => {
  const { browser, id, email } = await withTwoFactor();
  expect((await browser.post("/two-factor/disable", { password: "wrong password" })).status).toBe(422);
  await halfway(email);
  expect((await browser.post("/two-factor/disable", { password: PASSWORD })).status).toBe(200);
  expect((await new Browser(core).signIn(email)).json.user.id).toBe(id);
  expect(await audited("two-factor.disable", id)).toBe(1);
});
