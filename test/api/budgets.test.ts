import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Prices } from "../../contracts/prices.ts";
import {
  hourStart,
  monthStart,
  NO_USAGE,
  nextMonthStart,
  USAGE_HOUR_MS,
  type UsageCounts,
} from "../../contracts/usage.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, join, makeOrg, type Person } from "./support/people.ts";

/** A thousandth of a EUR for a request, and one EUR for a GB in an hour. */
const PRICES: Prices = {
  currency: "EUR",
  millionRequestsMicros: 1_000_000_000,
  gigabyteMonthMicros: 730_000_000,
};
const BUDGET = { kind: "money", currency: "EUR", amountMinor: 1_000, onReached: "stop" } as const;

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
afterAll(() => core.stop());

const call = (method: string, path: string, json?: unknown, token = owner.token) =>
  core.call(`/api/v1${path}`, { method, token, ...(json === undefined ? {} : { json }) });
const putPlan = (name: string, prices: object, quotas = {}) =>
  call("PUT", `/plans/${name}`, { title: name, quotas, prices });
const settingsOf = async (orgId: string) => (await core.door("state", "findSettings", orgId)).value;
const auditOf = async (slug: string, action: string) =>
  (await call("GET", `/orgs/${slug}/audit?action=${action}`)).json.items;

let sequence = 0;
/** An edge hands over what it counted. */
async function use(orgId: string, counts: Partial<UsageCounts>, hourAt = hourStart(Date.now())): Promise<void> {
  const hours = [{ hourAt, counts: { ...NO_USAGE, ...counts } }];
  const batch = { orgId, source: "edge", sequence: (sequence += 1), hours };
  expect((await core.door("state", "appendLog", [], [batch])).value.failedOrgs).toEqual([]);
}

/** An org whose plan has prices. */
async function pricedOrg(slug: string): Promise<string> {
  await putPlan("priced", PRICES);
  const id = await makeOrg(core, owner.token, slug);
  await call("PATCH", `/orgs/${slug}`, { plan: "priced" });
  return id;
}

test("a budget is no use where nothing has a price, and there is none then", async () => {
  await makeOrg(core, owner.token, "free");
  const standing = (await call("GET", "/orgs/free/budget")).json;
  expect(standing).toMatchObject({ budget: null, currency: null, spent: null, spentPercent: null });
  const refused = await call("PUT", "/orgs/free/budget", BUDGET);
  expect([refused.status, refused.json.error.code]).toEqual([409, "conflict"]);
  expect(refused.json.error.message).toContain("Nothing has a price");
});

describe("prices", () => {
  test("are a plan's, shown with it, and written down when they change", async () => {
    expect((await putPlan("shown", PRICES)).json.prices).toEqual(PRICES);
    expect((await putPlan("shown", {})).json.prices).toEqual({});
    expect((await call("PUT", "/plans/shown", { title: "Shown", quotas: {} })).json.prices).toEqual({});
    const [, changed] = (await call("GET", "/audit?target=shown")).json.items;
    expect(changed.details).toMatchObject({ before: { prices: PRICES }, after: { prices: {} } });
    const listed = (await call("GET", "/plans")).json.items;
    expect(listed.find(({ name }: { name: string }) => name === "default").prices).toEqual({});
  });

  test.each([
    { millionRequestsMicros: 1 },
    { currency: "EUR", millionRequestsMicros: 0.5 },
    { currency: "EUR", millionRequestsMicros: -1 },
    { currency: "euro" },
    { currency: "EUR", cakes: 1 },
  ])("cannot be %j", async (prices) => {
    expect((await putPlan("odd", prices)).status).toBe(422);
  });

  test("are in one currency on all of the platform, which changes when nobody counts in it", async () => {
    await pricedOrg("one-currency");
    const mixed = await putPlan("dollars", { currency: "USD", millionRequestsMicros: 1 });
    expect([mixed.status, mixed.json.error.details]).toEqual([409, { plan: "priced", currency: "EUR" }]);
    expect((await call("PUT", "/orgs/one-currency/budget", BUDGET)).status).toBe(200);
    await putPlan("priced", {});
    const held = await putPlan("dollars", { currency: "USD", millionRequestsMicros: 1 });
    expect([held.status, held.json.error.details]).toEqual([409, { orgs: 1 }]);
    expect((await call("DELETE", "/orgs/one-currency/budget")).status).toBe(204);
    expect((await putPlan("dollars", { currency: "USD", millionRequestsMicros: 1 })).status).toBe(200);
    expect((await call("DELETE", "/plans/dollars")).status).toBe(204);
    expect((await putPlan("priced", PRICES)).status).toBe(200);
  });

  test("of two currencies that come at once are taken of one", async () => {
    await putPlan("priced", {});
    const answers = await Promise.all(
      ["USD", "JPY", "GBP", "CHF"].map((currency) => putPlan(`in-${currency.toLowerCase()}`, { currency })),
    );
    expect(answers.map(({ status }) => status).sort((one, other) => one - other)).toEqual([200, 409, 409, 409]);
    for (const code of ["usd", "jpy", "gbp", "chf"]) await call("DELETE", `/plans/in-${code}`);
    expect((await putPlan("priced", PRICES)).status).toBe(200);
  });
});

describe("a budget", () => {
  test("is set, read and cleared, and says how the org stands", async () => {
    const id = await pricedOrg("budgeted");
    await use(id, { requests: 2_500 });
    await use(id, { requests: 1_000_000 }, monthStart(Date.now()) - USAGE_HOUR_MS);
    const answer = await call("PUT", "/orgs/budgeted/budget", { ...BUDGET, warnPercents: [90, 50, 50] });
    expect(answer.status).toBe(200);
    const standing = {
      budget: { ...BUDGET, warnPercents: [50, 90, 100] },
      currency: "EUR",
      spent: {
        currency: "EUR",
        micros: 2_500_000,
        parts: { requests: 2_500_000, executions: 0, cpuMs: 0, storage: 0 },
      },
      spentPercent: 25,
      monthAt: monthStart(Date.now()),
      resetsAt: nextMonthStart(Date.now()),
    };
    expect(answer.json).toEqual(standing);
    expect((await call("GET", "/orgs/budgeted/budget")).json).toEqual(standing);
    expect((await call("DELETE", "/orgs/budgeted/budget")).status).toBe(204);
    expect((await call("DELETE", "/orgs/budgeted/budget")).status).toBe(404);
    expect((await call("GET", "/orgs/budgeted/budget")).json).toMatchObject({ budget: null, spentPercent: null });
    const { warnPercents } = standing.budget;
    expect(await auditOf("budgeted", "org.budget")).toMatchObject([
      { details: { before: { amountMinor: 1_000, warnPercents }, after: null } },
      { details: { before: null, after: { amountMinor: 1_000, warnPercents } } },
    ]);
  });

  test("is refused where it makes no sense, with the field that is wrong", async () => {
    await pricedOrg("odd-budget");
    for (const [more, field] of [
      [{ currency: "USD" }, "currency"],
      [{ amountMinor: 0 }, "amountMinor"],
      [{ amountMinor: 1.5 }, "amountMinor"],
      [{ amountMinor: Number.MAX_SAFE_INTEGER }, "amountMinor"],
      [{ warnPercents: [0] }, "warnPercents.0"],
      [{ kind: "cakes" }, "kind"],
    ] as const) {
      const refused = await call("PUT", "/orgs/odd-budget/budget", { ...BUDGET, ...more });
      expect([refused.status, refused.json.error.details.issues[0].field]).toEqual([422, field]);
    }
    expect((await call("GET", "/orgs/odd-budget/budget")).json.budget).toBeNull();
  });

  test("is the affair of the org's owners and admins, and seen by all its members", async () => {
    const id = await pricedOrg("whose");
    for (const role of ["owner", "admin", "developer", "viewer"] as const) {
      const { token } = await join(core, "member", { [id]: role });
      const mayChange = role === "owner" || role === "admin";
      expect((await call("PUT", "/orgs/whose/budget", BUDGET, token)).status).toBe(mayChange ? 200 : 403);
      expect((await call("GET", "/orgs/whose/budget", undefined, token)).status).toBe(200);
    }
    const { token } = await join(core, "member");
    for (const method of ["GET", "DELETE"]) {
      expect((await call(method, "/orgs/whose/budget", undefined, token)).status).toBe(404);
    }
  });

  test("is known to the edges when the answer comes, where it stops the org, and to nobody where it does not", async () => {
    const id = await pricedOrg("edged");
    await call("PUT", "/orgs/edged/budget", BUDGET);
    const inForce = { kind: "money", amountMicros: 10_000_000, prices: PRICES };
    expect((await settingsOf(id)).budget).toEqual(inForce);
    expect((await core.edge()).forgotten.at(-1)).toBe("edged");
    await call("PUT", "/orgs/edged/budget", { ...BUDGET, amountMinor: 2_000 });
    expect((await settingsOf(id)).budget).toEqual({ ...inForce, amountMicros: 20_000_000 });
    await call("PUT", "/orgs/edged/budget", { ...BUDGET, onReached: "warn" });
    expect(await settingsOf(id)).not.toHaveProperty("budget");
    await call("PUT", "/orgs/edged/budget", BUDGET);
    await call("PATCH", "/orgs/edged", { plan: "default" });
    expect(await settingsOf(id)).not.toHaveProperty("budget");
    await call("PATCH", "/orgs/edged", { plan: "priced" });
    expect((await settingsOf(id)).budget).toEqual(inForce);
    await call("DELETE", "/orgs/edged/budget");
    expect(await settingsOf(id)).not.toHaveProperty("budget");
  });

  test("goes with the prices of its plan when they change, of which others need not hear", async () => {
    const id = await pricedOrg("repriced");
    await makeOrg(core, owner.token, "unbudgeted");
    await call("PATCH", "/orgs/unbudgeted", { plan: "priced" });
    await call("PUT", "/orgs/repriced/budget", BUDGET);
    const revisionOf = async (slug: string) =>
      (await core.sql.query("select quotas_revision, quotas_published from org where slug = $1", [slug])).rows[0];
    const before = await revisionOf("unbudgeted");
    const dearer = { ...PRICES, millionRequestsMicros: 2_000_000_000 };
    await putPlan("priced", dearer);
    expect((await settingsOf(id)).budget.prices).toEqual(dearer);
    expect(await revisionOf("unbudgeted")).toEqual(before);
    await putPlan("priced", PRICES);
  });
});

describe("what an org used", () => {
  test("has its cost, by the step and together, to the last millionth", async () => {
    const id = await pricedOrg("costly");
    const hour = hourStart(Date.now());
    await use(id, { requests: 3 }, hour - USAGE_HOUR_MS);
    await use(id, { requests: 4, executions: 9 }, hour);
    const stored = await call("PUT", "/orgs/costly/kv/things/a", { value: "x".repeat(100_000) });
    expect(stored.status).toBeLessThan(300);
    await core.tick();
    const period = `from=${hour - USAGE_HOUR_MS}&to=${hour + USAGE_HOUR_MS}`;
    const { items, total } = (await call("GET", `/orgs/costly/usage?by=hour&${period}`)).json;
    const storage = Math.floor(total.storageBytes / 1_000);
    expect(items.map(({ cost }: { cost: { parts: object } }) => cost.parts)).toEqual([
      { requests: 3_000, executions: 0, cpuMs: 0, storage: 0 },
      { requests: 4_000, executions: 0, cpuMs: 0, storage },
    ]);
    expect(total.cost).toMatchObject({ currency: "EUR", micros: 7_000 + storage });
    expect(items[0]).not.toHaveProperty("storageByteHours");
    const byMonth = (await call("GET", `/orgs/costly/usage?by=month&${period}`)).json.total.cost;
    expect(byMonth).toEqual(total.cost);
    const { spent } = (await call("GET", "/orgs/costly/budget")).json;
    expect(spent.parts.storage).toBe(storage);
  });

  test("has no cost where its plan has no prices", async () => {
    const id = await makeOrg(core, owner.token, "priceless");
    await use(id, { requests: 3 });
    const { items, total } = (await call("GET", "/orgs/priceless/usage")).json;
    expect([items[0].cost, total.cost]).toEqual([null, null]);
  });

  test("costs what was copied to the database too, hour by hour of what was stored", async () => {
    const id = await pricedOrg("long-ago");
    const at = hourStart(Date.now()) - 40 * 24 * USAGE_HOUR_MS;
    await core.sql.query(
      `insert into usage_hour (org_id, hour_at, requests, executions, failures, refused, cpu_ms, storage_bytes)
       select $1, to_timestamp(at / 1000.0), 5, 0, 0, 0, 0, bytes from unnest($2::float8[], $3::bigint[]) as hours (at, bytes)`,
      [id, [at, at + USAGE_HOUR_MS, at + 2 * USAGE_HOUR_MS], [1e9, null, 2e9]],
    );
    await core.sql.query("update org set usage_until = $2 where id = $1", [id, new Date(hourStart(Date.now()))]);
    const query = `from=${at}&to=${at + 3 * USAGE_HOUR_MS}`;
    const own = (await call("GET", `/orgs/long-ago/usage?${query}`)).json.total.cost;
    expect(own).toEqual({
      currency: "EUR",
      micros: 3_015_000,
      parts: { requests: 15_000, executions: 0, cpuMs: 0, storage: 3_000_000 },
    });
    const platforms = (await call("GET", `/usage?${query}`)).json.items;
    expect(platforms).toMatchObject([{ org: { id }, cost: own }]);
    await call("DELETE", "/orgs/long-ago?confirm=long-ago");
    expect((await call("GET", `/usage?${query}`)).json.items).toMatchObject([{ org: { id, slug: null }, cost: null }]);
  });
});

describe("owners of an org with a budget", () => {
  const letters = async (slug: string) =>
    (
      await core.sql.query<{ recipient: string; subject: string; text: string }>(
        "select recipient, subject, text from mail where subject like $1 order by created_at, subject",
        [`${slug} has spent %`],
      )
    ).rows;
  const warned = async (slug: string) => {
    await core.sql.query("update org set quotas_looked_at = null where slug = $1", [slug]);
    expect(await core.tick()).toBe("ok");
    return letters(slug);
  };

  test("are warned once a month at each stage, of the highest alone, and told what follows", async () => {
    const id = await pricedOrg("spender");
    await join(core, "member", { [id]: "developer" });
    await call("PUT", "/orgs/spender/budget", BUDGET);
    await use(id, { requests: 4_999 });
    expect(await warned("spender")).toEqual([]);
    await use(id, { requests: 1 });
    const [first] = await warned("spender");
    expect(first).toMatchObject({ recipient: "owner@example.com", subject: "spender has spent 50 % of its budget" });
    expect(first?.text.replaceAll(/\s+/g, " ")).toMatch(/has cost 5\.00 EUR in \w+ \d{4}, of a budget of 10\.00 EUR\./);
    expect(await warned("spender")).toHaveLength(1);
    await use(id, { requests: 6_000 });
    const all = await warned("spender");
    expect(all.map(({ subject }) => subject)).toEqual([
      "spender has spent 50 % of its budget",
      "spender has spent its budget",
    ]);
    expect(all[1]?.text.replaceAll(/\s+/g, " ")).toMatch(/its requests are refused and its events wait/);
    expect(await warned("spender")).toHaveLength(2);
    expect(await auditOf("spender", "budget.warning")).toMatchObject([
      { details: { percent: 100, currency: "EUR", amountMinor: 1_000, spentMicros: 11_000_000 } },
      { details: { percent: 50, spentMicros: 5_000_000 } },
    ]);
  });

  test("are warned again of a budget that was raised, from where they are", async () => {
    const id = await pricedOrg("raiser");
    await call("PUT", "/orgs/raiser/budget", { ...BUDGET, onReached: "warn" });
    await use(id, { requests: 12_000 });
    const [first] = await warned("raiser");
    expect(first?.text.replaceAll(/\s+/g, " ")).toContain("the budget only warns");
    await call("PUT", "/orgs/raiser/budget", { ...BUDGET, amountMinor: 2_000 });
    expect(await warned("raiser")).toHaveLength(1);
    await use(id, { requests: 4_000 });
    expect((await warned("raiser")).at(-1)?.subject).toBe("raiser has spent 80 % of its budget");
    await use(id, { requests: 4_000 });
    expect((await warned("raiser")).at(-1)?.subject).toBe("raiser has spent its budget");
    expect(await letters("raiser")).toHaveLength(3);
  });

  test("hear nothing any more once there is none", async () => {
    const id = await pricedOrg("cleared");
    await call("PUT", "/orgs/cleared/budget", BUDGET);
    await call("DELETE", "/orgs/cleared/budget");
    await use(id, { requests: 50_000 });
    expect(await warned("cleared")).toEqual([]);
    const { rows } = await core.sql.query("select budget is null as gone from org where id = $1", [id]);
    expect(rows).toEqual([{ gone: true }]);
  });
});
