import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Core, SETUP_TOKEN, startCore } from "./support/core.ts";

const PASSWORD = "a long enough password";

let core: Core;
beforeAll(async () => {
  core = await startCore();
});
afterAll(() => core.stop());

const claim = (email: string, token = SETUP_TOKEN) =>
  core.call("/api/v1/setup", { json: { token, email, password: PASSWORD } });
const claimed = async () => (await core.call("/api/v1/setup")).json.claimed as boolean;

describe("the first owner", () => {
  test("is not there before the claim", async () => {
    expect(await claimed()).toBe(false);
  });

  test("needs the set-up token", async () => {
    const refused = await claim("thief@example.com", "set-up-token-of-another-run");
    expect(refused.status).toBe(403);
    expect(refused.json.error.message).toMatch(/link/);
    expect(await claimed()).toBe(false);
  });

  test("needs a password of at least 12 characters and an address", async () => {
    const json = { token: SETUP_TOKEN, email: "owner", password: "short" };
    const refused = await core.call("/api/v1/setup", { json });
    expect(refused.status).toBe(422);
    expect(refused.json.error.details.issues.map(({ field }: { field: string }) => field)).toEqual([
      "email",
      "password",
    ]);
  });

  test("is not claimed when the account cannot be made, so that the next try can succeed", async () => {
    await core.sql.query(`insert into "user" (id, name, email) values ('usr_x', 'X', 'taken@example.com')`);
    const refused = await claim("taken@example.com");
    expect(refused.status).toBe(409);
    expect(await claimed()).toBe(false);
  });

  test("is exactly one of ten who claim at once", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => claim(`owner${index}@example.com`)));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    const { rows } = await core.sql.query(`select email from "user" where role = 'owner'`);
    const winner = answers.find(({ status }) => status === 201);
    expect(rows).toEqual([{ email: winner?.json.email }]);
    expect(await claimed()).toBe(true);
  });

  test("keeps the place: the link has done its work", async () => {
    const refused = await claim("late@example.com");
    expect(refused.status).toBe(409);
    expect(refused.json.error.message).toMatch(/owner already/);
  });

  test("is written down", async () => {
    const { rows } = await core.sql.query("select action, actor_type from audit_log");
    expect(rows).toEqual([{ action: "owner.claim", actor_type: "platform" }]);
  });
});
