import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, OWNER, type Person, signIn, tokenFor } from "./support/people.ts";

const PASSWORD = "a long enough password";

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
afterAll(() => core.stop());

const find = async (query: string) =>
  (await core.call(`/api/v1/users?limit=100&${query}`, { token: owner.token })).json.items.map(
    ({ email }: { email: string }) => email,
  );
const show = (id: string) => core.call(`/api/v1/users/${id}`, { token: owner.token });
const change = (id: string, json: object, { token } = owner) =>
  core.call(`/api/v1/users/${id}`, { method: "PATCH", token, json });
const called = async (name: string, email: string, role = "member"): Promise<string> => {
  const id = newId("user");
  await core.sql.query(`insert into "user" (id, name, email, role) values ($1, $2, $3, $4)`, [id, name, email, role]);
  return id;
};

/** Somebody with a password, by an invitation. */
async function invited(email: string): Promise<string> {
  await core.call("/api/v1/users", { token: owner.token, json: { email } });
  const json = { token: await tokenFor(core, email), name: "Invited", password: PASSWORD };
  return (await core.call("/api/v1/invitations/accept", { json })).json.user.id as string;
}

describe("the people of a platform", () => {
  test("are found by how their address or name begins, and by role and state", async () => {
    await called("Ada Lovelace", "countess@example.com", "admin");
    await called("Grace", "ADA_grace@example.com".toLowerCase());
    const asleep = await called("Adam", "first@example.com");
    await called("100% Cotton", "cotton@example.com");
    const partner = await called("Ada's program", `${newId("user")}@partners.invalid`, "partner");
    await change(asleep, { active: false });
    expect((await find("search=ADA")).toSorted()).toEqual([
      "ada_grace@example.com",
      "countess@example.com",
      "first@example.com",
    ]);
    expect(await find("search=ada&active=false")).toEqual(["first@example.com"]);
    expect((await find("search=ada&active=true")).toSorted()).toEqual([
      "ada_grace@example.com",
      "countess@example.com",
    ]);
    expect(await find("search=ada&role=admin")).toEqual(["countess@example.com"]);
    expect(await find("search=ada_")).toEqual(["ada_grace@example.com"]);
    expect(await find("search=100%25")).toEqual(["cotton@example.com"]);
    expect(await find("search=%25")).toEqual([]);
    for (const query of ["role=partner", "active=maybe", "search="]) {
      expect((await core.call(`/api/v1/users?${query}`, { token: owner.token })).status).toBe(422);
    }
    expect((await show(partner)).status).toBe(404);
    expect((await change(partner, { active: false })).status).toBe(404);
  });

  test("are shown with their orgs, sessions and keys", async () => {
    const [one, two] = [await makeOrg(core, owner.token, "one"), await makeOrg(core, owner.token, "two")];
    const person = await join(core, "member", { [one]: "admin", [two]: "viewer" });
    await giveKey(core, person.id, { revokedAt: new Date() });
    await giveKey(core, person.id, { expiresAt: new Date(Date.now() - 1_000) });
    await core.sql.query(
      `insert into session (id, user_id, token, expires_at) values ('a', $1, 'a', now() + interval '1 day'), ('b', $1, 'b', now())`,
      [person.id],
    );
    const shown = await show(person.id);
    expect(shown.json).toMatchObject({
      email: `${person.id}@example.com`,
      active: true,
      twoFactorEnabled: false,
      sessions: 1,
      keys: 1,
      orgCount: 2,
      orgs: [
        { slug: "one", role: "admin" },
        { slug: "two", role: "viewer" },
      ],
    });
    const nobody = await join(core, "member");
    expect((await show(nobody.id)).json).toMatchObject({ sessions: 0, keys: 1, orgCount: 0, orgs: [] });
    expect((await show(newId("user"))).status).toBe(404);
  });

  test("are changed by admins, but owners by owners alone", async () => {
    const [admin, member] = [await join(core, "admin"), await join(core, "member")];
    expect((await change(member.id, { name: "Renamed", role: "admin" }, admin)).json).toMatchObject({
      name: "Renamed",
      role: "admin",
    });
    for (const [id, json] of [
      [member.id, { role: "owner" }],
      [admin.id, { role: "owner" }],
      [owner.id, { name: "Usurped" }],
      [owner.id, { role: "member" }],
      [owner.id, { active: false }],
    ] as const) {
      const refused = await change(id, json, admin);
      expect([refused.status, refused.json.error.code]).toEqual([403, "forbidden"]);
    }
    const signOut = { method: "POST", token: admin.token };
    expect((await core.call(`/api/v1/users/${owner.id}/sign-out`, signOut)).status).toBe(403);
    expect((await change(member.id, {})).status).toBe(422);
    expect((await change(member.id, { role: "partner" })).status).toBe(422);
    const { rows } = await core.sql.query(
      "select details from audit_log where action = 'user.update' and target = $1",
      [member.id],
    );
    expect(rows[0].details).toMatchObject({ before: { role: "member" }, after: { role: "admin", name: "Renamed" } });
  });

  test("are signed out everywhere at once", async () => {
    const id = await invited("traveller@example.com");
    const cookie = await signIn(core, { email: "traveller@example.com", password: PASSWORD });
    const me = async () => (await core.call("/api/v1/me", { headers: { cookie } })).status;
    expect(await me()).toBe(200);
    const answer = await core.call(`/api/v1/users/${id}/sign-out`, { method: "POST", token: owner.token });
    expect([answer.status, await me()]).toEqual([204, 401]);
  });
});

describe("who is deactivated", () => {
  test("can do nothing any more, by session, key or invitation, and gets none of that back", async () => {
    const id = await invited("leaver@example.com");
    await change(id, { role: "admin" });
    const credentials = { email: "leaver@example.com", password: PASSWORD };
    const [cookie, token] = [await signIn(core, credentials), await giveKey(core, id)];
    await core.call("/api/v1/users", { token, json: { email: "friend@example.com" } });
    const link = await tokenFor(core, "friend@example.com");
    const statuses = async () => [
      (await core.call("/api/v1/me", { headers: { cookie } })).status,
      (await core.call("/api/v1/me", { token })).status,
      (await core.call("/api/v1/invitations/look", { json: { token: link } })).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    const answer = await change(id, { active: false });
    expect(answer.json).toMatchObject({ active: false, deactivatedAt: expect.any(Number) });
    expect(await statuses()).toEqual([401, 401, 410]);
    await expect(signIn(core, credentials)).rejects.toThrow(/unauthenticated/);
    const { rows } = await core.sql.query(
      "select details from audit_log where action = 'user.deactivate' and target = $1",
      [id],
    );
    expect(rows[0].details).toMatchObject({ sessionsEnded: 1, keysRevoked: 1, invitationsRevoked: 1 });

    expect((await change(id, { active: true })).json).toMatchObject({ active: true, deactivatedAt: null });
    expect(await statuses()).toEqual([401, 401, 410]);
    expect(await signIn(core, credentials)).toMatch(/isola_session/);
  });

  test("is refused from the moment the answer is there, while requests run", async () => {
    const { id, token } = await join(core, "member");
    let deactivated = false;
    const late: number[] = [];
    const caller = async () => {
      for (let asked = 0; asked < 30; asked += 1) {
        const began = deactivated;
        const { status } = await core.call("/api/v1/me", { token });
        if (began) late.push(status);
      }
    };
    const callers = [caller(), caller(), caller()];
    await change(id, { active: false });
    deactivated = true;
    await Promise.all(callers);
    expect(late.length).toBeGreaterThan(0);
    expect(new Set(late)).toEqual(new Set([401]));
  });
});

test("a key that is asked for while its owner is deactivated is not made", async () => {
  const { id, token } = await join(core, "member");
  await core.sql.query("begin");
  await core.sql.query(`select 1 from "user" where id = $1 for update`, [id]);
  const waiting = core.call("/api/v1/keys", { token, json: { name: "late" } });
  await new Promise((done) => setTimeout(done, 300));
  await core.sql.query(`update "user" set deactivated_at = now() where id = $1`, [id]);
  await core.sql.query("commit");
  // The embedded database lets nobody else in meanwhile, so that it is refused for what it is asked with.
  expect([401, 409]).toContain((await waiting).status);
  const { rows } = await core.sql.query("select 1 from api_key where user_id = $1", [id]);
  expect(rows).toHaveLength(1);
});

describe("the platform's last active owner", () => {
  test("stays, active and an owner", async () => {
    for (const json of [{ role: "admin" }, { active: false }, { role: "member", active: false }]) {
      const refused = await change(owner.id, json);
      expect([refused.status, refused.json.error.message]).toEqual([409, expect.stringMatching(/last active owner/)]);
    }
    expect((await show(owner.id)).json).toMatchObject({ email: OWNER.email, role: "owner", active: true });
  });

  test("is left of two who demote or deactivate each other at once", async () => {
    for (const json of [{ role: "member" }, { active: false }]) {
      const other = await join(core, "owner");
      // The orgs of this file's owner are not what this is about.
      await core.sql.query("delete from member");
      const answers = await Promise.all([change(other.id, json, owner), change(owner.id, json, other)]);
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
      expect(statuses[0]).toBe(200);
      expect([401, 403, 409]).toContain(statuses[1]);
      const { rows } = await core.sql.query(`select id from "user" where role = 'owner' and deactivated_at is null`);
      expect(rows).toHaveLength(1);
      await core.sql.query(`update "user" set role = 'owner', deactivated_at = null where id = $1`, [owner.id]);
      await core.sql.query(`update "user" set role = 'member' where id = $1`, [other.id]);
      owner = { id: owner.id, token: await giveKey(core, owner.id) };
    }
  });
});
