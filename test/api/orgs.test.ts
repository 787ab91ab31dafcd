import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
afterAll(() => core.stop());

const create = (json: object, token = owner.token) => core.call("/api/v1/orgs", { token, json });
const read = (slug: string) => core.call(`/api/v1/orgs/${slug}`, { token: owner.token });
const destroy = (slug: string, confirm = slug) =>
  core.call(`/api/v1/orgs/${slug}?confirm=${confirm}`, { method: "DELETE", token: owner.token });

describe("a new org", () => {
  test("is there at once: for its maker, for the directory, and with a projection for the edges", async () => {
    const made = await create({ slug: "hello", name: "Hello" });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      slug: "hello",
      name: "Hello",
      driver: "isolate",
      state: "running",
      url: "http://hello.localhost:8787",
      role: "owner",
    });
    expect((await read("hello")).json).toMatchObject(made.json);
    const { id } = made.json;
    const found = await core.door("directory", "findOrg", "hello");
    expect(found.value).toEqual({ orgId: id, slug: "hello", state: "running" });
    expect((await core.door("state", "projection", id)).value).toMatchObject({ slug: "hello", state: "running" });
    expect((await core.edge()).forgotten).toContain("hello");
  });

  test("does not get a slug that is taken, and hears which", async () => {
    const refused = await create({ slug: "hello" });
    expect(refused.status).toBe(409);
    expect(refused.json.error.details).toEqual({ slug: "hello" });
    expect(refused.json.error.message).toMatch(/hello is taken/);
  });

  test("is one of ten that want the slug at once", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create({ slug: "contested" })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 409),
    ]);
  });

  test.each(["a", "-ab", "ab-", "Ab", "a_b", "www", "app", "xn--ab", "v1--ab", "ä".repeat(3), "a".repeat(41), "a.b"])(
    "cannot be called %s",
    async (slug) => {
      const refused = await create({ slug });
      expect(refused.status).toBe(422);
      expect(refused.json.error.details.issues[0].field).toBe("slug");
    },
  );

  test("takes no name that cannot be stored", async () => {
    expect((await create({ slug: "nul", name: "a\u0000b" })).status).toBe(422);
    expect((await read("nul")).status).toBe(404);
  });

  test("is written down with who made it and by which request", async () => {
    const made = await create({ slug: "audited" });
    const { rows } = await core.sql.query("select * from audit_log where org_id = $1", [made.json.id]);
    expect(rows).toMatchObject([
      { action: "org.create", target: "audited", actor_type: "key", request_id: made.headers.get("x-request-id") },
    ]);
  });

  test("whose creation was cut off is opened by whoever asks first", async () => {
    for (const [slug, ask] of [
      ["cut-api", () => core.call("/api/v1/orgs/cut-api/scripts", { token: owner.token })],
      ["cut-host", () => core.door("directory", "findOrg", "cut-host")],
    ] as const) {
      const id = newId("org");
      await core.sql.query(
        "insert into org (id, slug, name, driver, state, created_by) values ($1, $2, 'Cut', 'isolate', 'running', $3)",
        [id, slug, owner.id],
      );
      expect((await core.door("state", "projection", id)).value).toBeNull();
      const answer = await ask();
      expect(answer.status ?? 200).toBe(200);
      expect((await core.door("state", "projection", id)).value).toMatchObject({ slug });
      const opened = () => core.sql.query("select opened_at from org where id = $1", [id]);
      await expect.poll(async () => (await opened()).rows[0].opened_at).not.toBeNull();
    }
  });
});

describe("orgs", () => {
  test("are listed by slug, page by page, to those who have a part in them", async () => {
    const ids = [await makeOrg(core, owner.token, "list-a"), await makeOrg(core, owner.token, "list-b")];
    const { token } = await join(core, "member", { [ids[0] ?? ""]: "viewer", [ids[1] ?? ""]: "admin" });
    const first = await core.call("/api/v1/orgs?limit=1", { token });
    expect(first.json.items).toMatchObject([{ slug: "list-a", role: "viewer" }]);
    const second = await core.call(`/api/v1/orgs?limit=1&cursor=${first.json.cursor}`, { token });
    expect(second.json).toMatchObject({ items: [{ slug: "list-b", role: "admin" }], cursor: null });
  });

  test("are all seen by a platform admin, who has no role in them", async () => {
    const { token } = await join(core, "admin");
    const listed = await core.call("/api/v1/orgs?limit=100", { token });
    expect(listed.json.items).toContainEqual(expect.objectContaining({ slug: "list-a", role: null }));
  });

  test("can be renamed by those who may", async () => {
    const id = await makeOrg(core, owner.token, "named");
    const { token } = await join(core, "member", { [id]: "admin" });
    const changed = await core.call("/api/v1/orgs/named", { method: "PATCH", token, json: { name: "New name" } });
    expect(changed.json).toMatchObject({ name: "New name", role: "admin" });
    expect((await read("named")).json.name).toBe("New name");
  });
});

describe("destroying an org", () => {
  test("takes the slug again", async () => {
    await makeOrg(core, owner.token, "kept");
    for (const confirm of ["", "hello", "KEPT"]) {
      const refused = await destroy("kept", confirm);
      expect(refused.status).toBe(422);
      expect(refused.json.error.details.issues[0].field).toBe("confirm");
    }
    expect((await core.call("/api/v1/orgs/kept", { method: "DELETE", token: owner.token })).status).toBe(422);
    expect((await read("kept")).status).toBe(200);
  });

  test("removes everything that belongs to it and leaves a note in the audit log", async () => {
    const id = await makeOrg(core, owner.token, "doomed");
    const key = await giveKey(core, owner.id, { orgId: id });
    const member = await join(core, "member", { [id]: "developer" });
    const source = "export default () => 'hello'";
    await core.call("/api/v1/orgs/doomed/scripts", { token: owner.token, json: { name: "hi", source } });
    expect((await destroy("doomed")).status).toBe(204);

    expect((await read("doomed")).status).toBe(404);
    expect((await core.call("/api/v1/me", { token: key })).status).toBe(401);
    expect((await core.call("/api/v1/orgs", { token: member.token })).json.items).toEqual([]);
    expect((await core.door("directory", "findOrg", "doomed")).value).toBeNull();
    expect((await core.door("state", "projection", id)).value).toBeNull();
    expect((await core.edge()).forgotten.at(-1)).toBe("doomed");
    for (const table of ["member", "api_key"]) {
      expect((await core.sql.query(`select 1 from ${table} where org_id = $1`, [id])).rows).toEqual([]);
    }
    const { rows } = await core.sql.query("select action from audit_log where org_id = $1 order by at", [id]);
    expect(rows.map(({ action }) => action)).toEqual(["org.create", "script.save", "org.delete", "org.destroyed"]);
  });

  test("frees the slug for another org, which has nothing of the first", async () => {
    const first = await makeOrg(core, owner.token, "reused");
    const source = "export default () => 'old'";
    await core.call("/api/v1/orgs/reused/scripts", { token: owner.token, json: { name: "old", source } });
    await destroy("reused");
    const second = await makeOrg(core, owner.token, "reused");
    expect(second).not.toBe(first);
    expect((await core.call("/api/v1/orgs/reused/scripts", { token: owner.token })).json.items).toEqual([]);
    expect((await core.door("directory", "findOrg", "reused")).value).toMatchObject({ orgId: second });
  });

  test("that was cut off is shown, blocks changes, and is finished by the clock", async () => {
    const id = await makeOrg(core, owner.token, "halfway");
    await core.sql.query("update org set state = 'destroying' where id = $1", [id]);
    expect((await read("halfway")).json.state).toBe("destroying");
    const json = { name: "x", source: "export default () => 1" };
    expect((await core.call("/api/v1/orgs/halfway/scripts", { token: owner.token, json })).status).toBe(409);
    expect(await core.tick()).toBe("ok");
    expect((await read("halfway")).status).toBe(404);
    expect((await core.door("state", "projection", id)).value).toBeNull();
  });

  test("works for one that was never opened, and twice over", async () => {
    const id = newId("org");
    await core.sql.query(
      "insert into org (id, slug, name, driver, state, created_by) values ($1, 'unopened', 'U', 'isolate', 'running', $2)",
      [id, owner.id],
    );
    expect((await destroy("unopened")).status).toBe(204);
    expect((await destroy("unopened")).status).toBe(404);
  });

  test("and changing one do not wait for an edge that hangs", async () => {
    await makeOrg(core, owner.token, "quick");
    await core.edge("hangs");
    const began = performance.now();
    expect((await destroy("quick")).status).toBe(204);
    expect(performance.now() - began).toBeLessThan(2_000);
    await core.edge("answers");
  });
});

describe("the clock", () => {
  test("removes what has expired", async () => {
    await core.sql.query(
      `insert into idempotency_key (principal_id, key, request_hash, locked_until, created_at)
       values ('usr_x', 'old', 'h', now(), now() - interval '25 hours'), ('usr_x', 'new', 'h', now(), now())`,
    );
    expect(await core.tick()).toBe("ok");
    const { rows } = await core.sql.query("select key from idempotency_key where principal_id = 'usr_x'");
    expect(rows).toEqual([{ key: "new" }]);
  });
});
