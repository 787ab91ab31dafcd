import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Answer, type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

const VALUE = "a value that nobody may see";

let core: Core;
let owner: Person;
let org: string;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
  org = await makeOrg(core, owner.token, "hello");
  const source = "export default () => 1";
  await core.call("/api/v1/orgs/hello/scripts", { token: owner.token, json: { name: "checkout", source } });
  const lib = { name: "lib", kind: "module", source: "export const one = 1" };
  await core.call("/api/v1/orgs/hello/scripts", { token: owner.token, json: lib });
});
afterAll(() => core.stop());

const call = (method: string, path: string, json?: unknown, token = owner.token): Promise<Answer> =>
  core.call(`/api/v1/orgs/hello${path}`, { method, token, ...(json === undefined ? {} : { json }) });

const reads = async (script: string, ...names: string[]) => {
  const { json } = await call("GET", `/scripts/${script}`);
  return (await core.door("state", "readSecrets", org, json.id, names)).value;
};

describe("secrets", () => {
  test("are set for all scripts or for one, and read by scripts alone", async () => {
    const made = await call("PUT", "/secrets/API_KEY", { value: VALUE });
    expect(made.status).toBe(200);
    expect(made.json).toEqual({
      name: "API_KEY",
      script: null,
      createdAt: expect.any(Number),
      updatedAt: expect.any(Number),
      keyVersion: 1,
    });
    expect(await reads("checkout", "API_KEY")).toEqual([VALUE]);
    const own = await call("PUT", "/secrets/API_KEY", { value: "its own", script: "checkout" });
    expect(own.json.script.name).toBe("checkout");
    expect(await reads("checkout", "API_KEY")).toEqual(["its own"]);
    const { json } = await call("GET", "/secrets");
    expect(json.items.map(({ name, script }: { name: string; script: unknown }) => [name, script])).toEqual(
      expect.arrayContaining([
        ["API_KEY", null],
        ["API_KEY", own.json.script],
      ]),
    );
    expect((await call("GET", "/secrets/API_KEY")).json).toEqual(made.json);
    expect((await call("GET", "/secrets/API_KEY?script=checkout")).json).toEqual(own.json);
    expect((await call("DELETE", "/secrets/API_KEY?script=checkout")).status).toBe(204);
    expect((await call("DELETE", "/secrets/API_KEY?script=checkout")).status).toBe(404);
    expect(await reads("checkout", "API_KEY")).toEqual([VALUE]);
    expect((await call("DELETE", "/secrets/API_KEY")).status).toBe(204);
    expect((await call("GET", "/secrets/API_KEY")).status).toBe(404);
    expect(await reads("checkout", "API_KEY")).toEqual([null]);
  });

  test("are answered by nothing, and written down nowhere", async () => {
    const answers = [
      await call("PUT", "/secrets/HIDDEN", { value: VALUE }),
      await call("GET", "/secrets"),
      await call("GET", "/secrets/HIDDEN"),
    ];
    for (const { text } of answers) expect(text).not.toContain(VALUE);
    await expect
      .poll(async () => {
        const { rows } = await core.sql.query("select target from audit_log where action = 'secret.set'");
        return rows.map(({ target }) => target);
      })
      .toContain("HIDDEN");
    const { rows } = await core.sql.query("select details from audit_log");
    expect(JSON.stringify(rows)).not.toContain(VALUE);
  });

  test("are set once by a request that is sent twice, whose key holds nothing of the value", async () => {
    const headers = { "idempotency-key": "secret-once" };
    const send = () =>
      core.call("/api/v1/orgs/hello/secrets/ONCE", {
        method: "PUT",
        token: owner.token,
        headers,
        json: { value: VALUE },
      });
    expect((await send()).text).toBe((await send()).text);
    const { rows } = await core.sql.query("select * from idempotency_key");
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(VALUE);
  });

  test.each([
    ["/secrets/1A", { value: "x" }, 422],
    ["/secrets/A-B", { value: "x" }, 422],
    ["/secrets/A", { value: "" }, 422],
    ["/secrets/A", { value: 1 }, 422],
    ["/secrets/A", { value: "é".repeat(16 * 1024 + 1) }, 422],
    ["/secrets/A", { value: "x", script: "nobody" }, 404],
    ["/secrets/A", { value: "x", script: "lib" }, 422],
    ["/secrets/A", { value: "x", scripts: "checkout" }, 422],
  ])("at %s refuse what they cannot be", async (path, json, status) => {
    const answer = await call("PUT", path, json);
    expect(answer.status).toBe(status);
  });

  test("are known by name to developers, and set by admins", async () => {
    const { token } = await join(core, "member", { [org]: "developer" });
    expect((await call("GET", "/secrets", undefined, token)).status).toBe(200);
    expect((await call("PUT", "/secrets/DEV", { value: "x" }, token)).status).toBe(403);
    expect((await call("DELETE", "/secrets/HIDDEN", undefined, token)).status).toBe(403);
  });
});

describe("sealing anew", () => {
  const rewrap = (token: string, json: unknown = {}) => core.call("/api/v1/secrets/rewrap", { token, json });

  test("goes through all orgs, page by page", async () => {
    await makeOrg(core, owner.token, "second");
    const one = await rewrap(owner.token, { limit: 1 });
    expect(one.json).toMatchObject({ orgs: 1, cursor: expect.any(String) });
    const two = await rewrap(owner.token, { limit: 1, cursor: one.json.cursor });
    expect(two.json).toMatchObject({ orgs: 1, cursor: null });
    expect((await rewrap(owner.token)).json).toEqual({ orgs: 2, rewrapped: 0, cursor: null });
  });

  test("is for admins of the platform, by keys that are bound to no org", async () => {
    const { token } = await join(core, "member", { [org]: "owner" });
    expect((await rewrap(token)).status).toBe(403);
    expect((await rewrap(await giveKey(core, owner.id, { orgId: org }))).status).toBe(403);
    expect((await rewrap((await join(core, "admin")).token)).status).toBe(200);
  });
});
