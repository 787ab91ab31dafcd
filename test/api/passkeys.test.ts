import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { PASSKEYS_PER_USER_MAX } from "../../contracts/limits.ts";
import { Authenticator, type CredentialJson, type Deviations } from "./support/authenticator.ts";
import { Browser, PASSWORD, signedIn } from "./support/browser.ts";
import { type Answer, type Core, startCore } from "./support/core.ts";
import { giveKey } from "./support/people.ts";

let core: Core;
beforeAll(async () => {
  core = await startCore();
});
afterAll(() => core.stop());

async function add(browser: Browser, device: Authenticator, deviations: Deviations = {}): Promise<Answer> {
  const options = await browser.post("/passkey/add-options");
  if (options.status !== 200) return options;
  return browser.post("/passkey/add", { name: "My laptop", response: await device.create(options.json, deviations) });
}

/** An account with a passkey. */
async function withPasskey() {
  const account = await signedIn(core);
  const device = new Authenticator();
  const added = await add(account.browser, device);
  if (added.status !== 201) throw new Error(added.text);
  return { ...account, device, passkeyId: added.json.id as string };
}

async function signInWith(device: Authenticator, deviations: Deviations = {}) {
  const browser = new Browser(core);
  const options = await browser.post("/passkey/sign-in-options");
  const response = await device.get(options.json, deviations);
  return { browser, response, answer: await browser.post("/passkey/sign-in", { response }) };
}

async function isRefused({ browser, answer }: { browser: Browser; answer: Answer }): Promise<void> {
  expect([answer.status, answer.json.error?.code]).toEqual([401, "unauthenticated"]);
  expect(browser.cookies.has("isola_session")).toBe(false);
}

describe("a passkey", () => {
  test("is added by who is signed in, and signs in without a name or a password", async () => {
    const { id, email, device } = await withPasskey();
    const { browser, answer } = await signInWith(device);
    expect(answer.json.user).toMatchObject({ id, email });
    expect(await browser.isSignedIn()).toBe(true);
    const { rows } = await core.sql.query("select action from audit_log where actor_id = $1 order by at", [id]);
    expect(rows.map(({ action }) => action)).toEqual(["user.sign-in", "passkey.add", "user.sign-in"]);
  });

  test("is asked for by what any device may hold, with its user verified", async () => {
    const { json } = await new Browser(core).post("/passkey/sign-in-options");
    expect(json).toMatchObject({ rpId: "app.localhost", userVerification: "required" });
    expect(json.allowCredentials).toBeUndefined();
    const { browser } = await signedIn(core);
    const made = (await browser.post("/passkey/add-options")).json;
    expect(made.rp.id).toBe("app.localhost");
    expect(made.authenticatorSelection).toMatchObject({ residentKey: "required", userVerification: "required" });
  });

  test("needs no second factor beside it", async () => {
    const { id, device } = await withPasskey();
    await core.sql.query(`update "user" set two_factor_enabled = true where id = $1`, [id]);
    expect((await signInWith(device)).answer.status).toBe(200);
  });

  test("is listed, renamed and removed by its owner, and then signs nobody in", async () => {
    const { browser, device, passkeyId } = await withPasskey();
    const list = async () => (await browser.send("GET", "/api/auth/passkeys")).json.items;
    expect(await list()).toEqual([{ id: passkeyId, name: "My laptop", createdAt: expect.any(Number) }]);
    const renamed = await browser.send("PATCH", `/api/auth/passkeys/${passkeyId}`, { name: "The old laptop" });
    expect(renamed.json.name).toBe("The old laptop");
    expect((await browser.send("DELETE", `/api/auth/passkeys/${passkeyId}`)).status).toBe(204);
    expect(await list()).toEqual([]);
    await isRefused(await signInWith(device));
  });

  test("of another is not there", async () => {
    const { passkeyId, device } = await withPasskey();
    const { browser } = await signedIn(core);
    expect((await browser.send("GET", "/api/auth/passkeys")).json.items).toEqual([]);
    expect((await browser.send("DELETE", `/api/auth/passkeys/${passkeyId}`)).status).toBe(404);
    expect((await browser.send("PATCH", `/api/auth/passkeys/${passkeyId}`, { name: "mine" })).status).toBe(404);
    expect((await signInWith(device)).answer.status).toBe(200);
  });
});

describe("an answer to a challenge is refused", () => {
  test("a second time", async () => {
    const { device } = await withPasskey();
    const { browser, response } = await signInWith(device);
    const again = new Browser(core);
    again.cookies.set("isola_passkey", browser.cookies.get("isola_passkey") ?? "");
    await isRefused({ browser: again, answer: await again.post("/passkey/sign-in", { response }) });
    const anew = new Browser(core);
    await anew.post("/passkey/sign-in-options");
    await isRefused({ browser: anew, answer: await anew.post("/passkey/sign-in", { response }) });
  });

  test("after one that was wrong: a challenge is tried once", async () => {
    const { device } = await withPasskey();
    const browser = new Browser(core);
    const options = (await browser.post("/passkey/sign-in-options")).json;
    const wrong = await device.get(options, { origin: "https://evil.example" });
    await isRefused({ browser, answer: await browser.post("/passkey/sign-in", { response: wrong }) });
    const right = await device.get(options);
    await isRefused({ browser, answer: await browser.post("/passkey/sign-in", { response: right }) });
  });

  test.each<[string, Deviations]>([
    ["of a page on another host", { origin: "http://hello.localhost:8787" }],
    ["of another port", { origin: "http://app.localhost" }],
    ["to another challenge", { challenge: "bm90IHRoZSBjaGFsbGVuZ2U" }],
    ["made for another host", { rpId: "hello.localhost" }],
    ["whose user was not verified", { userVerified: false }],
  ])("that is %s", async (_, deviations) => {
    const { device } = await withPasskey();
    await isRefused(await signInWith(device, deviations));
  });

  test("by a device whose passkey nobody has added, in the name of one that somebody has", async () => {
    const { device } = await withPasskey();
    const known = await device.get({ challenge: "x" });
    const stranger = new Authenticator();
    await stranger.create({ challenge: "x" });
    const browser = new Browser(core);
    const options = (await browser.post("/passkey/sign-in-options")).json;
    const response: CredentialJson = { ...(await stranger.get(options)), id: known.id, rawId: known.rawId };
    await isRefused({ browser, answer: await browser.post("/passkey/sign-in", { response }) });
    await isRefused(await signInWith(stranger));
  });

  test("after its time", async () => {
    const { device } = await withPasskey();
    const browser = new Browser(core);
    const options = (await browser.post("/passkey/sign-in-options")).json;
    await core.sql.query("update verification set expires_at = now()");
    const response = await device.get(options);
    await isRefused({ browser, answer: await browser.post("/passkey/sign-in", { response }) });
  });

  test("of an account that is deactivated", async () => {
    const { id, device } = await withPasskey();
    await core.sql.query(`update "user" set deactivated_at = now() where id = $1`, [id]);
    await isRefused(await signInWith(device));
  });
});

describe("a passkey is not added", () => {
  test.each<[string, Deviations]>([
    ["for another page", { origin: "https://evil.example" }],
    ["to another challenge", { challenge: "bm90IHRoZSBjaGFsbGVuZ2U" }],
    ["for another host", { rpId: "evil.example" }],
    ["without its user verified", { userVerified: false }],
  ])("%s", async (_, deviations) => {
    const { browser } = await signedIn(core);
    expect((await add(browser, new Authenticator(), deviations)).status).toBe(422);
    expect((await browser.send("GET", "/api/auth/passkeys")).json.items).toEqual([]);
  });

  test("to another account than the one that asked", async () => {
    const mine = await signedIn(core);
    const theirs = await signedIn(core);
    const options = (await theirs.browser.post("/passkey/add-options")).json;
    const challenge = theirs.browser.cookies.get("isola_passkey") ?? "";
    mine.browser.cookies.set("isola_passkey", challenge);
    const response = await new Authenticator().create(options);
    expect((await mine.browser.post("/passkey/add", { response })).status).toBe(422);
  });

  test("by a sign-in that is older than a day, by a key, or by nobody", async () => {
    const { browser, id } = await signedIn(core);
    await core.sql.query("update session set created_at = now() - interval '25 hours' where user_id = $1", [id]);
    expect((await add(browser, new Authenticator())).status).toBe(403);
    const token = await giveKey(core, id);
    expect((await core.call("/api/auth/passkey/add-options", { token, json: {} })).status).toBe(403);
    expect((await new Browser(core).post("/passkey/add-options")).status).toBe(401);
  });

  test("beyond as many as an account may have", async () => {
    const { browser, id } = await signedIn(core);
    await core.sql.query(
      `insert into passkey (id, public_key, user_id, credential_id, counter, device_type, backed_up)
       select gen_random_uuid(), '', $1, gen_random_uuid(), 0, 'singleDevice', false from generate_series(1, $2)`,
      [id, PASSKEYS_PER_USER_MAX],
    );
    expect((await add(browser, new Authenticator())).status).toBe(409);
  });
});

test("the password still signs in beside it", async () => {
  const { email } = await withPasskey();
  expect((await new Browser(core).signIn(email, PASSWORD)).status).toBe(200);
});
