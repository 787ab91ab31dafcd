import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

let core: Core;
let platformOwner: Person;
let count = 0;
beforeAll(async () => {
  core = await startCore();
  platformOwner = await claim(core);
});
afterAll(() => core.stop());

/** An org without anybody, and the way to its members for somebody. */
async function fresh(): Promise<{ slug: string; orgId: string }> {
  count += 1;
  const slug = `members-${count}`;
  const orgId = await makeOrg(core, platformOwner.token, slug);
  await core.sql.query("delete from member where org_id = $1", [orgId]);
  return { slug, orgId };
}

const list = async (slug: string, { token }: Person) =>
  (await core.call(`/api/v1/orgs/${slug}/members?limit=100`, { token })).json.items;
const change = (slug: string, { token }: Person, id: string, role: string) =>
  core.call(`/api/v1/orgs/${slug}/members/${id}`, { method: "PATCH", token, json: { role } });
const remove = (slug: string, { token }: Person, id: string) =>
  core.call(`/api/v1/orgs/${slug}/members/${id}`, { method: "DELETE", token });
const leave = (slug: string, { token }: Person) =>
  core.call(`/api/v1/orgs/${slug}/leave`, { token, json: { confirm: slug } });
const ownersOf = async (orgId: string): Promise<string[]> =>
  (await core.sql.query("select user_id from member where org_id = $1 and role = 'owner'", [orgId])).rows.map(
    ({ user_id: id }) => id,
  );

describe("the members of an org", () => {
  test("are listed page by page, with what they are", async () => {
    const { slug, orgId } = await fresh();
    const [owner, viewer] = [
      await join(core, "member", { [orgId]: "owner" }),
      await join(core, "partner", { [orgId]: "viewer" }),
    ];
    await core.sql.query(`update "user" set deactivated_at = now() where id = $1`, [viewer.id]);
    const items = await list(slug, owner);
    expect(items).toHaveLength(2);
    expect(items).toContainEqual({
      id: owner.id,
      type: "person",
      email: `${owner.id}@example.com`,
      name: "Somebody",
      role: "owner",
      active: true,
      joinedAt: expect.any(Number),
    });
    expect(items).toContainEqual(expect.objectContaining({ id: viewer.id, type: "partner", active: false }));
    const first = await core.call(`/api/v1/orgs/${slug}/members?limit=1`, { token: owner.token });
    const second = await core.call(`/api/v1/orgs/${slug}/members?limit=1&cursor=${first.json.cursor}`, {
      token: owner.token,
    });
    expect([...first.json.items, ...second.json.items].map(({ id }) => id)).toEqual([owner.id, viewer.id].sort());
    expect(second.json.cursor).toBeNull();
  });

  test("get another role from who may give it, and the change is written down", async () => {
    const { slug, orgId } = await fresh();
    const [owner, admin, viewer] = [
      await join(core, "member", { [orgId]: "owner" }),
      await join(core, "member", { [orgId]: "admin" }),
      await join(core, "member", { [orgId]: "viewer" }),
    ];
    expect((await change(slug, admin, viewer.id, "developer")).json).toMatchObject({
      id: viewer.id,
      role: "developer",
    });
    for (const [id, role] of [
      [viewer.id, "owner"],
      [owner.id, "viewer"],
      [admin.id, "owner"],
    ] as const) {
      const refused = await change(slug, admin, id, role);
      expect([refused.status, refused.json.error.code]).toEqual([403, "forbidden"]);
    }
    expect((await remove(slug, admin, owner.id)).status).toBe(403);
    expect((await change(slug, owner, viewer.id, "owner")).status).toBe(200);
    expect((await ownersOf(orgId)).toSorted()).toEqual([owner.id, viewer.id].toSorted());
    const { rows } = await core.sql.query(
      "select details from audit_log where org_id = $1 and action = 'member.update' and target = $2 order by at",
      [orgId, viewer.id],
    );
    expect(rows.map(({ details }) => [details.before.role, details.after.role])).toEqual([
      ["viewer", "developer"],
      ["developer", "owner"],
    ]);
  });

  test("lose their keys for the org, and what they have promised, when they are taken out", async () => {
    const { slug, orgId } = await fresh();
    const owner = await join(core, "member", { [orgId]: "owner" });
    const other = await fresh();
    const gone = await join(core, "member", { [orgId]: "admin", [other.orgId]: "admin" });
    const bound = await giveKey(core, gone.id, { orgId });
    const invited = (at: string, email: string) =>
      core.call(`/api/v1/orgs/${at}/members`, { token: gone.token, json: { email, role: "viewer" } });
    await invited(slug, "promised@example.com");
    await invited(other.slug, "promised@example.com");
    expect((await remove(slug, owner, gone.id)).status).toBe(204);
    expect((await core.call("/api/v1/me", { token: bound })).status).toBe(401);
    expect((await core.call(`/api/v1/orgs/${slug}`, { token: gone.token })).status).toBe(404);
    const open = async (at: string) =>
      (await core.call(`/api/v1/orgs/${at}/invitations`, { token: platformOwner.token })).json.items.length;
    expect([await open(slug), await open(other.slug)]).toEqual([0, 1]);
    expect((await remove(slug, owner, gone.id)).status).toBe(404);
  });

  test("leave by themselves, whatever they are, and only when they say of what", async () => {
    const { slug, orgId } = await fresh();
    await join(core, "member", { [orgId]: "owner" });
    const viewer = await join(core, "member", { [orgId]: "viewer" });
    const slip = await core.call(`/api/v1/orgs/${slug}/leave`, { token: viewer.token, json: { confirm: "other" } });
    expect(slip.status).toBe(422);
    expect((await leave(slug, viewer)).status).toBe(204);
    expect((await core.call(`/api/v1/orgs/${slug}`, { token: viewer.token })).status).toBe(404);
    expect((await leave(slug, platformOwner)).status).toBe(404);
  });

  test("of another org are not there", async () => {
    const [mine, theirs] = [await fresh(), await fresh()];
    const owner = await join(core, "member", { [mine.orgId]: "owner" });
    const stranger = await join(core, "member", { [theirs.orgId]: "viewer" });
    expect((await change(mine.slug, owner, stranger.id, "viewer")).status).toBe(404);
    expect((await remove(mine.slug, owner, stranger.id)).status).toBe(404);
    expect((await remove(mine.slug, owner, newId("user"))).status).toBe(404);
    expect((await remove(theirs.slug, owner, stranger.id)).status).toBe(404);
  });
});

describe("the last active owner of an org", () => {
  test("cannot be demoted, removed, or leave, by whomever", async () => {
    const { slug, orgId } = await fresh();
    const owner = await join(core, "member", { [orgId]: "owner" });
    const asleep = await join(core, "member", { [orgId]: "owner" });
    await core.sql.query(`update "user" set deactivated_at = now() where id = $1`, [asleep.id]);
    const answers = [
      await change(slug, owner, owner.id, "viewer"),
      await change(slug, platformOwner, owner.id, "admin"),
      await remove(slug, platformOwner, owner.id),
      await remove(slug, owner, owner.id),
      await leave(slug, owner),
    ];
    for (const { status, json } of answers) {
      expect([status, json.error.code]).toEqual([409, "conflict"]);
      expect(json.error.message).toMatch(/last active owner/);
    }
    expect((await remove(slug, owner, asleep.id)).status).toBe(204);
    expect(await ownersOf(orgId)).toEqual([owner.id]);
  });

  test("cannot be deactivated, unless the org is being destroyed", async () => {
    const { slug, orgId } = await fresh();
    const owner = await join(core, "member", { [orgId]: "owner" });
    const deactivate = () =>
      core.call(`/api/v1/users/${owner.id}`, {
        method: "PATCH",
        token: platformOwner.token,
        json: { active: false },
      });
    const refused = await deactivate();
    expect([refused.status, refused.json.error.details]).toEqual([409, { orgs: [slug] }]);
    expect((await list(slug, owner))[0].active).toBe(true);
    await core.sql.query("update org set state = 'destroying' where id = $1", [orgId]);
    expect((await deactivate()).status).toBe(200);
  });

  test("is left of two who take the place from each other at once", async () => {
    for (const way of ["change", "remove", "leave", "deactivate"] as const) {
      const { slug, orgId } = await fresh();
      const [one, two] = [
        await join(core, "member", { [orgId]: "owner" }),
        await join(core, "member", { [orgId]: "owner" }),
      ];
      const act = (by: Person, on: Person) => {
        if (way === "change") return change(slug, by, on.id, "developer");
        if (way === "remove") return remove(slug, by, on.id);
        if (way === "leave") return leave(slug, by);
        const json = { active: false };
        return core.call(`/api/v1/users/${on.id}`, { method: "PATCH", token: platformOwner.token, json });
      };
      const answers = await Promise.all([act(one, two), act(two, one)]);
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
      // Who was removed or demoted before their own request began is nobody there any more.
      expect([way, statuses[0]! < 300, [401, 403, 404, 409].includes(statuses[1] ?? 0)]).toEqual([way, true, true]);
      const { rows } = await core.sql.query(
        `select 1 from member join "user" on "user".id = user_id
         where org_id = $1 and member.role = 'owner' and deactivated_at is null`,
        [orgId],
      );
      expect([way, rows.length]).toEqual([way, 1]);
    }
  });

  test("is left when one is deactivated while the other leaves", async () => {
    const { slug, orgId } = await fresh();
    const [one, two] = [
      await join(core, "member", { [orgId]: "owner" }),
      await join(core, "member", { [orgId]: "owner" }),
    ];
    const json = { active: false };
    const answers = await Promise.all([
      core.call(`/api/v1/users/${one.id}`, { method: "PATCH", token: platformOwner.token, json }),
      leave(slug, two),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => status === 409)).toHaveLength(1);
  });
});
