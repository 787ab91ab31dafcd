import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ACCOUNT_FAILURES_MAX, PASSWORD_RESETS_MAX, SESSIONS_PER_USER_MAX } from "../../contracts/limits.ts";
import { Browser, makeAccount, PASSWORD, signedIn } from "./support/browser.ts";
import { type Answer, type Core, startCore } from "./support/core.ts";
import { giveKey } from "./support/people.ts";

let core: Core;
beforeAll(async () => {
  core = await startCore({ MAIL_DRIVER: "mailbox" });
});
afterAll(() => core.stop());

const NEW_PASSWORD = "quite another password";
const SAFARI =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

const sessions = async (browser: Browser) => (await browser.send("GET", "/api/v1/me/sessions")).json.items;
const actionsOf = async (id: string): Promise<string[]> =>
  (await core.sql.query("select action from audit_log where actor_id = $1 order by at", [id])).rows.map(
    ({ action }) => action,
  );

/** A second browser of the same account, on a phone. */
async function phoneOf(email: string): Promise<Browser> {
  const browser = new Browser(core);
  browser.userAgent = SAFARI;
  await browser.signIn(email);
  return browser;
}

describe("sessions", () => {
  test("are listed with their device, newest first, and which one asks", async () => {
    const { browser, email } = await signedIn(core);
    await phoneOf(email);
    const items = await sessions(browser);
    expect(items).toMatchObject([
      { device: "Safari on iPhone", current: false, place: null, address: null },
      { device: "Firefox on Linux", current: true },
    ]);
    for (const { createdAt, lastSeenAt, expiresAt } of items) {
      expect(Math.abs(lastSeenAt - Date.now())).toBeLessThan(60_000);
      expect(expiresAt - createdAt).toBeGreaterThan(6.9 * 24 * 3_600_000);
    }
    expect(JSON.stringify(items)).not.toContain("token");
  });

  test("are ended one by one, at once, and by their owner alone", async () => {
    const { browser, id, email } = await signedIn(core);
    const phone = await phoneOf(email);
    const other = (await sessions(browser)).find(({ current }: { current: boolean }) => !current).id;
    const stranger = await signedIn(core);
    const end = (by: Browser) => by.send("DELETE", `/api/v1/me/sessions/${other}`);
    expect((await end(stranger.browser)).status).toBe(404);
    expect(await phone.isSignedIn()).toBe(true);
    expect((await end(browser)).status).toBe(204);
    expect(await phone.isSignedIn()).toBe(false);
    expect(await browser.isSignedIn()).toBe(true);
    expect((await end(browser)).status).toBe(404);
    expect(await actionsOf(id)).toContain("session.end");
  });

  test("are ended all but the one that asks, and all of them by a key", async () => {
    const { browser, id, email } = await signedIn(core);
    const phone = await phoneOf(email);
    const stranger = await signedIn(core);
    expect((await browser.send("DELETE", "/api/v1/me/sessions")).status).toBe(204);
    expect([await browser.isSignedIn(), await phone.isSignedIn()]).toEqual([true, false]);
    const token = await giveKey(core, id);
    expect((await core.call("/api/v1/me/sessions", { method: "DELETE", token })).status).toBe(204);
    expect([await browser.isSignedIn(), await stranger.browser.isSignedIn()]).toEqual([false, true]);
  });

  test("are bounded: a further one ends the oldest", async () => {
    const { browser, id, email } = await signedIn(core);
    await core.sql.query(
      `insert into session (id, user_id, token, expires_at, created_at)
       select 'ses_' || n, $1::text, $1 || n, now() + interval '1 day', now() + n * interval '1 second'
       from generate_series(1, $2) n`,
      [id, SESSIONS_PER_USER_MAX],
    );
    await new Browser(core).signIn(email);
    const { rows } = await core.sql.query("select count(*)::int as count from session where user_id = $1", [id]);
    expect(rows[0].count).toBe(SESSIONS_PER_USER_MAX);
    expect(await browser.isSignedIn()).toBe(false);
  });

  const age = (id: string, leftHours: number) =>
    core.sql.query(`update session set expires_at = now() + $2 * interval '1 hour' where user_id = $1`, [
      id,
      leftHours,
    ]);
  const leftHours = async (id: string): Promise<number> => {
    const { rows } = await core.sql.query("select expires_at from session where user_id = $1", [id]);
    return (rows[0].expires_at.getTime() - Date.now()) / 3_600_000;
  };

  test("are prolonged by a use after a day, and not before", async () => {
    const { browser, id } = await signedIn(core);
    await age(id, 6 * 24 + 1);
    const early = await browser.send("GET", "/api/v1/me");
    expect(early.headers.getSetCookie()).toEqual([]);
    expect(await leftHours(id)).toBeLessThan(6 * 24 + 1.1);
    await age(id, 6 * 24 - 1);
    const late = await browser.send("GET", "/api/v1/me");
    expect(late.headers.getSetCookie().join()).toMatch(/^isola_session=.*Max-Age=604800/);
    await expect.poll(() => leftHours(id)).toBeGreaterThan(7 * 24 - 0.1);
    expect(await browser.isSignedIn()).toBe(true);
  });

  test("end after seven days without a use, and are removed", async () => {
    const { browser, id } = await signedIn(core);
    await age(id, 0.5);
    expect(await browser.isSignedIn()).toBe(true);
    // That use prolongs it behind the answer, and must not do so after what comes next.
    await expect.poll(() => leftHours(id)).toBeGreaterThan(7 * 24 - 0.1);
    await age(id, -0.01);
    expect(await browser.isSignedIn()).toBe(false);
    await core.tick();
    expect((await core.sql.query("select 1 from session where user_id = $1", [id])).rows).toEqual([]);
  });

  test("are new with every sign-in: one that was planted in the browser is not taken over", async () => {
    const attacker = await signedIn(core);
    const { email, id } = await makeAccount(core);
    const browser = new Browser(core);
    const planted = attacker.browser.cookies.get("isola_session") ?? "";
    browser.cookies.set("isola_session", planted);
    await browser.signIn(email);
    expect(browser.cookies.get("isola_session")).not.toBe(planted);
    expect((await browser.send("GET", "/api/v1/me")).json.user.id).toBe(id);
    expect((await attacker.browser.send("GET", "/api/v1/me")).json.user.id).toBe(attacker.id);
  });
});

test("one's own name can be changed", async () => {
  const { browser, id } = await signedIn(core);
  expect((await browser.send("PATCH", "/api/v1/me", { name: "  " })).status).toBe(422);
  expect((await browser.send("PATCH", "/api/v1/me", { name: "Ada" })).json).toMatchObject({ id, name: "Ada" });
  expect((await browser.send("GET", "/api/v1/me")).json.user.name).toBe("Ada");
  const { rows } = await core.sql.query("select details from audit_log where action = 'user.update'");
  expect(rows[0].details).toEqual({ before: { name: "Somebody" }, after: { name: "Ada" } });
});

describe("a password", () => {
  test("is changed by who knows it, which ends all other sessions", async () => {
    const { browser, id, email } = await signedIn(core);
    const phone = await phoneOf(email);
    const change = (current: string, password: string) => browser.post("/password/change", { current, password });
    expect((await change("wrong password", NEW_PASSWORD)).status).toBe(422);
    expect((await change(PASSWORD, "short")).status).toBe(422);
    expect((await change(PASSWORD, NEW_PASSWORD)).status).toBe(200);
    expect([await browser.isSignedIn(), await phone.isSignedIn()]).toEqual([true, false]);
    expect((await new Browser(core).signIn(email)).status).toBe(401);
    expect((await new Browser(core).signIn(email, NEW_PASSWORD)).status).toBe(200);
    expect(await actionsOf(id)).toContain("password.change");
    const letters = await core.sql.query("select 1 from mail where recipient = $1 and subject like '%password%'", [
      email,
    ]);
    expect(letters.rows).toHaveLength(1);
  });

  test("is guessed by nobody who has got hold of a session", async () => {
    const { browser } = await signedIn(core);
    const guess = { current: "a wrong password", password: NEW_PASSWORD };
    const statuses: number[] = [];
    while (statuses.length <= ACCOUNT_FAILURES_MAX)
      statuses.push((await browser.post("/password/change", guess)).status);
    expect(statuses).toEqual([...Array.from({ length: ACCOUNT_FAILURES_MAX }, () => 422), 429]);
  });
});

describe("a forgotten password", () => {
  const forget = (email: string): Promise<Answer> => new Browser(core).post("/password/forgot", { email });
  const reset = (token: string, password = NEW_PASSWORD) =>
    new Browser(core).post("/password/reset", { token, password });
  const letters = async (email: string): Promise<string[]> =>
    (await core.sql.query("select text from mail where recipient = $1 order by created_at", [email])).rows.map(
      ({ text }) => text,
    );
  const tokenIn = (text: string | undefined): string =>
    /reset-password\?token=([0-9a-f]{64})/.exec(text ?? "")?.[1] ?? "";

  async function forgotten() {
    const account = await signedIn(core);
    await forget(account.email);
    await expect.poll(() => letters(account.email)).toHaveLength(1);
    return { ...account, token: tokenIn((await letters(account.email))[0]) };
  }

  test("is replaced by way of a letter, which ends all sessions", async () => {
    const { browser, id, email, token } = await forgotten();
    expect((await reset(token)).status).toBe(200);
    expect(await browser.isSignedIn()).toBe(false);
    expect((await new Browser(core).signIn(email)).status).toBe(401);
    expect((await new Browser(core).signIn(email, NEW_PASSWORD)).status).toBe(200);
    expect(await actionsOf(id)).toContain("password.reset");
  });

  test("is answered the same whether there is such an account or not, and only accounts get letters", async () => {
    const { id, email } = await makeAccount(core);
    await core.sql.query(`update "user" set deactivated_at = now() where id = $1`, [id]);
    const known = await signedIn(core);
    const answers = await Promise.all([forget("nobody@example.com"), forget(email), forget(known.email)]);
    expect(answers.map(({ status, text }) => [status, text])).toEqual(Array.from({ length: 3 }, () => [202, "{}"]));
    await expect.poll(() => letters(known.email)).toHaveLength(1);
    expect([...(await letters("nobody@example.com")), ...(await letters(email))]).toEqual([]);
  });

  test("takes each letter once, while it is good, and none that was asked for before", async () => {
    const { email, token } = await forgotten();
    await forget(email);
    await expect.poll(() => letters(email)).toHaveLength(2);
    const second = tokenIn((await letters(email))[1]);
    expect((await reset("0".repeat(64))).status).toBe(410);
    expect((await reset(second)).status).toBe(200);
    expect((await reset(second)).status).toBe(410);
    expect((await reset(token)).status).toBe(410);
    const late = await forgotten();
    await core.sql.query("update verification set expires_at = now()");
    expect((await reset(late.token)).status).toBe(410);
  });

  test("sends no mailbox more than a few letters, and says nothing of that", async () => {
    const { email } = await makeAccount(core);
    for (let count = 0; count < PASSWORD_RESETS_MAX + 2; count += 1) expect((await forget(email)).status).toBe(202);
    await expect.poll(() => letters(email)).toHaveLength(PASSWORD_RESETS_MAX);
  });

  test("leaves no token in the database that anybody could use", async () => {
    const { token } = await forgotten();
    const { rows } = await core.sql.query("select * from verification");
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test("frees an account that too many wrong passwords had locked", async () => {
    const { email, token } = await forgotten();
    for (let count = 0; count <= ACCOUNT_FAILURES_MAX; count += 1) await new Browser(core).signIn(email, "wrong");
    expect((await new Browser(core).signIn(email)).status).toBe(429);
    expect((await reset(token)).status).toBe(200);
    expect((await new Browser(core).signIn(email, NEW_PASSWORD)).status).toBe(200);
  });
});
