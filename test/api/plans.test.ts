import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { QUOTA_NAMES } from "../../contracts/plans.ts";
import { hourStart, NO_USAGE } from "../../contracts/usage.ts";
import { type Answer, type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
afterAll(() => core.stop());

const call = (method: string, path: string, json?: unknown, token = owner.token) =>
  core.call(`/api/v1${path}`, { method, token, ...(json === undefined ? {} : { json }) });
const putPlan = (name: string, quotas: object, title = name) => call("PUT", `/plans/${name}`, { title, quotas });
const quotasInForce = async (orgId: string) => (await core.door("state", "findSettings", orgId)).value.quotas;
const detail = async (slug: string, token = owner.token) => (await call("GET", `/orgs/${slug}`, undefined, token)).json;

describe("plans", () => {
  test("are made, changed, listed and removed by those who may, and that is written down", async () => {
    const made = await putPlan("small", { scripts: 3 }, "Small");
    expect(made.status).toBe(200);
    expect(made.json).toMatchObject({ name: "small", title: "Small", quotas: { scripts: 3 } });
    expect((await putPlan("small", { scripts: 4, members: 2 }, "Smaller")).json.quotas).toEqual({
      scripts: 4,
      members: 2,
    });
    const listed = (await call("GET", "/plans")).json.items;
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(["default", "small"]);
    expect((await call("DELETE", "/plans/small")).status).toBe(204);
    expect((await call("DELETE", "/plans/small")).status).toBe(404);
    const entries = (await call("GET", "/audit?target=small")).json.items;
    expect(entries).toMatchObject([
      { action: "plan.delete", details: { before: { title: "Smaller" } } },
      {
        action: "plan.change",
        details: { before: { title: "Small", quotas: { scripts: 3 } }, after: { title: "Smaller" } },
      },
      { action: "plan.create", details: { before: null, after: { title: "Small", quotas: { scripts: 3 } } } },
    ]);
  });

  test("are seen by everybody and changed by the platform's admins alone", async () => {
    const { token } = await join(core, "member");
    expect((await call("GET", "/plans", undefined, token)).status).toBe(200);
    expect((await call("PUT", "/plans/mine", { title: "Mine", quotas: {} }, token)).status).toBe(403);
    expect((await call("DELETE", "/plans/default", undefined, token)).status).toBe(403);
  });

  test("leave one that is always there, and any that an org has", async () => {
    expect((await call("DELETE", "/plans/default")).status).toBe(409);
    await putPlan("held", {});
    await call("POST", "/orgs", { slug: "holder", plan: "held" });
    const refused = await call("DELETE", "/plans/held");
    expect([refused.status, refused.json.error.details]).toEqual([409, { plan: "held", orgs: 1 }]);
    await call("PATCH", "/orgs/holder", { plan: "default" });
    expect((await call("DELETE", "/plans/held")).status).toBe(204);
  });

  test.each([
    ["Big", { title: "T", quotas: {} }],
    ["-a", { title: "T", quotas: {} }],
    ["ok", { title: "", quotas: {} }],
    ["ok", { title: "T", quotas: { scripts: -1 } }],
    ["ok", { title: "T", quotas: { scripts: 1.5 } }],
    ["ok", { title: "T", quotas: { scripts: null } }],
    ["ok", { title: "T", quotas: { cakes: 1 } }],
    ["ok", { title: "T", quotas: { requestsPerSecond: 0 } }],
    ["ok", { title: "T" }],
  ])("cannot be %s with %j", async (name, json) => {
    expect((await call("PUT", `/plans/${name}`, json)).status).toBe(422);
  });
});

describe("an org", () => {
  test("has the default plan, which bounds nothing, and its object need not be told so", async () => {
    const id = await makeOrg(core, owner.token, "plain");
    expect(await detail("plain")).toMatchObject({ plan: "default", quotas: {}, ownQuotas: {} });
    const { rows } = await core.sql.query("select quotas_revision, quotas_published from org where id = $1", [id]);
    expect(rows).toEqual([{ quotas_revision: 0, quotas_published: 0 }]);
  });

  test("is made with a plan whose quotas hold from its first moment", async () => {
    await putPlan("tight", { scripts: 1, routes: 2 });
    const made = await call("POST", "/orgs", { slug: "tight-org", plan: "tight" });
    expect(made.status).toBe(201);
    expect(await quotasInForce(made.json.id)).toEqual({ scripts: 1, routes: 2 });
    const script = (name: string) =>
      call("POST", "/orgs/tight-org/scripts", { name, source: "export default () => 1" });
    expect((await script("one")).status).toBe(201);
    const refused = await script("two");
    expect([refused.status, refused.json.error.code]).toEqual([403, "over_quota"]);
    expect(refused.json.error.details).toEqual({ quota: "scripts", limit: 1, used: 1 });
  });

  test("gets another plan, or quotas of its own, which hold when the answer comes", async () => {
    const id = await makeOrg(core, owner.token, "moved");
    await putPlan("wide", { scripts: 100, routes: 50 });
    const moved = await call("PATCH", "/orgs/moved", { plan: "wide", quotas: { scripts: null, keys: 3 } });
    expect(moved.json).toMatchObject({
      plan: "wide",
      quotas: { routes: 50, keys: 3 },
      ownQuotas: { scripts: null, keys: 3 },
    });
    expect(await quotasInForce(id)).toEqual({ routes: 50, keys: 3 });
    expect((await core.edge()).forgotten).toContain("moved");
    expect((await call("PATCH", "/orgs/moved", { quotas: {} })).json).toMatchObject({
      quotas: { scripts: 100, routes: 50 },
      ownQuotas: {},
    });
    expect(await quotasInForce(id)).toEqual({ scripts: 100, routes: 50 });
    const [entry] = (await call("GET", "/orgs/moved/audit?action=org.quotas")).json.items;
    expect(entry.details).toEqual({
      before: { plan: "wide", quotas: { scripts: null, keys: 3 } },
      after: { plan: "wide", quotas: {} },
    });
  });

  test("is not given what there is not, nor by those who may not", async () => {
    const id = await makeOrg(core, owner.token, "wishful");
    const { token } = await join(core, "member", { [id]: "owner" });
    for (const json of [{ plan: "wide" }, { quotas: { scripts: 1 } }, { name: "New", quotas: {} }]) {
      const refused = await call("PATCH", "/orgs/wishful", json, token);
      expect([refused.status, refused.json.error.details]).toEqual([403, { capability: "orgs:limit" }]);
    }
    const { token: partner } = await join(core, "partner");
    expect((await call("POST", "/orgs", { slug: "greedy", plan: "wide" }, partner)).status).toBe(403);
    expect((await call("POST", "/orgs", { slug: "greedy", plan: "default" }, partner)).status).toBe(201);
    for (const [method, path] of [
      ["PATCH", "/orgs/wishful"],
      ["POST", "/orgs"],
    ] as const) {
      const refused = await call(method, path, { slug: "nowhere", plan: "none-such" });
      expect([refused.status, refused.json.error.details.issues[0].field]).toEqual([422, "plan"]);
    }
    expect((await call("PATCH", "/orgs/wishful", { quotas: { cakes: 1 } })).status).toBe(422);
    expect(await detail("wishful")).toMatchObject({ name: "wishful", plan: "default" });
  });
});

describe("a quota of what the control plane makes", () => {
  const made = (answers: Answer[]) => answers.filter(({ status }) => status === 201).length;

  test("holds for keys that are made at once, and no longer where one is revoked", async () => {
    await putPlan("few-keys", { keys: 2 });
    await call("POST", "/orgs", { slug: "few-keys", plan: "few-keys" });
    const makeKey = () => call("POST", "/keys", { name: "k", org: "few-keys" });
    const answers = await Promise.all(Array.from({ length: 6 }, makeKey));
    expect(made(answers)).toBe(2);
    const refused = answers.find(({ status }) => status === 403);
    expect(refused?.json.error).toMatchObject({ code: "over_quota", details: { quota: "keys", limit: 2, used: 2 } });
    expect(refused?.json.error.message).toMatch(/few-keys has 2 of 2 API keys/);
    const key = answers.find(({ status }) => status === 201)?.json.id;
    expect((await call("DELETE", `/keys/${key}`)).status).toBe(204);
    expect((await makeKey()).status).toBe(201);
    expect((await call("POST", "/keys", { name: "of no org" })).status).toBe(201);
  });

  test("counts those who are invited as members, and lets raise what it holds", async () => {
    await putPlan("few-people", { members: 3 });
    await call("POST", "/orgs", { slug: "few-people", plan: "few-people" });
    const inviteTo = (name: string) =>
      call("POST", "/orgs/few-people/members", { email: `${name}@example.com`, role: "viewer" });
    const answers = await Promise.all(["a", "b", "c", "d"].map(inviteTo));
    expect(made(answers)).toBe(2);
    const refused = answers.find(({ status }) => status === 403);
    expect(refused?.json.error.details).toEqual({ quota: "members", limit: 3, used: 3 });
    await call("PATCH", "/orgs/few-people", { quotas: { members: 4 } });
    expect((await inviteTo("e")).status).toBe(201);
    expect((await inviteTo("f")).status).toBe(403);
  });
});

describe("a plan that changes", () => {
  test("changes what all its orgs may have, and no others", async () => {
    await putPlan("shared", { scripts: 5 });
    const ids: string[] = [];
    for (const slug of ["share-a", "share-b", "share-c"]) {
      ids.push((await call("POST", "/orgs", { slug, plan: "shared" })).json.id);
    }
    await call("PATCH", "/orgs/share-c", { quotas: { scripts: 50 } });
    const other = await makeOrg(core, owner.token, "share-not");
    await putPlan("shared", { scripts: 7, members: 9 });
    expect(await Promise.all([...ids, other].map(quotasInForce))).toEqual([
      { scripts: 7, members: 9 },
      { scripts: 7, members: 9 },
      { scripts: 50, members: 9 },
      {},
    ]);
    const marks = "select count(*)::int as due from org where quotas_published < quotas_revision";
    await expect.poll(async () => (await core.sql.query(marks)).rows).toEqual([{ due: 0 }]);
  });

  test("is finished by the clock where it was cut off, also for an org that was never opened", async () => {
    await putPlan("cut", { scripts: 5 });
    const { id } = (await call("POST", "/orgs", { slug: "cut-a", plan: "cut" })).json;
    const unopened = newId("org");
    await core.sql.query(
      `insert into org (id, slug, name, driver, state, plan, quotas_revision)
       values ($1, 'cut-b', 'Cut', 'isolate', 'running', 'cut', 1)`,
      [unopened],
    );
    // As a process that died after the transaction of the change leaves it.
    await core.sql.query("update plan set quotas = '{\"scripts\": 6}' where name = 'cut'");
    await core.sql.query("update org set quotas_revision = quotas_revision + 1 where plan = 'cut'");
    expect(await quotasInForce(id)).toEqual({ scripts: 5 });
    expect(await core.tick()).toBe("ok");
    expect(await Promise.all([id, unopened].map(quotasInForce))).toEqual([{ scripts: 6 }, { scripts: 6 }]);
    const { rows } = await core.sql.query(
      "select 1 from org where plan = 'cut' and quotas_published < quotas_revision",
    );
    expect(rows).toEqual([]);
  });

  test("does not keep others waiting for an org that is gone", async () => {
    await putPlan("gone", { scripts: 5 });
    const ids: string[] = [];
    for (const slug of ["gone-a", "gone-b"]) {
      ids.push((await call("POST", "/orgs", { slug, plan: "gone" })).json.id);
    }
    await core.door("state", "destroyOrg", ids[0] ?? "");
    await putPlan("gone", { scripts: 6 });
    expect(await quotasInForce(ids[1] ?? "")).toEqual({ scripts: 6 });
  });
});

describe("what an org has of what it may have", () => {
  test("is told for everything that is bounded", async () => {
    await putPlan("told", { scripts: 5, members: 4, keys: 3, requestsPerSecond: 10 });
    const { id } = (await call("POST", "/orgs", { slug: "told", plan: "told" })).json;
    await call("POST", "/orgs/told/scripts", { name: "one", source: "export default () => 1" });
    await call("POST", "/orgs/told/routes", { script: "one", path: "/" });
    await call("PUT", "/orgs/told/kv/c/a", { value: 1 });
    await call("PUT", "/orgs/told/secrets/S", { value: "x" });
    await giveKey(core, owner.id, { orgId: id });
    await giveKey(core, owner.id, { orgId: id, revokedAt: new Date() });
    await giveKey(core, owner.id, { orgId: id, expiresAt: new Date(1) });
    await invite(id, {});
    await invite(id, { revoked: true });
    const { token } = await join(core, "member", { [id]: "viewer" });
    const answer = (await call("GET", "/orgs/told/quotas", undefined, token)).json;
    expect(answer.plan).toBe("told");
    const byName = Object.fromEntries(
      answer.quotas.map(({ name, ...rest }: { name: string; limit: number; used: number }) => [name, rest]),
    );
    expect(Object.keys(byName).sort()).toEqual([...QUOTA_NAMES].sort());
    expect(byName).toMatchObject({
      members: { limit: 4, used: 3 },
      keys: { limit: 3, used: 1 },
      scripts: { limit: 5, used: 1 },
      routes: { limit: null, used: 1 },
      triggers: { limit: null, used: 0 },
      collections: { limit: null, used: 1 },
      secrets: { limit: null, used: 1 },
      requestsPerSecond: { limit: 10, used: null },
      requestsPerMonth: { limit: null, used: 0 },
      executionsPerMonth: { limit: null, used: 0 },
    });
  });

  test("is not told to strangers", async () => {
    const { token } = await join(core, "member");
    expect((await call("GET", "/orgs/told/quotas", undefined, token)).status).toBe(404);
  });
});

async function invite(orgId: string, { revoked = false }): Promise<void> {
  await core.sql.query(
    `insert into invitation (id, email, org_id, org_role, token_hash, expires_at, revoked_at)
     values ($1, 'new@example.com', $2, 'viewer', $1, now() + interval '1 day', case when $3 then now() end)`,
    [newId("invitation"), orgId, revoked],
  );
}

describe("owners of an org", () => {
  const letters = async () =>
    (
      await core.sql.query<{ recipient: string; subject: string; text: string }>(
        "select recipient, subject, text from mail where subject like '%what its plan allows' order by created_at",
      )
    ).rows;
  const warned = async (slug: string) => {
    await core.sql.query("update org set quotas_looked_at = null where slug = $1", [slug]);
    expect(await core.tick()).toBe("ok");
    return letters();
  };
  let sequence = 0;
  const use = async (orgId: string, requests: number) => {
    const hours = [{ hourAt: hourStart(Date.now()), counts: { ...NO_USAGE, requests } }];
    const batch = { orgId, source: "warned", sequence: (sequence += 1), hours };
    await core.door("state", "appendLog", [], [batch]);
  };

  test("are warned once a month when most of a quota is used, and once when all of it is", async () => {
    const id = await makeOrg(core, owner.token, "nearly");
    await join(core, "member", { [id]: "developer" });
    await call("PATCH", "/orgs/nearly", { quotas: { requestsPerMonth: 1_000, executionsPerMonth: 0 } });
    await use(id, 799);
    expect(await warned("nearly")).toEqual([]);
    await use(id, 21);
    const [first, ...others] = await warned("nearly");
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      recipient: "owner@example.com",
      subject: "nearly comes near to what its plan allows",
      text: expect.stringContaining("820 of 1,000 requests of this month (82 %)"),
    });
    expect(await warned("nearly")).toHaveLength(1);
    await use(id, 180);
    const [, second] = await warned("nearly");
    expect(second).toMatchObject({
      subject: "nearly has used up what its plan allows",
      text: expect.stringMatching(/requests are\s+refused/),
    });
    expect(await warned("nearly")).toHaveLength(2);
    const entries = (await call("GET", "/orgs/nearly/audit?action=quota.")).json.items;
    expect(entries).toMatchObject([
      { action: "quota.warning", details: { requestsPerMonth: { limit: 1_000, used: 1_000 } } },
      { action: "quota.warning", details: { requestsPerMonth: { limit: 1_000, used: 820 } } },
    ]);
  });

  test("hear one word where all is used at once, and none where nothing is bounded", async () => {
    const id = await makeOrg(core, owner.token, "at-once");
    const before = (await letters()).length;
    await use(id, 5_000);
    expect(await warned("at-once")).toHaveLength(before);
    await call("PATCH", "/orgs/at-once", { quotas: { requestsPerMonth: 1_000 } });
    const after = await warned("at-once");
    expect(after).toHaveLength(before + 1);
    expect(after.at(-1)?.subject).toBe("at-once has used up what its plan allows");
    expect(await warned("at-once")).toHaveLength(before + 1);
  });
});
