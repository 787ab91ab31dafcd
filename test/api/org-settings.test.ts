import { afterAll, beforeAll, expect, test } from "vitest";

import { DEFAULT_ORG_SETTINGS } from "../../contracts/projection.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

const { quotas: _, ...DEFAULT_SETTINGS } = DEFAULT_ORG_SETTINGS;
const DEFAULTS = { ...DEFAULT_SETTINGS, ceilings: {} };

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
afterAll(() => core.stop());

const read = (slug: string, token = owner.token) => core.call(`/api/v1/orgs/${slug}`, { token });
const change = (slug: string, json: object, token = owner.token) =>
  core.call(`/api/v1/orgs/${slug}`, { method: "PATCH", token, json });

test("a new org has the settings of every org", async () => {
  await makeOrg(core, owner.token, "fresh");
  expect((await read("fresh")).json.settings).toEqual(DEFAULTS);
});

test("an org's admin says which hosts its scripts reach, and the edges hear of it before the answer", async () => {
  const id = await makeOrg(core, owner.token, "shop");
  const { token } = await join(core, "member", { [id]: "admin" });
  const before = (await core.edge()).forgotten.length;
  const changed = await change(
    "shop",
    { egress: { allow: ["API.Example.com.", "*.bücher.de"], deny: ["10.0.0.1"] } },
    token,
  );
  expect(changed.status).toBe(200);
  const egress = { allow: ["api.example.com", "*.xn--bcher-kva.de"], deny: ["10.0.0.1"] };
  expect(changed.json.settings).toEqual({ ...DEFAULTS, egress });
  expect((await core.edge()).forgotten.slice(before)).toEqual(["shop"]);
  expect((await core.door("state", "projection", id)).value.settings.egress).toEqual(egress);
  expect((await change("shop", { egress: { deny: [] } }, token)).json.settings.egress).toEqual({ ...egress, deny: [] });
  expect((await read("shop", token)).json.settings.egress).toEqual({ ...egress, deny: [] });
});

test("how many runs an org may have, and what they may ask for, is the platform's to say", async () => {
  const id = await makeOrg(core, owner.token, "busy");
  const limits = { concurrencyMax: 500, ceilings: { cpuMs: 50, subrequests: 0 } };
  const tenant = await join(core, "member", { [id]: "owner" });
  const narrow = await giveKey(core, owner.id, { scopes: ["org:write"] });
  for (const token of [tenant.token, narrow]) {
    for (const json of [
      { concurrencyMax: 500 },
      { ceilings: {} },
      { name: "Other", egress: { deny: ["*"] }, ...limits },
    ]) {
      const refused = await change("busy", json, token);
      expect([refused.status, refused.json.error.details]).toEqual([403, { capability: "orgs:limit" }]);
    }
  }
  expect((await read("busy")).json).toMatchObject({ name: "busy", settings: DEFAULTS });
  const admin = await join(core, "admin");
  expect((await change("busy", limits, admin.token)).json.settings).toEqual({ ...DEFAULTS, ...limits });
  expect((await core.door("state", "projection", id)).value.settings.concurrencyMax).toBe(500);
});

test("who may not change an org changes none of its settings, and a stranger does not see them", async () => {
  const id = await makeOrg(core, owner.token, "closed");
  const json = { egress: { deny: ["*"] } };
  for (const role of ["viewer", "developer"] as const) {
    const { token } = await join(core, "member", { [id]: role });
    expect((await change("closed", json, token)).status).toBe(403);
    expect((await read("closed", token)).json.settings).toEqual(DEFAULTS);
  }
  const { token } = await join(core, "member");
  expect((await change("closed", json, token)).status).toBe(404);
  expect((await read("closed", token)).status).toBe(404);
});

test.each([
  [{}, ""],
  [{ egress: { allow: ["http://a.com"] } }, "egress.allow.0"],
  [{ egress: { allow: ["a.com", "a.com:443"] } }, "egress.allow.1"],
  [{ egress: { allow: ["localhost"] } }, "egress.allow.0"],
  [{ egress: { allow: ["169.254.169.254"] } }, "egress.allow.0"],
  [{ egress: { deny: "a.com" } }, "egress.deny"],
  [{ egress: { block: [] } }, "egress"],
  [{ concurrencyMax: 0 }, "concurrencyMax"],
  [{ concurrencyMax: 1_001 }, "concurrencyMax"],
  [{ ceilings: { cpuMs: 501 } }, "ceilings.cpuMs"],
  [{ ceilings: { cpu: 1 } }, "ceilings"],
])("%j is no change of settings", async (json, field) => {
  await core.call("/api/v1/orgs", { token: owner.token, json: { slug: "strict" } });
  const refused = await change("strict", json);
  expect(refused.status).toBe(422);
  expect(refused.json.error.details.issues[0].field).toBe(field);
});

test("a change of settings is written down with what they were", async () => {
  const id = await makeOrg(core, owner.token, "noted");
  await change("noted", { name: "Noted", egress: { deny: ["*"] } });
  const entries = async () =>
    (await core.sql.query("select action, details from audit_log where org_id = $1 order by action", [id])).rows;
  await expect
    .poll(entries)
    .toMatchObject([
      { action: "org.create" },
      { action: "org.rename", details: { before: "noted", after: "Noted" } },
      { action: "org.settings", details: { before: DEFAULTS, after: { egress: { allow: [], deny: ["*"] } } } },
    ]);
});
