import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Endpoint } from "../../contracts/api/endpoint.ts";
import { ENDPOINTS } from "../../contracts/api/index.ts";
import { type IdKind, newId } from "../../contracts/ids.ts";
import {
  CAPABILITIES,
  ORG_ROLE_CAPABILITIES,
  ORG_ROLES,
  PLATFORM_ROLE_CAPABILITIES,
  scopesAllow,
} from "../../contracts/rights.ts";
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

/** What stands for each parameter of a path: of the right form, and naming nothing. */
const PARAMS: Record<string, string> = {
  name: "nothing",
  collection: "nothing",
  kind: "kv",
  key: "nothing",
  trigger: "nothing",
  queue: "nothing",
  topic: "nothing",
  userId: newId("user"),
  hostname: "nothing.example",
};
const ID_KINDS: [place: string, kind: IdKind][] = [
  ["/partners/", "user"],
  ["/users/", "user"],
  ["/invitations/", "invitation"],
  ["/keys/", "key"],
  ["/me/sessions/", "session"],
  ["/routes/", "route"],
  ["/docs/", "document"],
  ["/deliveries/", "delivery"],
  ["/dead-letters/", "deadLetter"],
  ["/executions/", "execution"],
];

function filledIn(path: string, slug: string): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === "slug") return slug;
    const kind = ID_KINDS.find(([place]) => path.includes(place))?.[1];
    const value = name === "id" && kind !== undefined ? newId(kind) : PARAMS[name];
    if (value === undefined) throw new Error(`Say what {${name}} of ${path} can be`);
    return value;
  });
}

/** Calls an endpoint with ids of the right form that name nothing, so that nobody changes anything. */
function attempt({ method, path, answer }: Endpoint, headers: Record<string, string>, slug = "home"): Promise<Answer> {
  const body = method === "GET" || method === "DELETE" ? {} : { json: { name: 1, slug: 1 } };
  // A stream has no end to wait for; it is refused after the rights are judged.
  const query = answer === "events" ? "?status=odd" : "";
  return core.call(`/api/v1${filledIn(path, slug)}${query}`, { method, headers, ...body });
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
    const { capability } = endpoint;
    if (capability === null) throw new Error("this endpoint is open");
    const { token } = await join(core, "member", { [home]: "owner" });
    const { status } = await attempt(endpoint, bearer(token));
    if (PLATFORM_ROLE_CAPABILITIES.member.has(capability)) expect([401, 403]).not.toContain(status);
    else expect(status).toBe(403);
  });
});

test("another tenant's ids name nothing in one's own org", async () => {
  const source = "export default () => 1";
  const token = owner.token;
  await core.edge("fails");
  const inAway = async (method: string, path: string, json: unknown) =>
    (await core.call(`/api/v1/orgs/away${path}`, { method, token, json })).json;
  const script = await inAway("POST", "/scripts", { name: "theirs", source });
  const route = await inAway("POST", "/routes", { script: "theirs", path: "/" });
  const doc = await inAway("POST", "/docs/theirs", { value: {} });
  await inAway("PUT", "/kv/theirs/a", { value: 1 });
  await inAway("PUT", "/secrets/THEIRS", { value: "theirs" });
  const trigger = await inAway("POST", "/triggers", {
    name: "theirs",
    script: "theirs",
    source: { kind: "pubsub", topic: "theirs" },
    retry: { maxAttempts: 1 },
  });
  const { deliveryId } = await inAway("POST", "/triggers/theirs/fire", {});
  const letters = async () => (await core.call("/api/v1/orgs/away/dead-letters", { token })).json.items;
  await expect.poll(letters).toHaveLength(1);
  const [letter] = await letters();
  const tries: [string, string, unknown?][] = [
    ["GET", `/scripts/${script.id}`],
    ["DELETE", `/scripts/${script.id}`],
    ["POST", `/scripts/${script.id}/invoke`, {}],
    ["POST", `/scripts/${script.id}/rollback`, { version: script.live.id }],
    ["POST", "/routes", { script: script.id, path: "/stolen" }],
    ["DELETE", `/routes/${route.id}`],
    ["GET", "/kv/theirs/a"],
    ["DELETE", "/kv/theirs/a"],
    ["DELETE", "/collections/kv/theirs?confirm=theirs"],
    ["GET", `/docs/theirs/${doc.id}`],
    ["PATCH", `/docs/theirs/${doc.id}`, { patch: { stolen: true } }],
    ["GET", "/secrets/THEIRS"],
    ["DELETE", "/secrets/THEIRS"],
    ["PUT", "/secrets/MINE", { value: "x", script: script.id }],
    ["GET", `/triggers/${trigger.id}`],
    ["PATCH", `/triggers/${trigger.id}`, { state: "disabled" }],
    ["DELETE", `/triggers/${trigger.id}`],
    ["POST", `/triggers/${trigger.id}/fire`, {}],
    ["POST", `/triggers/${trigger.id}/discard`, { confirm: "theirs" }],
    ["POST", "/triggers", { name: "stolen", script: script.id, source: { kind: "webhook" } }],
    ["GET", `/deliveries/${deliveryId}`],
    ["GET", `/dead-letters/${letter.id}`],
    ["POST", `/dead-letters/${letter.id}/replay`],
    ["POST", `/dead-letters/${letter.id}/discard`],
  ];
  for (const [method, path, json] of tries) {
    const answer = await core.call(`/api/v1/orgs/home${path}`, {
      method,
      token,
      ...(json === undefined ? {} : { json }),
    });
    expect([method, path, answer.status]).toEqual([method, path, 404]);
  }
  expect((await core.call("/api/v1/orgs/home/dead-letters", { token })).json.items).toEqual([]);
  expect(await letters()).toHaveLength(1);
  expect((await core.call("/api/v1/orgs/away/kv/theirs/a", { token })).json.value).toBe(1);
  expect((await core.call("/api/v1/orgs/away/scripts/theirs", { token })).status).toBe(200);
  expect((await core.call("/api/v1/orgs/away/routes", { token })).json.items).toHaveLength(1);
});
