import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Core, startCore } from "./support/core.ts";
import { claim, join, makeOrg, type Person } from "./support/people.ts";

let core: Core;
let owner: Person;
let keys = 0;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
afterAll(() => core.stop());

const freshKey = (): string => `key-${(keys += 1)}`;
const send = (key: string, path: string, json: unknown, token = owner.token) =>
  core.call(`/api/v1${path}`, { token, headers: { "idempotency-key": key }, json });
const countOf = async (table: string): Promise<number> =>
  Number((await core.sql.query(`select count(*) from ${table}`)).rows[0].count);

describe("a mutation with an Idempotency-Key", () => {
  test("has the effect of one when it is repeated, and the first answer", async () => {
    const key = freshKey();
    const first = await send(key, "/orgs", { slug: "once" });
    const again = await send(key, "/orgs", { slug: "once" });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.text).toBe(first.text);
    expect(await countOf("org")).toBe(1);
  });

  test("repeats a refusal too", async () => {
    const key = freshKey();
    const first = await send(key, "/orgs", { slug: "once" });
    await core.call("/api/v1/orgs/once?confirm=once", { method: "DELETE", token: owner.token });
    const again = await send(key, "/orgs", { slug: "once" });
    expect([first.status, again.status]).toEqual([409, 409]);
    expect(again.json.error.message).toBe(first.json.error.message);
    expect((await send(freshKey(), "/orgs", { slug: "once" })).status).toBe(201);
  });

  test("repeats an answer without content", async () => {
    await makeOrg(core, owner.token, "gone");
    const headers = { "idempotency-key": freshKey() };
    const options = { method: "DELETE", token: owner.token, headers };
    expect((await core.call("/api/v1/orgs/gone?confirm=gone", options)).status).toBe(204);
    expect((await core.call("/api/v1/orgs/gone?confirm=gone", options)).status).toBe(404);
    const source = "export default () => 1";
    await makeOrg(core, owner.token, "stays");
    await core.call("/api/v1/orgs/stays/scripts", { token: owner.token, json: { name: "hi", source } });
    expect((await core.call("/api/v1/orgs/stays/scripts/hi", options)).status).toBe(422);
    const remove = { ...options, headers: { "idempotency-key": freshKey() } };
    expect((await core.call("/api/v1/orgs/stays/scripts/hi", remove)).status).toBe(204);
    expect((await core.call("/api/v1/orgs/stays/scripts/hi", remove)).status).toBe(204);
  });

  test("is refused when the key was used for another request", async () => {
    const key = freshKey();
    await send(key, "/orgs", { slug: "first" });
    const other = await send(key, "/orgs", { slug: "second" });
    expect(other.status).toBe(422);
    expect(other.json.error.details.issues[0].field).toBe("Idempotency-Key");
    expect((await core.call("/api/v1/orgs/second", { token: owner.token })).status).toBe(404);
  });

  test("is told apart by who sends it", async () => {
    const key = freshKey();
    const admin = await join(core, "admin");
    await send(key, "/orgs", { slug: "mine" });
    const theirs = await send(key, "/orgs", { slug: "mine" }, admin.token);
    expect(theirs.status).toBe(409);
  });

  test("happens once when ten are sent at once; the others are told to come again", async () => {
    const key = freshKey();
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(key, "/orgs", { slug: "rush" })));
    const made = answers.filter(({ status }) => status === 201);
    const busy = answers.filter(({ status }) => status === 409);
    expect(made.length).toBeGreaterThan(0);
    expect(made.length + busy.length).toBe(10);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    for (const { headers } of busy) expect(headers.get("retry-after")).toBe("1");
    expect((await send(key, "/orgs", { slug: "rush" })).text).toBe(made[0]?.text);
  });

  test("that was cut off can be sent again when its time is over", async () => {
    const key = freshKey();
    await send(key, "/orgs", { slug: "cut" });
    await core.call("/api/v1/orgs/cut?confirm=cut", { method: "DELETE", token: owner.token });
    await core.sql.query("update idempotency_key set status = null, body = null where key = $1", [key]);
    expect((await send(key, "/orgs", { slug: "cut" })).status).toBe(409);
    await core.sql.query("update idempotency_key set locked_until = now() where key = $1", [key]);
    expect((await send(key, "/orgs", { slug: "cut" })).status).toBe(201);
  });

  test("never has a secret kept for it", async () => {
    const key = freshKey();
    const made = await send(key, "/keys", { name: "secret" });
    const before = await countOf("api_key");
    const again = await send(key, "/keys", { name: "secret" });
    expect(again.status).toBe(409);
    expect(again.json.error.message).toMatch(/not kept/);
    expect(await countOf("api_key")).toBe(before);
    const { rows } = await core.sql.query("select body from idempotency_key where key = $1", [key]);
    expect(rows).toEqual([{ body: null }]);
    expect(made.json.key).toMatch(/^isola_/);
  });

  test("starts anew after a day", async () => {
    const key = freshKey();
    await send(key, "/keys", { name: "daily" });
    await core.sql.query("update idempotency_key set created_at = now() - interval '25 hours' where key = $1", [key]);
    expect((await send(key, "/keys", { name: "daily" })).status).toBe(201);
  });

  test.each(["a b", "ä", "x".repeat(201)])("is refused when the key is %j", async (key) => {
    const refused = await core.call("/api/v1/orgs", {
      token: owner.token,
      headers: { "idempotency-key": key },
      json: { slug: "never" },
    });
    expect(refused.status).toBe(422);
  });
});
