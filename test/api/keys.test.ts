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
