import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Endpoint } from "../../contracts/api/endpoint.ts";
import { ENDPOINTS } from "../../contracts/api/index.ts";
import { newId } from "../../contracts/ids.ts";
import { CAPABILITIES, ORG_ROLE_CAPABILITIES, ORG_ROLES, scopesAllow } from "../../contracts/rights.ts";
import { type Answer, type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

/** Who may do what, for every endpoint there is: a new one is covered from the moment it exists. */
const PROTECTED = Object.values<Endpoint>(ENDPOINTS).filter(({ capability }) => capability !== null);
const IN_ORG = PROTECTED.filter(({ path }) => path.startsWith("/orgs/{slug}"));
const OUTSIDE = PROTECTED.filter(({ path }) => !path.startsWith("/orgs/{slug}"));
const named = (endpoints: Endpoint[]) => endpoints.map((endpoint) => [endpoint.id, endpoint] as const);

let core: Core;
let owner: Person;
let home: string;
let away: string;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
  home = await makeOrg(core, owner.token, "home");
  away = await makeOrg(core, owner.token, "away");
});
afterAll(() => core.stop());

/** Calls an endpoint with ids of the right form that name nothing, so that nobody changes anything. */
function attempt({ method, path, answer }: Endpoint, headers: Record<string, string>, slug = "home"): Promise<Answer> {
  const ids: Record<string, string> = { slug, name: "nothing" };
  const id = path.includes("/keys/") ? newId("key") : path.includes("/routes/") ? newId("route") : newId("execution");
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? id);
  const body = method === "GET" || method === "DELETE" ? {} : { json: { name: 1, slug: 1 } };
  // A stream has no end to wait for; it is refused after the rights are judged.
  const query = answer === "events" ? "?status=odd" : "";
  return core.call(`/api/v1${filled}${query}`, { method, headers, ...body });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("nobody gets in without valid credentials", () => {
  test.each(named(PROTECTED))("to %s", async (_, endpoint) => {
    const revoked = await giveKey(core, owner.id, { revokedAt: new Date() });
    const expired = await giveKey(core, owner.id, { expiresAt: new Date(Date.now() - 1_000) });
    const credentials: Record<string, string>[] = [
      {},
      { authorization: "isola" },
      bearer("isola_zz"),
      bearer(`isola_${"0".repeat(64)}`),
      bearer(revoked),
      bearer(expired),
      { cookie: "isola_session=forged.signature" },
    ];
    for (const headers of credentials) {
      const answer = await attempt(endpoint, headers);
      expect([answer.status, answer.json.error.code]).toEqual([401, "unauthenticated"]);
    }
  });
});

describe("an org does not exist for who has no part in it", () => {
  test.each(named(IN_ORG))("in %s", async (_, endpoint) => {
    const stranger = await join(core, "member", { [away]: "owner" });
    const bound = await giveKey(core, owner.id, { orgId: away });
    const nowhere = await attempt(endpoint, bearer(owner.token), "nowhere");
    expect(nowhere.status).toBe(404);
    for (const token of [stranger.token, bound]) {
      const answer = await attempt(endpoint, bearer(token));
      expect(answer.status).toBe(404);
      expect(answer.json.error.message).toBe(nowhere.json.error.message);
      expect(answer.json.error.details).toEqual(nowhere.json.error.details);
    }
  });
});

describe("a key does no more than its scopes say", () => {
  test.each(named(PROTECTED))("in %s", async (_, endpoint) => {
    const { capability } = endpoint;
    if (capability === null) throw new Error("this endpoint is open");
    const without = CAPABILITIES.filter((other) => !scopesAllow([other], capability));
    const refused = await attempt(endpoint, bearer(await giveKey(core, owner.id, { scopes: without })));
    expect(refused.status).toBe(403);
    expect(refused.json.error.details).toEqual({ capability });
    const allowed = await attempt(endpoint, bearer(await giveKey(core, owner.id, { scopes: [capability] })));
    expect([401, 403]).not.toContain(allowed.status);
  });
});

describe("a member does what the role allows and nothing else", () => {
  test.each(named(IN_ORG))("in %s", async (_, endpoint) => {
    const { capability } = endpoint;
    if (capability === null) throw new Error("this endpoint is open");
    for (const role of ORG_ROLES) {
      const { token } = await join(core, "member", { [home]: role });
      const { status } = await attempt(endpoint, bearer(token));
      if (ORG_ROLE_CAPABILITIES[role].has(capability)) expect([401, 403]).not.toContain(status);
      else expect(status).toBe(403);
    }
  });

  test.each(named(OUTSIDE))("outside any org, in %s", async (_, endpoint) => {
    const { token } = await join(core, "member", { [home]: "owner" });
    const { status } = await attempt(endpoint, bearer(token));
    if (endpoint.capability === "orgs:create") expect(status).toBe(403);
    else expect([401, 403]).not.toContain(status);
  });
});

test("another tenant's ids name nothing in one's own org", async () => {
  const source = "export default () => 1";
  const token = owner.token;
  const script = await core.call("/api/v1/orgs/away/scripts", { token, json: { name: "theirs", source } });
  const route = await core.call("/api/v1/orgs/away/routes", { token, json: { script: "theirs", path: "/" } });
  const [scriptId, routeId]: string[] = [script.json.id, route.json.id];
  const tries: [string, string, unknown?][] = [
    ["GET", `/scripts/${scriptId}`],
    ["DELETE", `/scripts/${scriptId}`],
    ["POST", `/scripts/${scriptId}/invoke`, {}],
    ["POST", `/scripts/${scriptId}/rollback`, { version: script.json.live.id }],
    ["POST", "/routes", { script: scriptId, path: "/stolen" }],
    ["DELETE", `/routes/${routeId}`],
  ];
  for (const [method, path, json] of tries) {
    const answer = await core.call(`/api/v1/orgs/home${path}`, {
      method,
      token,
      ...(json === undefined ? {} : { json }),
    });
    expect(answer.status).toBe(404);
  }
  expect((await core.call("/api/v1/orgs/away/scripts/theirs", { token })).status).toBe(200);
  expect((await core.call("/api/v1/orgs/away/routes", { token })).json.items).toHaveLength(1);
});
