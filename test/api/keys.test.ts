import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

let core: Core;
let owner: Person;
let alpha: string;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
  alpha = await makeOrg(core, owner.token, "alpha");
  await makeOrg(core, owner.token, "beta");
});
afterAll(() => core.stop());

const make = (token: string, json: object) => core.call("/api/v1/keys", { token, json });
const statusOfMe = async (token: string) => (await core.call("/api/v1/me", { token })).status;

describe("an API key", () => {
  test("is shown once and stored as a hash with a prefix to recognise it by", async () => {
    const made = await make(owner.token, { name: "deploys" });
    expect(made.status).toBe(201);
    const { key, id, prefix } = made.json;
    expect(key).toMatch(/^isola_[0-9a-f]{64}$/);
    expect(key.startsWith(prefix)).toBe(true);
    expect(await statusOfMe(key)).toBe(200);
    const { rows } = await core.sql.query("select * from api_key where id = $1", [id]);
    expect(JSON.stringify(rows)).not.toContain(key.slice(prefix.length));
    const listed = await core.call("/api/v1/keys?limit=100", { token: owner.token });
    expect(listed.text).not.toContain(key);
    expect(listed.json.items.find((item: { id: string }) => item.id === id)).toMatchObject({ name: "deploys", prefix });
  });

  test("answers 401 from the moment it is revoked", async () => {
    const { key, id } = (await make(owner.token, { name: "short" })).json;
    expect((await core.call(`/api/v1/keys/${id}`, { method: "DELETE", token: owner.token })).status).toBe(204);
    expect(await statusOfMe(key)).toBe(401);
    expect((await core.call(`/api/v1/keys/${id}`, { method: "DELETE", token: owner.token })).status).toBe(404);
  });

  test("ends when it expires", async () => {
    const { key, id, expiresAt } = (await make(owner.token, { name: "soon", expiresAt: Date.now() + 60_000 })).json;
    expect(expiresAt).toBeGreaterThan(Date.now());
    expect(await statusOfMe(key)).toBe(200);
    await core.sql.query("update api_key set expires_at = now() where id = $1", [id]);
    expect(await statusOfMe(key)).toBe(401);
  });

  test("cannot expire in the past, or at a time that is none", async () => {
    for (const expiresAt of [Date.now() - 1, 9e15]) {
      const refused = await make(owner.token, { name: "x", expiresAt });
      expect(refused.status).toBe(422);
      expect(refused.json.error.details.issues[0].field).toBe("expiresAt");
    }
  });

  test("says the same whether it is malformed, unknown, revoked or expired", async () => {
    const revoked = await giveKey(core, owner.id, { revokedAt: new Date() });
    const expired = await giveKey(core, owner.id, { expiresAt: new Date(Date.now() - 1_000) });
    const sent = ["Bearer x", "Basic eDp5", `Bearer isola_${"0".repeat(64)}`, `Bearer ${revoked}`, `Bearer ${expired}`];
    const answers = await Promise.all(
      sent.map((authorization) => core.call("/api/v1/me", { headers: { authorization } })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(new Set(answers.map(({ json }) => json.error.message)).size).toBe(1);
    expect(answers[0]?.json.error.message).toMatch(/Authorization: Bearer/);
    expect(answers[0]?.headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test("is not mistaken for another one that begins alike", async () => {
    const { key } = (await make(owner.token, { name: "twin" })).json;
    expect(await statusOfMe(key.slice(0, -1) + (key.endsWith("0") ? "1" : "0"))).toBe(401);
  });

  test("has its last use written down, and not again within a minute", async () => {
    const token = await giveKey(core, owner.id);
    const used = async (): Promise<Date | null> =>
      (await core.sql.query("select last_used_at from api_key where prefix = $1", [token.slice(0, 14)])).rows[0]
        .last_used_at;
    await core.call("/api/v1/me", { token });
    await expect.poll(used).not.toBeNull();
    const first = await used();
    await core.call("/api/v1/me", { token });
    await core.call("/api/v1/me", { token });
    expect(await used()).toEqual(first);
    await core.sql.query("update api_key set last_used_at = now() - interval '61 seconds'");
    await core.call("/api/v1/me", { token });
    await expect.poll(async () => Number(await used()) > Number(first)).toBe(true);
  });

  test("of another user is not there", async () => {
    const other = await join(core, "member");
    const { id } = (await make(owner.token, { name: "mine" })).json;
    expect((await core.call(`/api/v1/keys/${id}`, { method: "DELETE", token: other.token })).status).toBe(404);
    const listed = await core.call("/api/v1/keys", { token: other.token });
    expect(listed.json.items).toHaveLength(1);
  });

  test("is paged through without loss", async () => {
    const person = await join(core, "member");
    for (let count = 0; count < 4; count += 1) await giveKey(core, person.id);
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await core.call(`/api/v1/keys?limit=2${query}`, { token: person.token });
      seen.push(...page.json.items.map(({ id }: { id: string }) => id));
      cursor = page.json.cursor;
    }
    expect(new Set(seen).size).toBe(5);
    expect(seen).toHaveLength(5);
    expect((await core.call("/api/v1/keys?cursor=%FF", { token: person.token })).status).toBe(422);
  });

  test("comes in a bounded number", async () => {
    const person = await join(core, "member");
    await core.sql.query(
      `insert into api_key (id, user_id, prefix, hash, name, scopes)
       select 'key_' || n, $1, 'p', $1 || n, 'n', '["*"]' from generate_series(1, 99) n`,
      [person.id],
    );
    const refused = await make(person.token, { name: "one too many" });
    expect(refused.status).toBe(409);
    expect(refused.json.error.details).toEqual({ limit: 100, used: 100 });
  });
});

describe("a key that makes a key", () => {
  test("hands on no scope that it does not have", async () => {
    const token = await giveKey(core, owner.id, { scopes: ["read", "keys:manage"] });
    expect((await make(token, { name: "a", scopes: ["*"] })).status).toBe(403);
    expect((await make(token, { name: "a" })).status).toBe(403);
    expect((await make(token, { name: "a", scopes: ["read", "scripts:write"] })).status).toBe(403);
    const made = await make(token, { name: "a", scopes: ["scripts:read", "read"] });
    expect(made.status).toBe(201);
    expect((await make(made.json.key, { name: "b", scopes: ["read"] })).status).toBe(403);
  });

  test("stays within its org", async () => {
    const token = await giveKey(core, owner.id, { orgId: alpha });
    expect((await make(token, { name: "a", org: "beta" })).status).toBe(403);
    const made = await make(token, { name: "a" });
    expect(made.json).toMatchObject({ org: "alpha" });
    const seen = await core.call("/api/v1/keys?limit=100", { token: made.json.key });
    expect(new Set(seen.json.items.map(({ org }: { org: string }) => org))).toEqual(new Set(["alpha"]));
    const free = (await make(owner.token, { name: "free" })).json.id;
    expect((await core.call(`/api/v1/keys/${free}`, { method: "DELETE", token })).status).toBe(404);
  });

  test("makes none that outlives it", async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    const token = await giveKey(core, owner.id, { expiresAt });
    expect((await make(token, { name: "a" })).status).toBe(403);
    expect((await make(token, { name: "a", expiresAt: expiresAt.getTime() + 1 })).status).toBe(403);
    expect((await make(token, { name: "a", expiresAt: expiresAt.getTime() })).status).toBe(201);
  });

  test("binds to no org that its owner has no part in", async () => {
    const other = await join(core, "member");
    expect((await make(other.token, { name: "a", org: "alpha" })).status).toBe(404);
    expect((await make(other.token, { name: "a", org: "nowhere" })).status).toBe(404);
  });
});

describe("what a key may do", () => {
  test("is what both its scopes and its owner's role allow", async () => {
    const reader = await giveKey(core, owner.id, { scopes: ["read"] });
    expect((await core.call("/api/v1/orgs/alpha", { token: reader })).status).toBe(200);
    const refused = await core.call("/api/v1/orgs/alpha", { method: "PATCH", token: reader, json: { name: "x" } });
    expect(refused.status).toBe(403);
    expect(refused.json.error.message).toMatch(/--scope org:write/);
    const viewer = await join(core, "member", { [alpha]: "viewer" });
    const write = { method: "PATCH", token: viewer.token, json: { name: "x" } };
    expect((await core.call("/api/v1/orgs/alpha", write)).status).toBe(403);
    expect((await core.call("/api/v1/orgs", { token: viewer.token, json: { slug: "gamma" } })).status).toBe(403);
  });

  test("of one org leaves the others out of sight", async () => {
    const token = await giveKey(core, owner.id, { orgId: alpha });
    expect((await core.call("/api/v1/orgs", { token })).json.items).toHaveLength(1);
    expect((await core.call("/api/v1/orgs/beta", { token })).status).toBe(404);
    expect((await core.call("/api/v1/orgs", { token, json: { slug: "gamma" } })).status).toBe(403);
  });
});

describe("a key's own rate", () => {
  test("is given, changed and taken back, and goes with the key's name", async () => {
    const made = await make(owner.token, { name: "metered", requestsPerMinute: 120 });
    expect(made.json.requestsPerMinute).toBe(120);
    const patch = (json: object, token = owner.token) =>
      core.call(`/api/v1/keys/${made.json.id}`, { method: "PATCH", token, json });
    expect((await patch({ name: "renamed", requestsPerMinute: 60 })).json).toMatchObject({
      name: "renamed",
      requestsPerMinute: 60,
    });
    expect((await patch({ requestsPerMinute: null })).json).toMatchObject({ name: "renamed", requestsPerMinute: null });
    for (const json of [{}, { requestsPerMinute: 0 }, { requestsPerMinute: 1.5 }, { name: "" }]) {
      expect((await patch(json)).status).toBe(422);
    }
    const other = await join(core, "member");
    expect((await patch({ name: "stolen" }, other.token)).status).toBe(404);
    const bound = await giveKey(core, owner.id, { orgId: alpha });
    expect((await patch({ name: "stolen" }, bound)).status).toBe(404);
    await core.call(`/api/v1/keys/${made.json.id}`, { method: "DELETE", token: owner.token });
    expect((await patch({ name: "late" })).status).toBe(404);
  });

  test("is one that the key cannot exceed by making or changing keys", async () => {
    const slow = (await make(owner.token, { name: "slow", requestsPerMinute: 100 })).json;
    expect((await make(slow.key, { name: "x" })).status).toBe(403);
    expect((await make(slow.key, { name: "x", requestsPerMinute: 101 })).status).toBe(403);
    const made = await make(slow.key, { name: "x", requestsPerMinute: 100 });
    expect(made.status).toBe(201);
    for (const requestsPerMinute of [null, 101]) {
      const options = { method: "PATCH", token: slow.key as string, json: { requestsPerMinute } };
      for (const id of [slow.id, made.json.id]) {
        const refused = await core.call(`/api/v1/keys/${id}`, options);
        expect([refused.status, refused.json.error.message]).toEqual([403, expect.stringContaining("faster")]);
      }
    }
  });
});

describe("keys that are bound to an org", () => {
  const listed = async (token: string) => (await core.call("/api/v1/orgs/alpha/keys?limit=100", { token })).json.items;
  const revoke = (id: string, token: string, slug = "alpha") =>
    core.call(`/api/v1/orgs/${slug}/keys/${id}`, { method: "DELETE", token });

  test("are seen and revoked by the org's admins, whoever made them", async () => {
    const developer = await join(core, "member", { [alpha]: "developer" });
    const admin = await join(core, "member", { [alpha]: "admin" });
    const key = (await make(developer.token, { name: "ci", org: "alpha" })).json;
    const free = (await make(developer.token, { name: "free" })).json;
    const seen = await listed(admin.token);
    expect(seen).toContainEqual(
      expect.objectContaining({ id: key.id, name: "ci", org: "alpha", owner: { id: developer.id, name: "Somebody" } }),
    );
    expect(JSON.stringify(seen)).not.toContain(free.id);
    expect((await revoke(key.id, developer.token)).status).toBe(403);
    expect((await revoke(free.id, admin.token)).status).toBe(404);
    expect((await revoke(key.id, owner.token, "beta")).status).toBe(404);
    expect((await revoke(key.id, admin.token)).status).toBe(204);
    expect([await statusOfMe(key.key), await statusOfMe(free.key)]).toEqual([401, 200]);
    const { rows } = await core.sql.query(
      "select action from audit_log where target = $1 and org_id = $2 order by seq",
      [key.id, alpha],
    );
    expect(rows.map(({ action }) => action)).toEqual(["key.create", "key.revoke"]);
  });

  test("are as many as the org's quota says", async () => {
    const crowded = await makeOrg(core, owner.token, "crowded");
    await core.sql.query(`update org set quotas = '{"keys": 2}' where id = $1`, [crowded]);
    const statuses = await Promise.all([1, 2, 3].map(async () => make(owner.token, { name: "k", org: "crowded" })));
    expect(statuses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 201, 403]);
    const refused = await make(owner.token, { name: "k", org: "crowded" });
    expect(refused.json.error).toMatchObject({ code: "over_quota", details: { quota: "keys", limit: 2, used: 2 } });
    await core.sql.query(`update org set quotas = '{"members": 2}' where id = $1`, [crowded]);
    const invite = (email: string) =>
      core.call("/api/v1/orgs/crowded/members", { token: owner.token, json: { email, role: "viewer" } });
    expect((await invite("a@example.com")).status).toBe(201);
    expect((await invite("a@example.com")).status).toBe(201);
    const full = await invite("b@example.com");
    expect(full.json.error).toMatchObject({ code: "over_quota", details: { quota: "members", limit: 2, used: 2 } });
  });
});

test("a key that is revoked is refused from the moment the answer is there, while its requests run", async () => {
  const { key, id } = (await make(owner.token, { name: "busy" })).json;
  let revoked = false;
  const late: number[] = [];
  const caller = async () => {
    for (let asked = 0; asked < 30; asked += 1) {
      const began = revoked;
      const status = await statusOfMe(key);
      if (began) late.push(status);
    }
  };
  const callers = [caller(), caller(), caller()];
  await core.call(`/api/v1/keys/${id}`, { method: "DELETE", token: owner.token });
  revoked = true;
  await Promise.all(callers);
  expect(late.length).toBeGreaterThan(0);
  expect(new Set(late)).toEqual(new Set([401]));
});
