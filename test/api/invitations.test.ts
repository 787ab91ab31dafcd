import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  INVITATION_KEPT_MS,
  INVITATION_TTL_MS,
  INVITATIONS_PER_ADDRESS_IN_WINDOW,
  INVITATIONS_PER_ORG_IN_WINDOW,
} from "../../contracts/limits.ts";
import { type Core, ORIGIN, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, OWNER, type Person, signIn, tokenFor } from "./support/people.ts";

const PASSWORD = "a long enough password";

let core: Core;
let owner: Person;
let orgId: string;
let admin: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
  orgId = await makeOrg(core, owner.token, "club");
  admin = await join(core, "member", { [orgId]: "admin" });
});
afterAll(() => core.stop());

const invite = (email: string, role = "viewer", token = owner.token, slug = "club") =>
  core.call(`/api/v1/orgs/${slug}/members`, { token, json: { email, role } });
const look = (token: string) => core.call("/api/v1/invitations/look", { json: { token } });
const accept = (json: object, headers: Record<string, string> = {}) =>
  core.call("/api/v1/invitations/accept", { json, headers });
const roleIn = async (email: string, slug = "club"): Promise<string | undefined> =>
  (
    await core.sql.query(
      `select member.role from member join "user" on "user".id = user_id join org on org.id = org_id
       where email = $1 and slug = $2`,
      [email, slug],
    )
  ).rows[0]?.role;
const letters = async (email: string): Promise<number> =>
  Number((await core.sql.query("select count(*) from mail where recipient = $1", [email])).rows[0].count);

describe("an invitation to an org", () => {
  test("makes the account and the membership of who has its link, with a verified address", async () => {
    const made = await invite("New@Example.com", "developer");
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ email: "new@example.com", role: "developer", state: "open" });
    expect(made.json.expiresAt - made.json.createdAt).toBeGreaterThan(INVITATION_TTL_MS - 5_000);
    const token = await tokenFor(core, "new@example.com");
    expect(made.text).not.toContain(token);
    expect((await look(token)).json).toEqual({
      email: "new@example.com",
      org: { slug: "club", name: "club" },
      role: "developer",
      invitedBy: "owner",
      hasAccount: false,
      expiresAt: made.json.expiresAt,
    });
    const lacking = await accept({ token });
    expect(lacking.status).toBe(422);
    expect(lacking.json.error.details.issues.map(({ field }: { field: string }) => field)).toEqual([
      "name",
      "password",
    ]);
    expect((await accept({ token, name: "New", password: "short" })).status).toBe(422);
    const accepted = await accept({ token, name: "New", password: PASSWORD });
    expect(accepted.json).toMatchObject({ org: "club", created: true, user: { name: "New", role: "member" } });
    expect(await roleIn("new@example.com")).toBe("developer");
    const { rows } = await core.sql.query(`select email_verified from "user" where email = 'new@example.com'`);
    expect(rows).toEqual([{ email_verified: true }]);
    const cookie = await signIn(core, { email: "new@example.com", password: PASSWORD });
    expect((await core.call("/api/v1/orgs/club", { headers: { cookie } })).json.role).toBe("developer");
    const again = await accept({ token, name: "New", password: PASSWORD });
    expect([again.status, again.json.error.code]).toEqual([410, "gone"]);
  });

  test("is accepted by the account of its address, signed in, and by no other", async () => {
    const guest = await join(core, "member");
    const email = `${guest.id}@example.com`;
    await invite(email);
    const token = await tokenFor(core, email);
    expect((await look(token)).json.hasAccount).toBe(true);
    expect((await accept({ token, name: "Thief", password: PASSWORD })).status).toBe(401);
    const other = await join(core, "member");
    const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
    const refused = await accept({ token }, bearer(other.token));
    expect([refused.status, refused.json.error.message]).toEqual([403, expect.stringContaining(email)]);
    const lesser = await giveKey(core, guest.id, { scopes: ["read"] });
    expect((await accept({ token }, bearer(lesser))).status).toBe(403);
    expect(await roleIn(email)).toBeUndefined();
    const accepted = await accept({ token }, bearer(guest.token));
    expect(accepted.json).toMatchObject({ org: "club", created: false, user: { id: guest.id } });
    expect(await roleIn(email)).toBe("viewer");
  });

  test("by a cookie is accepted from our own pages alone", async () => {
    const other = await makeOrg(core, owner.token, "annex");
    await core.sql.query("delete from member where org_id = $1", [other]);
    const host = await join(core, "member", { [other]: "owner" });
    await invite(OWNER.email, "viewer", host.token, "annex");
    const [token, cookie] = [await tokenFor(core, OWNER.email), await signIn(core)];
    for (const headers of [{ cookie }, { cookie, origin: "http://evil.example" }]) {
      expect((await accept({ token }, headers)).status).toBe(403);
    }
    expect((await accept({ token }, { cookie, origin: ORIGIN })).status).toBe(200);
    expect(await roleIn(OWNER.email, "annex")).toBe("viewer");
  });

  test("says the same to who invites whether or not the address has an account", async () => {
    const known = await join(core, "member");
    const form = ({ status, json }: { status: number; json: object }) => [status, Object.keys(json).sort()];
    const email = `${known.id}@example.com`;
    expect(form(await invite(email))).toEqual(form(await invite("nobody@example.com")));
    expect(await letters(email)).toBe(1);
  });

  test("is refused to a role above one's own, and for who is a member", async () => {
    expect((await invite("high@example.com", "owner", admin.token)).status).toBe(403);
    expect((await invite("high@example.com", "admin", admin.token)).status).toBe(201);
    const member = await invite(`${admin.id}@example.com`);
    expect([member.status, member.json.error.details]).toEqual([409, { userId: admin.id }]);
    const viewer = await join(core, "member", { [orgId]: "viewer" });
    expect((await invite("x@example.com", "viewer", viewer.token)).status).toBe(403);
  });

  test("is one for an address: a second takes the place of the first", async () => {
    await invite("twice@example.com", "viewer");
    const first = await tokenFor(core, "twice@example.com");
    await invite("twice@example.com", "developer");
    const second = await tokenFor(core, "twice@example.com");
    expect((await look(first)).json.error.code).toBe("gone");
    expect((await look(second)).json.role).toBe("developer");
    const { items } = (await core.call("/api/v1/orgs/club/invitations?limit=100", { token: admin.token })).json;
    const mine = items.filter(({ email }: { email: string }) => email === "twice@example.com");
    expect(mine).toMatchObject([{ role: "developer", state: "open", invitedBy: { id: owner.id } }]);
  });

  test("is sent again with another link, and revoked, by who could have made it", async () => {
    const { id } = (await invite("lost@example.com", "owner")).json;
    const first = await tokenFor(core, "lost@example.com");
    const path = `/api/v1/orgs/club/invitations/${id}`;
    expect((await core.call(`${path}/resend`, { method: "POST", token: admin.token })).status).toBe(403);
    expect((await core.call(path, { method: "DELETE", token: admin.token })).status).toBe(403);
    const sent = await core.call(`${path}/resend`, { method: "POST", token: owner.token });
    expect([sent.status, sent.json.role]).toEqual([201, "owner"]);
    const second = await tokenFor(core, "lost@example.com");
    expect([(await look(first)).status, (await look(second)).status]).toEqual([410, 200]);
    const now = `/api/v1/orgs/club/invitations/${sent.json.id}`;
    expect((await core.call(now, { method: "DELETE", token: owner.token })).status).toBe(204);
    expect((await look(second)).status).toBe(410);
    expect((await core.call(now, { method: "DELETE", token: owner.token })).status).toBe(404);
    expect((await core.call(`${now}/resend`, { method: "POST", token: owner.token })).status).toBe(404);
  });

  test("is not made by who loses the right to it meanwhile", async () => {
    const maker = await join(core, "member", { [orgId]: "admin" });
    await core.sql.query("begin");
    await core.sql.query("select 1 from org where id = $1 for update", [orgId]);
    const waiting = invite("overtaken@example.com", "viewer", maker.token);
    await new Promise((done) => setTimeout(done, 300));
    await core.sql.query("update member set role = 'viewer' where user_id = $1", [maker.id]);
    await core.sql.query("commit");
    expect((await waiting).status).toBe(403);
    expect(await letters("overtaken@example.com")).toBe(0);
  });

  test("of another org is not there", async () => {
    const away = await makeOrg(core, owner.token, "away");
    const stranger = await join(core, "member", { [away]: "owner" });
    const { id } = (await invite("hidden@example.com")).json;
    const path = `/api/v1/orgs/away/invitations/${id}`;
    expect((await core.call(path, { method: "DELETE", token: stranger.token })).status).toBe(404);
    expect((await core.call(`${path}/resend`, { method: "POST", token: stranger.token })).status).toBe(404);
    const { items } = (await core.call("/api/v1/orgs/away/invitations", { token: stranger.token })).json;
    expect(items).toEqual([]);
  });

  test("ends with its time, with its maker's rights, and with its org", async () => {
    await invite("late@example.com");
    const late = await tokenFor(core, "late@example.com");
    await core.sql.query("update invitation set expires_at = now() where email = 'late@example.com'");
    expect((await look(late)).json.error).toMatchObject({ code: "gone", message: expect.stringContaining("expired") });

    const maker = await join(core, "member", { [orgId]: "admin" });
    await invite("orphan@example.com", "viewer", maker.token);
    const orphan = await tokenFor(core, "orphan@example.com");
    const demoted = { method: "PATCH", token: owner.token, json: { role: "viewer" } };
    expect((await core.call(`/api/v1/orgs/club/members/${maker.id}`, demoted)).status).toBe(200);
    expect((await accept({ token: orphan, name: "O", password: PASSWORD })).status).toBe(410);

    const doomed = await makeOrg(core, owner.token, "doomed");
    await invite("doomed@example.com", "viewer", owner.token, "doomed");
    const token = await tokenFor(core, "doomed@example.com");
    await core.sql.query("update org set state = 'destroying' where id = $1", [doomed]);
    expect((await accept({ token, name: "D", password: PASSWORD })).status).toBe(410);
    await core.call("/api/v1/orgs/doomed?confirm=doomed", { method: "DELETE", token: owner.token });
    expect((await look(token)).status).toBe(404);
  });

  test("with a link that is no invitation's is not there", async () => {
    for (const token of ["x", "0".repeat(64)]) {
      expect((await look(token)).status).toBe(404);
      expect((await accept({ token, name: "X", password: PASSWORD })).status).toBe(404);
    }
  });

  test("is taken once by all who try at the same time", async () => {
    await invite("race@example.com");
    const token = await tokenFor(core, "race@example.com");
    const answers = await Promise.all([1, 2, 3].map((n) => accept({ token, name: `Racer ${n}`, password: PASSWORD })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const { rows } = await core.sql.query(`select count(*)::int from "user" where email = 'race@example.com'`);
    expect(rows[0].count).toBe(1);
  });

  test("is stored as a hash", async () => {
    await invite("hash@example.com");
    const token = await tokenFor(core, "hash@example.com");
    const { rows } = await core.sql.query("select * from invitation where email = 'hash@example.com'");
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test("is sent to one address, and by one org, only so often within the hour", async () => {
    const crowded = await makeOrg(core, owner.token, "crowded");
    for (let sent = 0; sent < INVITATIONS_PER_ADDRESS_IN_WINDOW; sent += 1) {
      expect((await invite("flooded@example.com", "viewer", owner.token, "crowded")).status).toBe(201);
    }
    const refused = await invite("flooded@example.com", "viewer", owner.token, "crowded");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "3600"]);
    expect(await letters("flooded@example.com")).toBe(INVITATIONS_PER_ADDRESS_IN_WINDOW);
    expect((await invite("flooded@example.com")).status).toBe(201);
    await core.sql.query(
      `insert into invitation (id, email, org_id, org_role, token_hash, expires_at)
       select 'inv_' || n, n || '@example.com', $1, 'viewer', n::text, now() + interval '1 day'
       from generate_series(1, $2::int) as n`,
      [crowded, INVITATIONS_PER_ORG_IN_WINDOW - INVITATIONS_PER_ADDRESS_IN_WINDOW],
    );
    expect((await invite("one-more@example.com", "viewer", owner.token, "crowded")).status).toBe(429);
    await core.sql.query("update invitation set created_at = now() - interval '61 minutes' where org_id = $1", [
      crowded,
    ]);
    expect((await invite("one-more@example.com", "viewer", owner.token, "crowded")).status).toBe(201);
  });

  test("is forgotten when it has been over for long", async () => {
    await core.sql.query("update invitation set expires_at = now() - $1 * interval '1 ms' where email = $2", [
      INVITATION_KEPT_MS + 60_000,
      "hash@example.com",
    ]);
    await core.tick();
    const { rows } = await core.sql.query("select email from invitation where email in ($1, $2) order by email", [
      "hash@example.com",
      "twice@example.com",
    ]);
    expect(rows.map(({ email }) => email)).toEqual(["twice@example.com", "twice@example.com"]);
  });
});

describe("an invitation to the platform", () => {
  const inviteUser = (email: string, role: string, token = owner.token) =>
    core.call("/api/v1/users", { token, json: { email, role } });

  test("gives its role to a new account, and raises that of one that came about meanwhile", async () => {
    expect((await inviteUser("boss@example.com", "admin")).json).toMatchObject({ role: "admin", state: "open" });
    const token = await tokenFor(core, "boss@example.com");
    expect((await look(token)).json).toMatchObject({ org: null, role: "admin" });
    const accepted = await accept({ token, name: "Boss", password: PASSWORD });
    expect(accepted.json).toMatchObject({ org: null, user: { role: "admin" } });

    await inviteUser("meanwhile@example.com", "admin");
    const raised = await tokenFor(core, "meanwhile@example.com");
    const { rows } = await core.sql.query(
      `insert into "user" (id, name, email, role) values ('usr_0123456789abcdefghjk', 'M', 'meanwhile@example.com', 'member')
       returning id`,
    );
    const key = await giveKey(core, rows[0].id);
    const taken = await accept({ token: raised }, { authorization: `Bearer ${key}` });
    expect(taken.json).toMatchObject({ created: false, user: { role: "admin" } });
  });

  test("is made and revoked by who may give the role, and for addresses without an account", async () => {
    const chief = await join(core, "admin");
    expect((await inviteUser("lord@example.com", "owner", chief.token)).status).toBe(403);
    expect((await inviteUser(OWNER.email, "member")).status).toBe(409);
    const { id } = (await inviteUser("lord@example.com", "owner")).json;
    const revoke = (token: string) => core.call(`/api/v1/invitations/${id}`, { method: "DELETE", token });
    const { items } = (await core.call("/api/v1/invitations?limit=100", { token: chief.token })).json;
    expect(items.map(({ email }: { email: string }) => email)).toContain("lord@example.com");
    expect(items.map(({ email }: { email: string }) => email)).not.toContain("twice@example.com");
    expect((await revoke(chief.token)).status).toBe(403);
    expect((await revoke(owner.token)).status).toBe(204);
    expect((await look(await tokenFor(core, "lord@example.com"))).status).toBe(410);
  });
});

describe("asking for an account", () => {
  const signUp = (email: string) => core.call("/api/v1/sign-up", { json: { email } });
  const settings = (json?: object) =>
    core.call("/api/v1/platform/settings", {
      token: owner.token,
      ...(json === undefined ? {} : { json, method: "PATCH" }),
    });

  test("is refused while people come by invitation only", async () => {
    expect((await settings()).json).toEqual({ signUp: "invitation", membersCreateOrgs: false });
    const refused = await signUp("stranger@example.com");
    expect([refused.status, refused.json.error.message]).toEqual([403, expect.stringContaining("invitation")]);
    expect(await letters("stranger@example.com")).toBe(0);
  });

  test("sends the link where it is open, and says the same where there is an account", async () => {
    expect((await settings({ signUp: "open" })).json).toEqual({ signUp: "open", membersCreateOrgs: false });
    const [known, unknown] = [await signUp(OWNER.email), await signUp("stranger@example.com")];
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
    expect(unknown.status).toBe(202);
    await expect.poll(() => letters("stranger@example.com")).toBe(1);
    const token = await tokenFor(core, "stranger@example.com");
    expect((await look(token)).json).toMatchObject({ org: null, role: "member", invitedBy: null });
    const accepted = await accept({ token, name: "Stranger", password: PASSWORD });
    expect(accepted.json.user).toMatchObject({ email: "stranger@example.com", role: "member" });
    const subject = async () =>
      (await core.sql.query("select subject from mail where recipient = $1 order by created_at desc", [OWNER.email]))
        .rows[0].subject;
    await expect.poll(subject).toMatch(/already/);
  });

  test("takes nothing from who was invited, and does not flood anybody", async () => {
    await core.call("/api/v1/users", { token: owner.token, json: { email: "vip@example.com", role: "admin" } });
    const token = await tokenFor(core, "vip@example.com");
    for (let asked = 0; asked < INVITATIONS_PER_ADDRESS_IN_WINDOW + 2; asked += 1) {
      expect((await signUp("vip@example.com")).status).toBe(202);
    }
    await signUp("after@example.com");
    await expect.poll(() => letters("after@example.com")).toBe(1);
    expect(await letters("vip@example.com")).toBe(INVITATIONS_PER_ADDRESS_IN_WINDOW);
    expect((await look(token)).json.role).toBe("admin");
  });

  test("is worth nothing any more once the platform is closed", async () => {
    await signUp("slow@example.com");
    await expect.poll(() => letters("slow@example.com")).toBe(1);
    const asked = await tokenFor(core, "slow@example.com");
    expect((await look(asked)).status).toBe(200);
    await core.call("/api/v1/users", { token: owner.token, json: { email: "guest@example.com" } });
    expect((await settings({ signUp: "invitation" })).status).toBe(200);
    expect((await look(asked)).status).toBe(410);
    expect((await look(await tokenFor(core, "guest@example.com"))).status).toBe(200);
  });

  test("lets people make orgs only where that is allowed, too", async () => {
    const person = await join(core, "member");
    const make = () => core.call("/api/v1/orgs", { token: person.token, json: { slug: "own-org" } });
    expect((await make()).status).toBe(403);
    await settings({ membersCreateOrgs: true });
    expect((await make()).status).toBe(201);
    const refused = { method: "PATCH", token: (await join(core, "admin")).token, json: { signUp: "open" } };
    expect((await core.call("/api/v1/platform/settings", refused)).status).toBe(403);
  });
});
