import { afterAll, beforeAll, expect, test } from "vitest";

import { USAGE_HOUR_MS, hourStart, monthStart, NO_USAGE, type UsageCounts } from "../../contracts/usage.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

const DAY_MS = 24 * USAGE_HOUR_MS;

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
afterAll(() => core.stop());

let sequence = 0;

/** An edge hands over what it counted. */
async function count(orgId: string, hourAt: number, counts: Partial<UsageCounts>): Promise<void> {
  const hours = [{ hourAt, counts: { ...NO_USAGE, ...counts } }];
  const batch = { orgId, source: "edge", sequence: (sequence += 1), hours };
  expect((await core.door("state", "appendLog", [], [batch])).value.failedOrgs).toEqual([]);
}

const usage = (slug: string, query = "", token = owner.token) =>
  core.call(`/api/v1/orgs/${slug}/usage${query}`, { token });
const stored = async (orgId: string) =>
  (
    await core.sql.query<{ at: string; requests: string; storage: string | null }>(
      `select extract(epoch from hour_at) * 1000 as at, requests, storage_bytes as storage
       from usage_hour where org_id = $1 order by hour_at`,
      [orgId],
    )
  ).rows.map(({ at, requests, storage }) => [Number(at), Number(requests), storage === null ? null : Number(storage)]);
/** As if the last pass had been long ago. */
const forgetPass = (orgId: string) => core.sql.query("update org set usage_until = null where id = $1", [orgId]);

test("an org reads what it used: the hour that is running at once, and sums by hour, day and month", async () => {
  const id = await makeOrg(core, owner.token, "busy");
  const hour = hourStart(Date.now());
  await count(id, hour, { requests: 3, executions: 2, failures: 1, cpuMs: 1.5, refused: 4 });
  await count(id, hour - USAGE_HOUR_MS, { requests: 10 });
  const period = `from=${hour - USAGE_HOUR_MS}&to=${hour + USAGE_HOUR_MS}`;
  const byHour = await usage("busy", `?by=hour&${period}`);
  expect(byHour.status).toBe(200);
  const now = { requests: 3, executions: 2, failures: 1, cpuMs: 1.5, refused: 4, storageBytes: null, cost: null };
  expect(byHour.json).toEqual({
    from: hour - USAGE_HOUR_MS,
    to: hour + USAGE_HOUR_MS,
    items: [
      { at: hour - USAGE_HOUR_MS, ...NO_USAGE, requests: 10, storageBytes: null, cost: null },
      { at: hour, ...now },
    ],
    total: { ...now, requests: 13 },
  });
  expect((await usage("busy", `?by=month&${period}`)).json.total).toEqual({ ...now, requests: 13 });
  expect((await usage("busy", `?by=hour&from=${hour}`)).json.items).toEqual([{ at: hour, ...now }]);
  expect((await usage("busy")).json.from).toBe(monthStart(Date.now()));
});

test("hours that are over are copied to the database, once, and late counts after them", async () => {
  const id = await makeOrg(core, owner.token, "copied");
  const hour = hourStart(Date.now());
  const before = hour - 2 * USAGE_HOUR_MS;
  await count(id, before, { requests: 5 });
  await count(id, hour, { requests: 1 });
  await core.tick();
  expect(await stored(id)).toEqual([[before, 5, null]]);
  await core.tick();
  await forgetPass(id);
  await core.tick();
  expect(await stored(id)).toEqual([[before, 5, null]]);
  await count(id, before, { requests: 2 });
  await core.sql.query("update org set usage_until = usage_until - interval '1 hour' where id = $1", [id]);
  await core.tick();
  expect(await stored(id)).toEqual([[before, 7, null]]);
});

test("a pass changes nothing that anybody sees of the org", async () => {
  const id = await makeOrg(core, owner.token, "still");
  const updatedAt = async () => (await core.sql.query("select updated_at from org where id = $1", [id])).rows[0];
  const before = await updatedAt();
  await core.tick();
  expect(await updatedAt()).toEqual(before);
});

test("what is older than some days comes from the database, and nothing is counted in both", async () => {
  const id = await makeOrg(core, owner.token, "old");
  const hour = hourStart(Date.now());
  const longAgo = hour - 40 * DAY_MS;
  await core.sql.query(
    `insert into usage_hour (org_id, hour_at, requests, executions, failures, refused, cpu_ms, storage_bytes)
     select $1, to_timestamp(at / 1000.0), 100, 0, 0, 0, 0.5, 7 from unnest($2::float8[]) as at`,
    [id, [longAgo, longAgo + USAGE_HOUR_MS, hour - 5 * DAY_MS]],
  );
  for (const at of [hour - 5 * DAY_MS, hour - DAY_MS, hour]) await count(id, at, { requests: 1 });
  await core.sql.query("update org set usage_until = $2 where id = $1", [id, new Date(hour)]);
  const answer = await usage("old", `?from=${longAgo}&by=day`);
  expect(answer.json.total).toMatchObject({ requests: 302, storageBytes: 7, cpuMs: 1.5 });
  const months = (await usage("old", `?from=${longAgo}&by=month`)).json.items as { at: number; requests: number }[];
  expect(months.map(({ requests }) => requests).reduce((sum, each) => sum + each)).toBe(302);
  expect(months.every(({ at }) => at === monthStart(at))).toBe(true);
});

test("what an org stores is looked at every hour, and is in the hour that is running", async () => {
  const id = await makeOrg(core, owner.token, "stores");
  const value = "x".repeat(50_000);
  const put = await core.call("/api/v1/orgs/stores/kv/things/a", {
    method: "PUT",
    token: owner.token,
    json: { value },
  });
  expect(put.status).toBeLessThan(300);
  await core.tick();
  const { items, total } = (await usage("stores", "?by=hour")).json;
  expect(items).toHaveLength(1);
  expect(total.storageBytes).toBeGreaterThan(50_000);
  await core.call("/api/v1/orgs/stores?confirm=stores", { method: "DELETE", token: owner.token });
  expect((await stored(id)).at(-1)).toEqual([items[0].at, 0, total.storageBytes]);
});

test("the platform reads what every org used, page by page, those that are gone too", async () => {
  const orgs = [];
  for (const slug of ["sum-a", "sum-b", "sum-c"]) orgs.push(await makeOrg(core, owner.token, slug));
  const at = hourStart(Date.now()) - 2 * USAGE_HOUR_MS;
  for (const [index, id] of orgs.entries()) await count(id, at, { requests: index + 1 });
  expect((await core.call("/api/v1/orgs/sum-c?confirm=sum-c", { method: "DELETE", token: owner.token })).status).toBe(
    204,
  );
  await core.tick();
  const seen = new Map<string, { slug: string | null; requests: number }>();
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = `?limit=2&from=${at}&to=${at + USAGE_HOUR_MS}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = await core.call(`/api/v1/usage${query}`, { token: owner.token });
    expect(page.status).toBe(200);
    expect(page.json.items.length).toBeLessThanOrEqual(2);
    for (const { org, requests } of page.json.items) {
      expect(seen.has(org.id)).toBe(false);
      seen.set(org.id, { slug: org.slug, requests });
    }
    cursor = page.json.cursor;
  }
  expect(orgs.map((id) => seen.get(id))).toEqual([
    { slug: "sum-a", requests: 1 },
    { slug: "sum-b", requests: 2 },
    { slug: null, requests: 3 },
  ]);
});

test("who may not see usage is told so, and a period that makes no sense is refused", async () => {
  const id = await makeOrg(core, owner.token, "shut");
  const viewer = await join(core, "member", { [id]: "viewer" });
  expect((await usage("shut", "", viewer.token)).status).toBe(200);
  expect((await core.call("/api/v1/usage", { token: viewer.token })).status).toBe(403);
  const bound = await giveKey(core, owner.id, { orgId: id });
  expect((await core.call("/api/v1/usage", { token: bound })).status).toBe(403);
  const stranger = await join(core, "member");
  expect((await usage("shut", "", stranger.token)).status).toBe(404);
  const long = Date.now() - 40 * DAY_MS;
  for (const query of [
    "?from=2026-11-21T10:00:00Z&to=2026-11-21T10:00:00Z",
    "?from=tomorrow",
    `?by=hour&from=${long}`,
    "?by=year",
  ]) {
    expect([query, (await usage("shut", query)).status]).toEqual([query, 422]);
  }
});
