import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person, signIn, tokenFor } from "./support/people.ts";

const PASSWORD = "a long enough password";

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
  await makeOrg(core, owner.token, "house");
});
afterAll(() => core.stop());

const call = (path: string, token: string, options: object = {}) => core.call(`/api/v1${path}`, { token, ...options });

/** A partner with a key that may do all that a partner may. */
async function makePartner(name: string): Promise<Person> {
  const made = await call("/partners", owner.token, { json: { name } });
  if (made.status !== 201) throw new Error(made.text);
  const { id } = made.json;
  return { id, token: (await call(`/partners/${id}/keys`, owner.token, { json: { name: "main" } })).json.key };
}

const slugsOf = async (token: string): Promise<string[]> =>
  (await call("/orgs?limit=100", token)).json.items.map(({ slug }: { slug: string }) => slug);

describe("a partner", () => {
  test("makes orgs by its key, owns them, and sees no others", async () => {
    const [acme, other] = [await makePartner("Acme"), await makePartner("Other")];
    expect((await call("/me", acme.token)).json).toMatchObject({
      principal: { type: "key" },
      user: { id: acme.id, name: "Acme", role: "partner", email: `${acme.id}@partners.invalid` },
      capabilities: ["me:read", "keys:manage", "orgs:list", "orgs:create", "plans:read"],
    });
    expect((await call("/orgs", acme.token, { json: { slug: "acme-one" } })).json).toMatchObject({ role: "owner" });
    await makeOrg(core, other.token, "other-one");
    expect(await slugsOf(acme.token)).toEqual(["acme-one"]);
    for (const slug of ["other-one", "house", "nowhere"]) {
      expect((await call(`/orgs/${slug}`, acme.token)).status).toBe(404);
    }
    for (const path of ["/users", "/partners", "/audit", "/platform/settings", "/invitations"]) {
      expect((await call(path, acme.token)).status).toBe(403);
    }
    const shown = (await call("/partners?limit=100", owner.token)).json.items;
    expect(shown).toContainEqual(
      expect.objectContaining({ id: acme.id, name: "Acme", active: true, orgs: 1, keys: 1 }),
    );
    const people = (await call("/users?limit=100", owner.token)).json.items;
    expect(people.map(({ id }: { id: string }) => id)).not.toContain(acme.id);
  });

  test("gives its orgs people, owners too, who are told that a program is there", async () => {
    const acme = await makePartner("Inviter");
    await makeOrg(core, acme.token, "invited-org");
    const invited = await call("/orgs/invited-org/members", acme.token, {
      json: { email: "customer@example.com", role: "owner" },
    });
    expect(invited.status).toBe(201);
    const { rows } = await core.sql.query("select text from mail where recipient = 'customer@example.com'");
    expect(rows[0].text).toMatch(/^Inviter invites you to the org invited-org/m);
    const json = { token: await tokenFor(core, "customer@example.com"), name: "Customer", password: PASSWORD };
    expect((await core.call("/api/v1/invitations/accept", { json })).status).toBe(200);
    const cookie = await signIn(core, { email: "customer@example.com", password: PASSWORD });
    const { items } = (await core.call("/api/v1/orgs/invited-org/members", { headers: { cookie } })).json;
    expect(items).toHaveLength(2);
    expect(items).toContainEqual(expect.objectContaining({ id: acme.id, type: "partner", role: "owner" }));
    expect(items).toContainEqual(expect.objectContaining({ type: "person", name: "Customer", role: "owner" }));
  });

  test("binds keys to one of its orgs, which see nothing but that org", async () => {
    const acme = await makePartner("Binder");
    await makeOrg(core, acme.token, "bound-a");
    await makeOrg(core, acme.token, "bound-b");
    const own = await call("/keys", acme.token, { json: { name: "a", org: "bound-a" } });
    const given = await call(`/partners/${acme.id}/keys`, owner.token, { json: { name: "a", org: "bound-a" } });
    expect([own.status, given.status, given.json.org]).toEqual([201, 201, "bound-a"]);
    for (const token of [own.json.key, given.json.key]) {
      expect(await slugsOf(token)).toEqual(["bound-a"]);
      expect((await call("/orgs/bound-b", token)).status).toBe(404);
      expect((await call("/orgs/bound-a/members", token)).status).toBe(200);
      expect((await call("/orgs", token, { json: { slug: "bound-c" } })).status).toBe(403);
      expect((await call("/keys", token, { json: { name: "b", org: "bound-b" } })).status).toBe(403);
      const { items } = (await call("/keys", token)).json;
      expect(new Set(items.map(({ org }: { org: string }) => org))).toEqual(new Set(["bound-a"]));
    }
    const elsewhere = await call(`/partners/${acme.id}/keys`, owner.token, { json: { name: "a", org: "house" } });
    expect(elsewhere.status).toBe(404);
  });

  test("has no way to sign in", async () => {
    const { id } = await makePartner("Silent");
    const { rows } = await core.sql.query("select 1 from account where user_id = $1", [id]);
    expect(rows).toEqual([]);
    await expect(signIn(core, { email: `${id}@partners.invalid`, password: PASSWORD })).rejects.toThrow(
      /unauthenticated/,
    );
  });

  test("ends with its keys, and its orgs go on", async () => {
    const acme = await makePartner("Ended");
    await makeOrg(core, acme.token, "ended-org");
    const patch = (json: object) => call(`/partners/${acme.id}`, owner.token, { method: "PATCH", json });
    expect((await patch({ name: "Ended soon" })).json).toMatchObject({ name: "Ended soon", active: true });
    expect((await patch({ active: false })).json).toMatchObject({ active: false, keys: 0, orgs: 1 });
    expect((await call("/me", acme.token)).status).toBe(401);
    expect((await call("/orgs/ended-org", owner.token)).json.state).toBe("running");
    expect((await call(`/partners/${acme.id}/keys`, owner.token, { json: { name: "x" } })).status).toBe(409);
    expect((await patch({ active: true })).json).toMatchObject({ active: true, keys: 0 });
    expect((await call("/me", acme.token)).status).toBe(401);
    const { rows } = await core.sql.query(
      "select action from audit_log where target = $1 and action like 'partner.%' order by seq",
      [acme.id],
    );
    expect(rows.map(({ action }) => action)).toEqual([
      "partner.create",
      "partner.update",
      "partner.deactivate",
      "partner.activate",
    ]);
  });
});

describe("a partner's keys", () => {
  test("are shown once, listed, and revoked by the platform's admins", async () => {
    const admin = await join(core, "admin");
    const acme = await makePartner("Keyed");
    const made = await call(`/partners/${acme.id}/keys`, admin.token, {
      json: { name: "slow", scopes: ["orgs:create", "orgs:list"], requestsPerMinute: 60 },
    });
    expect(made.json).toMatchObject({ name: "slow", requestsPerMinute: 60, key: expect.stringMatching(/^isola_/) });
    const listed = await call(`/partners/${acme.id}/keys`, admin.token);
    expect(listed.text).not.toContain(made.json.key);
    expect(listed.json.items.map(({ name }: { name: string }) => name).toSorted()).toEqual(["main", "slow"]);
    const page = await call(`/partners/${acme.id}/keys?limit=1`, admin.token);
    const rest = await call(`/partners/${acme.id}/keys?limit=1&cursor=${page.json.cursor}`, admin.token);
    expect([...page.json.items, ...rest.json.items]).toHaveLength(2);
    expect(rest.json.cursor).toBeNull();
    const path = `/partners/${acme.id}/keys/${made.json.id}`;
    expect((await call("/me", made.json.key)).status).toBe(403);
    expect((await call(path, admin.token, { method: "DELETE" })).status).toBe(204);
    expect((await call("/me", made.json.key)).status).toBe(401);
    expect((await call(path, admin.token, { method: "DELETE" })).status).toBe(404);
  });

  test("are no way for a lesser key of an admin to more than it has", async () => {
    const acme = await makePartner("Guarded");
    const lesser = await giveKey(core, owner.id, { scopes: ["partners:manage", "orgs:list"] });
    const make = (json: object) => call(`/partners/${acme.id}/keys`, lesser, { json: { name: "x", ...json } });
    expect((await make({})).status).toBe(403);
    expect((await make({ scopes: ["orgs:create"] })).status).toBe(403);
    expect((await make({ scopes: ["orgs:list"] })).status).toBe(201);
  });

  test("of who is no partner are not there", async () => {
    const person = await join(core, "member");
    for (const id of [person.id, newId("user")]) {
      expect((await call(`/partners/${id}`, owner.token)).status).toBe(404);
      expect((await call(`/partners/${id}/keys`, owner.token)).status).toBe(404);
      expect((await call(`/partners/${id}/keys`, owner.token, { json: { name: "x" } })).status).toBe(404);
      const patch = { method: "PATCH", json: { active: false } };
      expect((await call(`/partners/${id}`, owner.token, patch)).status).toBe(404);
    }
    const { items } = (await call("/keys", person.token)).json;
    const path = `/partners/${person.id}/keys/${items[0].id}`;
    expect((await call(path, owner.token, { method: "DELETE" })).status).toBe(404);
    expect((await call("/me", person.token)).status).toBe(200);
  });
});
