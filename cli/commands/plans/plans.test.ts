import { describe, expect, it } from "vitest";

import type { Prices } from "../../../contracts/prices.ts";
import { anOrgInFull, AT } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

const aPlan = (quotas = {}, prices: Prices = {}) => ({
  name: "team",
  title: "Team",
  quotas,
  prices,
  createdAt: AT,
  updatedAt: AT,
});

describe("plans", () => {
  it("are set by what they bound, listed and removed", async () => {
    const { isola, plane } = await workplace({
      putPlan: ({ body }) => aPlan(body.quotas),
      listPlans: () => page([aPlan({ scripts: 20 })]),
      deletePlan: () => undefined,
    });
    const words = ["plans", "set", "team", "--title", "Team", "--quota", "scripts=20", "--quota", "members=none"];
    expect((await isola(words)).out).toBe("The plan team: scripts 20.\n");
    expect(plane.seen[0]?.body).toEqual({ title: "Team", quotas: { scripts: 20 }, prices: {} });
    expect((await isola(["plans", "list"])).out).toMatch(/^team +Team .* scripts 20$/m);
    expect((await isola(["plans", "delete", "team"])).code).toBe(0);
  });

  it.each([
    ["script=20", "Did you mean scripts?"],
    ["scripts", "must be such as scripts=20"],
    ["scripts=-1", "must be such as scripts=20"],
  ])("refuse the quota %s before anything is sent", async (quota, message) => {
    const { isola, plane } = await workplace({});
    const { code, err } = await isola(["plans", "set", "team", "--quota", quota]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(plane.seen).toEqual([]);
  });

  it("have prices in a currency, shown as they are given", async () => {
    const { isola, plane } = await workplace({
      putPlan: ({ body }) => aPlan(body.quotas, body.prices),
      listPlans: () => page([aPlan({}, { currency: "EUR", gigabyteMonthMicros: 750_000 }), aPlan()]),
    });
    const words = ["plans", "set", "team", "--currency", "EUR", "--price", "millionRequests=0.3"];
    expect((await isola(words)).out).toBe("The plan team: nothing bounded; millionRequests 0.30 EUR.\n");
    expect(plane.seen[0]?.body).toMatchObject({ prices: { currency: "EUR", millionRequestsMicros: 300_000 } });
    const { out } = await isola(["plans", "list"]);
    expect(out).toMatch(/gigabyteMonth 0\.75 EUR$/m);
    expect(out).toMatch(/no prices$/m);
  });

  it.each([
    [["--price", "millionRequests=0.3"], "--currency EUR"],
    [["--currency", "EUR", "--price", "milionRequests=1"], "Did you mean millionRequests?"],
    [["--currency", "EUR", "--price", "millionRequests=0.1234567"], "must be such as"],
    [["--currency", "EUR", "--price", "millionRequests"], "must be such as"],
  ])("refuse the prices %j before anything is sent", async (words, message) => {
    const { isola, plane } = await workplace({});
    const { code, err } = await isola(["plans", "set", "team", ...words]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(plane.seen).toEqual([]);
  });

  it("are given to orgs, with quotas of their own", async () => {
    const { isola, plane } = await workplace({ patchOrg: () => ({ ...anOrgInFull("shop"), plan: "team" }) });
    const { out } = await isola(["orgs", "set", "shop", "--plan", "team", "--quota", "members=none"]);
    expect(plane.seen[0]?.body).toEqual({ plan: "team", quotas: { members: null } });
    expect(out).toMatch(/^plan +team$/m);
    await isola(["orgs", "set", "shop", "--no-quotas"]);
    expect(plane.seen[1]?.body).toEqual({ quotas: {} });
  });
});

describe("quotas", () => {
  it("are shown beside what there is", async () => {
    const { isola } = await workplace({
      getQuotas: () => ({
        plan: "team",
        quotas: [
          { name: "scripts", limit: 20, used: 5 },
          { name: "requestsPerSecond", limit: 10, used: null },
          { name: "members", limit: null, used: 2 },
        ],
      }),
    });
    const { out } = await isola(["quotas"]);
    expect(out).toMatch(/^plan team$/m);
    expect(out).toMatch(/^scripts +5 +20 +25 %$/m);
    expect(out).toMatch(/^requestsPerSecond +- +10$/m);
    expect(out).toMatch(/^members +2 +-$/m);
  });
});

describe("the platform's settings", () => {
  it("are shown and changed", async () => {
    const { isola, plane } = await workplace({
      getPlatformSettings: () => ({ signUp: "invitation" as const, membersCreateOrgs: false }),
      patchPlatformSettings: () => ({ signUp: "open" as const, membersCreateOrgs: true }),
    });
    expect((await isola(["platform", "get"])).out).toMatch(/^sign-up +invitation$/m);
    await isola(["platform", "set", "--sign-up", "open", "--members-create-orgs", "yes"]);
    expect(plane.seen[1]?.body).toEqual({ signUp: "open", membersCreateOrgs: true });
    for (const words of [[], ["--sign-up", "closed"], ["--members-create-orgs", "maybe"]]) {
      expect((await isola(["platform", "set", ...words])).code).toBe(2);
    }
  });
});

describe("sessions", () => {
  it("are listed and ended", async () => {
    const session = {
      id: "one",
      device: "Firefox on Linux",
      place: null,
      address: null,
      createdAt: AT,
      lastSeenAt: AT,
      expiresAt: AT,
      current: false,
    };
    const { isola, plane } = await workplace({
      listSessions: () => page([session]),
      endSession: () => undefined,
      endOtherSessions: () => undefined,
    });
    expect((await isola(["sessions", "list"])).out).toMatch(/^one +Firefox on Linux +- +-/m);
    await isola(["sessions", "revoke", "one"]);
    expect((await isola(["sessions", "revoke-all"])).code).toBe(2);
    await isola(["sessions", "revoke-all", "--yes"]);
    expect(plane.seen.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual([
      "DELETE /api/v1/me/sessions/one",
      "DELETE /api/v1/me/sessions",
    ]);
  });
});

describe("open", () => {
  it("says where a browser is led in, signed in", async () => {
    const { isola, plane } = await workplace({});
    expect((await isola(["open", "--to", "/admin?a=1"])).out).toBe(`${plane.url}/open/hello?to=%2Fadmin%3Fa%3D1\n`);
  });
});
