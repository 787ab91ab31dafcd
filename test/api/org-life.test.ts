import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { SLUG_REDIRECTS_PER_ORG_MAX } from "../../contracts/limits.ts";
import { type Answer, type Core, ORIGIN, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person, signIn } from "./support/people.ts";

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
afterAll(() => core.stop());

const post = (slug: string, verb: string, token: string, json?: object): Promise<Answer> =>
  core.call(`/api/v1/orgs/${slug}/${verb}`, { method: "POST", token, ...(json === undefined ? {} : { json }) });
const read = (slug: string, token = owner.token) => core.call(`/api/v1/orgs/${slug}`, { token });
const projection = async (id: string) => (await core.door("state", "projection", id)).value;
const findOrg = async (slug: string) => (await core.door("directory", "findOrg", slug)).value;
const forgotten = async () => (await core.edge()).forgotten;
const entries = async (orgId: string, action: string) => {
  const query = "select actor_id, details from audit_log where org_id = $1 and action = $2 order by seq";
  return (await core.sql.query(query, [orgId, action])).rows;
};

/** An org of a test's own with people in it. */
let made = 0;
async function orgWithPeople() {
  const slug = `life-${(made += 1)}`;
  const id = await makeOrg(core, owner.token, slug);
  return { slug, id, admin: await join(core, "member", { [id]: "admin" }) };
}

describe("suspending an org", () => {
  test("is live at every edge when the call returns, says why, and is undone by resuming", async () => {
    const { slug, id, admin } = await orgWithPeople();
    const before = (await forgotten()).length;
    const suspended = await post(slug, "suspend", admin.token, { reason: "On holiday" });
    expect(suspended.json).toMatchObject({ state: "suspended", suspended: { by: "org", reason: "On holiday" } });
    expect((await projection(id)).state).toBe("suspended");
    expect((await forgotten()).slice(before)).toContain(slug);
    expect(await findOrg(slug)).toMatchObject({ state: "suspended" });
    expect((await read(slug, admin.token)).json.suspended).toEqual({ by: "org", reason: "On holiday" });

    const resumed = await post(slug, "resume", admin.token);
    expect(resumed.json).toMatchObject({ state: "running", suspended: null });
    expect((await projection(id)).state).toBe("running");
  });

  test("may be repeated, and is written down once with what was before and after", async () => {
    const { slug, id, admin } = await orgWithPeople();
    for (let times = 0; times < 2; times += 1) expect((await post(slug, "suspend", admin.token)).status).toBe(200);
    expect((await post(slug, "suspend", admin.token, { reason: "Now with a reason" })).status).toBe(200);
    for (let times = 0; times < 2; times += 1) expect((await post(slug, "resume", admin.token)).status).toBe(200);
    const [first, second, ...more] = await entries(id, "org.suspend");
    expect(more).toEqual([]);
    expect(first.details).toEqual({
      before: { state: "running" },
      after: { state: "suspended", by: "org", reason: null },
    });
    expect(second.details.after).toEqual({ state: "suspended", by: "org", reason: "Now with a reason" });
    expect(await entries(id, "org.resume")).toMatchObject([{ details: { after: { state: "running" } } }]);
  });

  test("by the platform is lifted by the platform alone", async () => {
    const { slug, admin } = await orgWithPeople();
    await post(slug, "suspend", admin.token, { reason: "Ours" });
    const platform = await join(core, "admin");
    const taken = await post(slug, "suspend", platform.token, { reason: "Unpaid" });
    expect(taken.json.suspended).toEqual({ by: "platform", reason: "Unpaid" });
    expect((await post(slug, "suspend", admin.token, { reason: "Ours again" })).json.suspended.by).toBe("platform");
    const refused = await post(slug, "resume", admin.token);
    expect(refused.status).toBe(403);
    expect(refused.json.error.message).toContain("Unpaid");
    expect((await read(slug)).json.state).toBe("suspended");
    expect((await post(slug, "resume", platform.token)).json.state).toBe("running");
  });

  test.each(["provisioning", "failed", "destroying"])("is refused while the org is %s", async (state) => {
    const { slug, id } = await orgWithPeople();
    await core.sql.query("update org set state = $2 where id = $1", [id, state]);
    for (const verb of ["suspend", "resume"]) {
      const refused = await post(slug, verb, owner.token);
      expect([refused.status, refused.json.error.details.state]).toEqual([409, state]);
    }
  });

  test("is not for developers, and nobody outside sees the org", async () => {
    const { slug, id } = await orgWithPeople();
    const developer = await join(core, "member", { [id]: "developer" });
    expect((await post(slug, "suspend", developer.token)).status).toBe(403);
    const stranger = await join(core, "member");
    for (const verb of ["suspend", "resume"]) expect((await post(slug, verb, stranger.token)).status).toBe(404);
  });

  test("lets its people read, deploy and change settings, and run nothing", async () => {
    const { slug, admin } = await orgWithPeople();
    const inOrg = (method: string, path: string, json?: object) =>
      core.call(`/api/v1/orgs/${slug}${path}`, { method, token: admin.token, ...(json === undefined ? {} : { json }) });
    await post(slug, "suspend", admin.token, { reason: "Quiet" });
    const source = "export default () => 1";
    expect((await inOrg("PUT", "/scripts/hello", { source })).status).toBe(200);
    expect((await inOrg("PATCH", "", { egress: { deny: ["*"] } })).status).toBe(200);
    expect((await inOrg("GET", "/executions")).status).toBe(200);
    const invoked = await inOrg("POST", "/scripts/hello/invoke", {});
    expect([invoked.status, invoked.json.error.details]).toEqual([409, { state: "suspended" }]);
    expect(invoked.json.error.message).toContain("Quiet");
    expect((await inOrg("DELETE", `?confirm=${slug}`)).status).toBe(403);
    expect(
      (await core.call(`/api/v1/orgs/${slug}?confirm=${slug}`, { method: "DELETE", token: owner.token })).status,
    ).toBe(204);
  });

  test("ends its people's sessions at its host (invariant 25)", async () => {
    const { slug } = await orgWithPeople();
    const cookie = await signIn(core);
    const opened = () =>
      core.call(`/api/v1/orgs/${slug}/open`, { headers: { origin: ORIGIN, cookie }, json: { to: "/" } });
    const token = new URL((await opened()).json.url).searchParams.get("token");
    const audience = `http://${slug}.localhost:8787`;
    const session = (await core.door("directory", "beginTenantSession", token, audience)).value;
    expect((await core.door("directory", "renewTenantSession", session.token, audience)).value).not.toBeNull();
    await post(slug, "suspend", owner.token);
    expect((await core.door("directory", "renewTenantSession", session.token, audience)).value).toBeNull();
    expect((await opened()).status).toBe(409);
  });

  test("that was cut off before its object heard of it is made up for by the clock", async () => {
    const { id, slug } = await orgWithPeople();
    await core.sql.query(
      `update org set state = 'suspended', suspended_by = 'org', opened_at = null, updated_at = now() - interval '1 minute'
       where id = $1`,
      [id],
    );
    expect((await projection(id)).state).toBe("running");
    expect(await core.tick()).toBe("ok");
    expect((await projection(id)).state).toBe("suspended");
    expect(await forgotten()).toContain(slug);
  });

  test("and resuming at once leave the edges with what the directory says", async () => {
    const { id, slug } = await orgWithPeople();
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(["suspend", "resume", "suspend", "resume"].map((verb) => post(slug, verb, owner.token)));
      expect((await projection(id)).state).toBe((await read(slug)).json.state);
    }
  });
});

describe("renaming an org", () => {
  const rename = (slug: string, to: string, token = owner.token) => post(slug, "rename", token, { slug: to });

  test("moves it at once; the old slug leads to the new one, for the edges and for who may see the org", async () => {
    const { slug, id, admin } = await orgWithPeople();
    const bound = await giveKey(core, owner.id, { orgId: id });
    const before = (await forgotten()).length;
    const renamed = await rename(slug, `${slug}-new`);
    expect(renamed.json).toMatchObject({ id, slug: `${slug}-new`, url: `http://${slug}-new.localhost:8787` });
    expect(await projection(id)).toMatchObject({ slug: `${slug}-new` });
    expect((await forgotten()).slice(before)).toEqual(expect.arrayContaining([slug, `${slug}-new`]));
    expect(await findOrg(slug)).toEqual({ orgId: id, slug: `${slug}-new`, state: "running" });

    const asked = await read(slug, admin.token);
    expect([asked.status, asked.json.error.details]).toEqual([404, { slug: `${slug}-new` }]);
    const stranger = await read(slug, (await join(core, "member")).token);
    expect([stranger.status, stranger.json.error.details]).toEqual([404, {}]);
    expect((await read(`${slug}-new`, bound)).status).toBe(200);
    expect(await entries(id, "org.slug")).toMatchObject([{ details: { before: slug, after: `${slug}-new` } }]);
  });

  test("is for owners", async () => {
    const { slug, admin } = await orgWithPeople();
    expect((await rename(slug, `${slug}-new`, admin.token)).status).toBe(403);
  });

  test("keeps the old slug from everybody else, and lets the org take it back", async () => {
    const [first, second] = [await orgWithPeople(), await orgWithPeople()];
    await rename(first.slug, `${first.slug}-new`);
    const create = () => core.call("/api/v1/orgs", { token: owner.token, json: { slug: first.slug } });
    expect((await create()).status).toBe(409);
    expect((await rename(second.slug, first.slug)).status).toBe(409);
    expect(await findOrg(second.slug)).toMatchObject({ slug: second.slug });
    expect((await rename(`${first.slug}-new`, first.slug)).json.slug).toBe(first.slug);
    expect(await findOrg(first.slug)).toMatchObject({ orgId: first.id, slug: first.slug });
    expect(await findOrg(`${first.slug}-new`)).toMatchObject({ orgId: first.id, slug: first.slug });
  });

  test("is refused for a slug that is taken, reserved or none", async () => {
    const [first, second] = [await orgWithPeople(), await orgWithPeople()];
    expect((await rename(first.slug, second.slug)).status).toBe(409);
    for (const slug of ["www", "-a", "A"]) expect((await rename(first.slug, slug)).status).toBe(422);
    expect((await rename(first.slug, first.slug)).status).toBe(200);
    expect((await read(first.slug)).json.slug).toBe(first.slug);
  });

  test("flattens chains: each slug it had leads to the one it has", async () => {
    const { slug, id } = await orgWithPeople();
    await rename(slug, `${slug}-b`);
    await rename(`${slug}-b`, `${slug}-c`);
    for (const old of [slug, `${slug}-b`]) expect(await findOrg(old)).toMatchObject({ orgId: id, slug: `${slug}-c` });
  });

  test("frees the old slug when its time is over", async () => {
    const { slug, id } = await orgWithPeople();
    await rename(slug, `${slug}-new`);
    await core.sql.query("update slug_redirect set expires_at = now() - interval '1 second' where org_id = $1", [id]);
    expect(await findOrg(slug)).toBeNull();
    expect(await core.tick()).toBe("ok");
    expect((await core.sql.query("select 1 from slug_redirect where org_id = $1", [id])).rows).toEqual([]);
    expect(await makeOrg(core, owner.token, slug)).not.toBe(id);
  });

  test("of two that want one slug at once, or the slug that one gives up, leaves one owner of each", async () => {
    const [first, second] = [await orgWithPeople(), await orgWithPeople()];
    const wanted = `${first.slug}-wanted`;
    const statuses = (await Promise.all([rename(first.slug, wanted), rename(second.slug, wanted)])).map(
      ({ status }) => status,
    );
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409]);
    const [third, fourth] = [await orgWithPeople(), await orgWithPeople()];
    await Promise.all([
      rename(third.slug, `${third.slug}-new`),
      rename(fourth.slug, third.slug),
      core.call("/api/v1/orgs", { token: owner.token, json: { slug: third.slug } }),
    ]);
    expect(await findOrg(third.slug)).toMatchObject({ orgId: third.id });
  });

  test("is bounded, for each slug that leads here is one that nobody else can have", async () => {
    const { slug } = await orgWithPeople();
    let now = slug;
    for (let times = 1; times <= SLUG_REDIRECTS_PER_ORG_MAX; times += 1) {
      expect((await rename(now, `${slug}-${times}`)).status).toBe(200);
      now = `${slug}-${times}`;
    }
    expect((await rename(now, `${slug}-more`)).status).toBe(409);
    expect((await rename(now, slug)).status).toBe(200);
  });

  test("of a suspended org leaves it suspended", async () => {
    const { slug, id } = await orgWithPeople();
    await post(slug, "suspend", owner.token);
    expect((await rename(slug, `${slug}-new`)).json.state).toBe("suspended");
    expect(await projection(id)).toMatchObject({ slug: `${slug}-new`, state: "suspended" });
  });
});

describe("an org that waits for its first machine, or got none", () => {
  test.each([
    ["provisioning", 503],
    ["failed", 409],
  ])("and is %s runs nothing, and says so with %i", async (state, status) => {
    const { slug, id } = await orgWithPeople();
    await core.sql.query("update org set state = $2, opened_at = null where id = $1", [id, state]);
    const refused = await core.call(`/api/v1/orgs/${slug}/scripts/hello/invoke`, { token: owner.token, json: {} });
    expect([refused.status, refused.json.error.details.state]).toEqual([status, state]);
    expect((await core.call(`/api/v1/orgs/${slug}/scripts`, { token: owner.token })).status).toBe(200);
    expect((await projection(id)).state).toBe(state);
  });
});
