import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type Answer, type Core, startCore } from "./support/core.ts";
import { type NeonFake, startNeonFake } from "./support/neon-fake.ts";
import { claim, makeOrg, type Person } from "./support/people.ts";

let core: Core;
let owner: Person;
let neon: NeonFake;
beforeAll(async () => {
  neon = await startNeonFake();
  core = await startCore(neon.bindings);
  owner = await claim(core);
});
afterAll(async () => {
  await core.stop();
  await neon.close();
});

let orgs = 0;
/** An org that no test had before. */
let slug: string;
let orgId: string;
beforeEach(async () => {
  neon.reset();
  orgs += 1;
  slug = `shop-${orgs}`;
  orgId = await makeOrg(core, owner.token, slug);
});

/** What Neon has for this org. */
const branches = () => neon.branches.filter(({ name }) => name.endsWith(orgId));
const send = (method: string, path = "/database"): Promise<Answer> =>
  core.call(`/api/v1/orgs/${slug}${path}`, { method, token: owner.token });
const shown = async () => (await send("GET")).json.database;
/** What takes several calls to the provider takes its time on a busy machine. */
const eventually = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 20_000 });
const comesTo = (state: string) => eventually(async () => (await shown())?.state).toBe(state);
const destroy = () => send("DELETE", `/database?confirm=${slug}`);
const secret = async (): Promise<string | null> => {
  const source = "export default () => 1";
  const script = await core.call(`/api/v1/orgs/${slug}/scripts/reader`, {
    method: "PUT",
    token: owner.token,
    json: { source },
  });
  return (await core.door("state", "readSecrets", orgId, script.json.id, ["DATABASE_URL"])).value[0];
};
/** What somebody's work left behind is free to be gone on with. */
const letGo = () =>
  core.sql.query("update tenant_database set updated_at = to_timestamp(0) where org_id = $1", [orgId]);
const actions = async () => {
  const { rows } = await core.sql.query(
    "select action from audit_log where org_id = $1 and action like 'database.%' order by seq",
    [orgId],
  );
  return rows.map(({ action }) => action);
};

describe("a database of an org's own", () => {
  test("is made after the answer, and reached by a secret that stands nowhere else", async () => {
    expect((await send("GET")).json).toEqual({ database: null });
    const made = await send("POST");
    expect(made.status).toBe(202);
    expect(made.json.database).toMatchObject({
      driver: "neon",
      state: "creating",
      secret: "DATABASE_URL",
      error: null,
    });
    await comesTo("ready");
    const [branch, ...others] = branches();
    expect(others).toEqual([]);
    expect(branch?.name).toBe(`isola-platformoftests-${orgId}`);
    const uri = await secret();
    expect(uri).toBe(
      `postgresql://neondb_owner:${branch?.password}@${branch?.endpoint}.neon.example/neondb?sslmode=require`,
    );
    expect((await shown()).provider).toMatchObject({ branchId: branch?.id, database: "neondb", role: "neondb_owner" });
    const { rows } = await core.sql.query("select * from tenant_database, audit_log");
    expect(JSON.stringify(rows) + core.printed()).not.toContain(branch?.password);
    expect(await actions()).toEqual(["database.create", "database.ready"]);
  });

  test("has a password of its own, and not the one that its branch began with", async () => {
    await send("POST");
    await comesTo("ready");
    expect(branches()[0]?.password).not.toBe(neon.branches.find((branch) => branch.default)?.password);
    expect(await secret()).not.toContain("the-password-of-the-default-branch");
  });

  test("is one, however often it is asked for", async () => {
    const answers = await Promise.all([send("POST"), send("POST"), send("POST")]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    await comesTo("ready");
    expect((await send("POST")).json.database.state).toBe("ready");
    expect(branches()).toHaveLength(1);
    expect(neon.seen.filter((call) => call === "POST /branches/roles")).toHaveLength(1);
  });

  test("does not write over a secret that people have set", async () => {
    await core.call(`/api/v1/orgs/${slug}/secrets/DATABASE_URL`, {
      method: "PUT",
      token: owner.token,
      json: { value: "mine" },
    });
    const refused = await send("POST");
    expect([refused.status, refused.json.error.code]).toEqual([409, "conflict"]);
    expect(await secret()).toBe("mine");
    expect(neon.seen).toEqual([]);
  });
});

describe("what goes wrong", () => {
  const calls = [
    "GET /branches",
    "POST /branches",
    "GET /branches/endpoints",
    "GET /branches/databases",
    "POST /branches/roles",
    "GET /operations",
    "GET /connection_uri",
  ];
  test.each(calls)("where %s goes wrong once, the clock goes on, and there is one branch", async (call) => {
    // What only looks is asked again by the runtime itself where no answer comes, so that one has to be a bad one.
    neon.faults.push({ call, times: 1, ...(call.startsWith("GET") ? { status: 502 } : { loseAnswer: true }) });
    await send("POST");
    await eventually(async () => (await shown()).error).toMatch(/^Neon (?:could not be reached|answered 502)/);
    expect((await shown()).state).toBe("creating");
    await core.tick();
    await comesTo("ready");
    expect((await shown()).error).toBeNull();
    expect(branches()).toHaveLength(1);
    expect(await secret()).toContain(branches()[0]?.password);
  });

  test("invariant 1: what Neon has made is written down before anything is waited for", async () => {
    neon.readyMs = 60_000;
    await send("POST");
    await eventually(async () => (await shown()).provider.branchId).toBeDefined();
    expect((await shown()).provider.branchId).toBe(branches()[0]?.id);
    expect((await shown()).state).toBe("creating");
    // The process dies here; another one goes on with the same branch.
    neon.readyMs = 5;
    for (const branch of branches()) branch.current_state = "ready";
    await letGo();
    await core.tick();
    await comesTo("ready");
    expect(branches()).toHaveLength(1);
  });

  test("trouble at Neon is waited out, within a time", async () => {
    neon.faults.push({ call: "POST /branches", status: 503 });
    await send("POST");
    await eventually(async () => (await shown()).error).toMatch(/503/);
    await core.tick();
    expect((await shown()).state).toBe("creating");
    await core.sql.query("update tenant_database set created_at = now() - interval '1 hour' where org_id = $1", [
      orgId,
    ]);
    await core.tick();
    expect(await shown()).toMatchObject({ state: "failed", error: expect.stringMatching(/not there in time/) });
    neon.faults = [];
    await send("POST");
    await comesTo("ready");
    expect(await actions()).toEqual(["database.create", "database.fail", "database.create", "database.ready"]);
  });

  test("a refusal ends it, says why, and shows no key", async () => {
    neon.faults.push({ call: "POST /branches", status: 422, message: `branches limit exceeded for ${neon.key}` });
    await send("POST");
    await comesTo("failed");
    expect((await shown()).error).toMatch(/branches limit exceeded/);
    expect((await shown()).error).not.toContain(neon.key);
    expect((await destroy()).status).toBe(204);
    expect(await shown()).toBeNull();
  });

  test("a branch of that name that is not the org's is not touched", async () => {
    await send("POST");
    await comesTo("ready");
    const main = neon.branches.find((branch) => branch.default);
    await core.sql.query("update tenant_database set provider = $2 where org_id = $1", [orgId, { branchId: main?.id }]);
    expect((await destroy()).status).toBe(503);
    expect(neon.branches).toContain(main);
    expect((await shown()).error).toMatch(/not the org's own/);
  });
});

describe("destroying it", () => {
  test("takes branch, secret and row, and needs the org's name", async () => {
    await send("POST");
    await comesTo("ready");
    expect((await send("DELETE", "/database?confirm=another")).status).toBe(422);
    expect((await destroy()).status).toBe(204);
    expect(branches()).toEqual([]);
    expect(await secret()).toBeNull();
    expect(await shown()).toBeNull();
    expect((await destroy()).status).toBe(404);
    expect(await actions()).toEqual(["database.create", "database.ready", "database.delete", "database.destroyed"]);
  });

  test("invariant 15: is over only when Neon confirms it, and goes on by the clock", async () => {
    await send("POST");
    await comesTo("ready");
    neon.faults.push({ call: "DELETE /branches", status: 503 });
    const refused = await destroy();
    expect([refused.status, refused.json.error.code]).toEqual([503, "unavailable"]);
    expect(await secret()).not.toBeNull();
    await core.tick();
    expect((await shown()).state).toBe("destroying");
    expect((await send("POST")).status).toBe(409);
    neon.faults = [];
    await core.tick();
    expect(await shown()).toBeNull();
    expect(branches()).toEqual([]);
    expect(await secret()).toBeNull();
  });

  test("nothing counts as gone while Neon does not show the project", async () => {
    await send("POST");
    await comesTo("ready");
    const { project } = neon;
    neon.project = "another-project";
    expect((await destroy()).status).toBe(503);
    neon.project = project;
    await core.tick();
    expect(branches()).toEqual([]);
  });

  test("invariant 14: one that is still being made is stopped, and what was made goes", async () => {
    neon.readyMs = 60_000;
    await send("POST");
    await eventually(async () => (await shown()).provider.branchId).toBeDefined();
    expect((await destroy()).status).toBe(503);
    expect((await shown()).state).toBe("destroying");
    for (const branch of branches()) branch.current_state = "ready";
    await eventually(async () => {
      await core.tick();
      return shown();
    }).toBeNull();
    expect(branches()).toEqual([]);
    expect(await secret()).toBeNull();
  });
});

test("an org that is destroyed takes its database along", async () => {
  await send("POST");
  await comesTo("ready");
  neon.faults.push({ call: "DELETE /branches", times: 1, status: 503 });
  const del = () => core.call(`/api/v1/orgs/${slug}?confirm=${slug}`, { method: "DELETE", token: owner.token });
  await del();
  expect(branches()).toHaveLength(1);
  await eventually(async () => {
    await core.tick();
    return (await core.sql.query("select id from org where id = $1", [orgId])).rows;
  }).toEqual([]);
  expect(branches()).toEqual([]);
  expect((await core.sql.query("select 1 from tenant_database where org_id = $1", [orgId])).rows).toEqual([]);
});

test("they are off by default", async () => {
  const plain = await startCore();
  const person = await claim(plain);
  await makeOrg(plain, person.token, "plain");
  const refused = await plain.call("/api/v1/orgs/plain/database", { method: "POST", token: person.token });
  expect([refused.status, refused.json.error.code]).toEqual([422, "invalid"]);
  await plain.stop();
});
