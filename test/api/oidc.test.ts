import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type Answer, type Core, ORIGIN, startCore } from "./support/core.ts";
import { CLIENT, type IdentityProvider, startIdentityProvider, type Subject } from "./support/identity-provider.ts";
import { claim, join, OWNER } from "./support/people.ts";

let core: Core;
let provider: IdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider();
  const { origin } = provider;
  const common = { clientId: CLIENT.id, clientSecret: CLIENT.secret, authorizationUrl: `${origin}/authorize` };
  const bySignature = { issuer: origin, tokenUrl: `${origin}/token`, jwksUrl: `${origin}/keys` };
  const providers = [
    { ...common, ...bySignature, id: "ours", name: "Our directory", domains: ["Staff.example"] },
    { ...common, ...bySignature, id: "other", name: "Another", issuer: "https://other.example" },
    { ...common, id: "plain", name: "Plain", issuer: origin, tokenUrl: `${origin}/token`, userInfoUrl: `${origin}/me` },
    { ...common, ...bySignature, id: "both", name: "Both", userInfoUrl: `${origin}/me` },
  ];
  core = await startCore({ OIDC_PROVIDERS: JSON.stringify(providers) });
  await claim(core);
});
afterAll(async () => {
  await core.stop();
  await provider.stop();
});
beforeEach(() => {
  provider.signWith("own");
  provider.confuse(null);
});

/** A browser that begins to sign in: where it is sent, and what it holds. */
async function begin(id = "ours", to?: string): Promise<{ url: string; state: string; cookie: string }> {
  const json = to === undefined ? {} : { to };
  const begun = await core.call(`/api/auth/oidc/${id}`, { headers: { origin: ORIGIN }, json });
  if (begun.status !== 200) throw new Error(begun.text);
  const url: string = begun.json.url;
  const [cookie = ""] = (begun.headers.getSetCookie()[0] ?? "").split(";");
  return { url, state: new URL(url).searchParams.get("state") ?? "", cookie };
}

const back = (id: string, query: Record<string, string>, cookie: string): Promise<Answer> =>
  core.call(`/api/auth/oidc/${id}/callback?${new URLSearchParams(query).toString()}`, { headers: { cookie } });

async function signInAs(subject: Subject, claims = {}, id = "ours"): Promise<Answer> {
  const { url, state, cookie } = await begin(id);
  return back(id, { state, code: provider.authorize(url, subject, claims) }, cookie);
}

const where = (answer: Answer): string | null => answer.headers.get("location");
const sessionOf = (answer: Answer): string =>
  answer.headers
    .getSetCookie()
    .find((line) => line.startsWith("isola_session="))
    ?.split(";")[0] ?? "";
const whoIs = async (answer: Answer) =>
  (await core.call("/api/v1/me", { headers: { cookie: sessionOf(answer) } })).json;
const owner = { sub: "owner-1", email: "Owner@Example.com", email_verified: true };

describe("signing in by a provider", () => {
  test("is offered by name, without secrets", async () => {
    const { json } = await core.call("/api/auth/methods");
    expect(json.providers[0]).toEqual({ id: "ours", name: "Our directory", begin: "/api/auth/oidc/ours" });
    expect(JSON.stringify(json)).not.toContain(CLIENT.secret);
  });

  test("sends the browser off with state, nonce and a challenge, which it cannot read back from the address", async () => {
    const { url, cookie } = await begin();
    const { origin, pathname, searchParams } = new URL(url);
    expect(origin + pathname).toBe(`${provider.origin}/authorize`);
    expect(Object.fromEntries(searchParams)).toEqual({
      response_type: "code",
      client_id: CLIENT.id,
      redirect_uri: `${ORIGIN}/api/auth/oidc/ours/callback`,
      scope: "openid email profile",
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(cookie).toMatch(/^isola_oidc=/);
  });

  test("signs in the account of the address that the provider has verified, and goes where it was to go", async () => {
    const { url, state, cookie } = await begin("ours", "/account?tab=sessions");
    const answer = await back("ours", { state, code: provider.authorize(url, owner) }, cookie);
    expect([answer.status, where(answer)]).toEqual([303, "/account?tab=sessions"]);
    expect((await whoIs(answer)).user).toMatchObject({ email: OWNER.email, role: "owner" });
  });

  test("knows its person again by the subject, whatever the address has become", async () => {
    const answer = await signInAs({ sub: "owner-1", email: "renamed@elsewhere.example", email_verified: false });
    expect((await whoIs(answer)).user.email).toBe(OWNER.email);
  });

  test("keeps no token of the provider", async () => {
    await signInAs(owner);
    const { rows } = await core.sql.query("select * from account where provider_id = 'oidc:ours'");
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ account_id: "owner-1", access_token: null, refresh_token: null, id_token: null });
  });

  test("works by user info alone, and by both", async () => {
    expect((await whoIs(await signInAs(owner, {}, "plain"))).user.email).toBe(OWNER.email);
    expect((await whoIs(await signInAs({ ...owner, sub: "owner-2" }, {}, "both"))).user.email).toBe(OWNER.email);
  });

  test("is written down", async () => {
    const { rows } = await core.sql.query("select details from audit_log where action = 'user.sign-in'");
    expect(rows.map(({ details }) => details.by)).toContain("oidc");
  });
});

describe("an account", () => {
  const newcomer = { sub: "new-1", email: "new@example.com", email_verified: true, name: "New Person" };

  test("is not made for somebody whom nobody invited", async () => {
    const answer = await signInAs(newcomer);
    expect(where(answer)).toBe("/sign-in?error=no_account");
    expect(sessionOf(answer)).toBe("");
  });

  test("is made for who has an open invitation", async () => {
    await core.sql.query(
      `insert into invitation (id, email, token_hash, expires_at) values ('inv_1', $1, 'hash', now() + interval '1 day')`,
      [newcomer.email],
    );
    expect((await whoIs(await signInAs(newcomer))).user).toMatchObject({ name: "New Person", role: "member" });
  });

  test("is made for the provider's own domains, and not for those that only end alike", async () => {
    const at = (domain: string) => ({ sub: `at-${domain}`, email: `ada@${domain}`, email_verified: true });
    expect((await whoIs(await signInAs(at("staff.example")))).user).toMatchObject({ name: "ada", role: "member" });
    expect(where(await signInAs(at("notstaff.example")))).toBe("/sign-in?error=no_account");
    expect(where(await signInAs(at("staff.example"), {}, "plain"))).not.toBe("/sign-in?error=no_account");
    expect(where(await signInAs({ ...at("staff.example"), sub: "x", email: "eve@staff.example" }, {}, "plain"))).toBe(
      "/sign-in?error=no_account",
    );
  });

  test("is made for anybody where sign-up is open", async () => {
    await core.sql.query("insert into platform_settings (id, sign_up) values (1, 'open')");
    const answer = await signInAs({ sub: "any", email: "any@example.com", email_verified: true });
    await core.sql.query("delete from platform_settings");
    expect((await whoIs(answer)).user.email).toBe("any@example.com");
  });

  test("is neither found nor made by an address that the provider has not verified", async () => {
    for (const email_verified of [false, undefined]) {
      const subject = { sub: `unverified-${email_verified}`, email: OWNER.email };
      const answer = await signInAs(email_verified === undefined ? subject : { ...subject, email_verified });
      expect(where(answer)).toBe("/sign-in?error=no_account");
    }
  });

  test("that is deactivated, or a partner's, is as if it were not there", async () => {
    const gone = await join(core, "member");
    const partner = await join(core, "partner");
    const signInOf = ({ id }: { id: string }) =>
      signInAs({ sub: id, email: `${id}@example.com`, email_verified: true });
    expect(sessionOf(await signInOf(gone))).not.toBe("");
    await core.sql.query(`update "user" set deactivated_at = now() where id = $1`, [gone.id]);
    for (const who of [gone, partner]) {
      const answer = await signInOf(who);
      expect([where(answer), sessionOf(answer)]).toEqual(["/sign-in?error=no_account", ""]);
    }
  });
});

describe("what comes back from a provider is refused", () => {
  const isDenied = (answer: Answer): void => {
    expect([answer.status, where(answer), sessionOf(answer)]).toEqual([303, "/sign-in?error=denied", ""]);
  };

  test("with a state that nobody began, another's, or none", async () => {
    const { url, cookie } = await begin();
    const code = provider.authorize(url, owner);
    isDenied(await back("ours", { state: "made-up", code }, cookie));
    isDenied(await back("ours", { code }, cookie));
    const other = await begin();
    isDenied(await back("ours", { state: other.state, code: provider.authorize(other.url, owner) }, cookie));
    isDenied(await back("ours", { state: other.state, code: provider.authorize(other.url, owner) }, ""));
  });

  test("a second time", async () => {
    const { url, state, cookie } = await begin();
    const code = provider.authorize(url, owner);
    expect(where(await back("ours", { state, code }, cookie))).toBe("/");
    isDenied(await back("ours", { state, code }, cookie));
  });

  test("with a code that was used, or was given to another flow", async () => {
    const first = await begin();
    const code = provider.authorize(first.url, owner);
    await back("ours", { state: first.state, code }, first.cookie);
    const second = await begin();
    isDenied(await back("ours", { state: second.state, code }, second.cookie));
    const third = await begin();
    const fourth = await begin();
    const stolen = provider.authorize(third.url, owner);
    isDenied(await back("ours", { state: fourth.state, code: stolen }, fourth.cookie));
  });

  test("at another provider than it was begun at", async () => {
    const { url, state, cookie } = await begin();
    isDenied(await back("plain", { state, code: provider.authorize(url, owner) }, cookie));
  });

  test("after its time", async () => {
    const { url, state, cookie } = await begin();
    await core.sql.query("update verification set expires_at = now() where identifier like 'oidc:%'");
    isDenied(await back("ours", { state, code: provider.authorize(url, owner) }, cookie));
  });

  test.each([
    ["another issuer", { iss: "https://evil.example" }],
    ["another audience", { aud: "somebody-else" }],
    ["several audiences and no party", { aud: [CLIENT.id, "somebody-else"] }],
    ["another nonce", { nonce: "of-another-flow" }],
    ["a time that is over", { exp: 1_000 }],
  ])("with an ID token of %s", async (_, claims) => {
    const { url, state, cookie } = await begin();
    const code = provider.authorize(url, owner, claims);
    isDenied(await back("ours", { state, code }, cookie));
  });

  test("with an ID token that another key has signed, or of a provider that says to be another", async () => {
    isDenied(await signInAs(owner, {}, "other"));
    provider.signWith("another");
    isDenied(await signInAs(owner));
  });

  test("with user info about another subject", async () => {
    provider.confuse("somebody-else");
    isDenied(await signInAs({ sub: "owner-3" }, {}, "both"));
  });

  test("with an error, or from another issuer than it was asked of", async () => {
    const { state, cookie } = await begin();
    isDenied(await back("ours", { state, error: "access_denied" }, cookie));
    const other = await begin();
    const code = provider.authorize(other.url, owner);
    isDenied(await back("ours", { state: other.state, code, iss: "https://evil.example" }, other.cookie));
  });
});

test("a browser is not sent on to another host", async () => {
  for (const to of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
    const begun = await core.call("/api/auth/oidc/ours", { headers: { origin: ORIGIN }, json: { to } });
    expect(begun.status).toBe(422);
  }
});

test("nothing begins at a provider that there is not, or from another site", async () => {
  expect((await core.call("/api/auth/oidc/nobody", { headers: { origin: ORIGIN }, json: {} })).status).toBe(404);
  const elsewhere = { origin: "https://evil.example" };
  expect((await core.call("/api/auth/oidc/ours", { headers: elsewhere, json: {} })).status).toBe(403);
});
