import { afterAll, beforeAll, expect, test } from "vitest";

import { MACHINES_AT_ONCE } from "../../contracts/limits.ts";
import { type Core, startCore } from "./support/core.ts";
import { settled } from "./support/faults.ts";
import { claim, type Person } from "./support/people.ts";
import { startProvider, type TestProvider } from "./support/provider.ts";

const ORGS = 100;
const RUSH_MS = 240_000;

let provider: TestProvider;
let core: Core;
let owner: Person;
beforeAll(async () => {
  provider = await startProvider();
  core = await startCore(provider.bindings);
  owner = await claim(core);
});
afterAll(async () => {
  await core.stop();
  await provider.stop();
});

/** Makes an org as a program should: who is told when to come back does, and finds what was made before the answer was lost. */
async function make(slug: string): Promise<void> {
  const json = { slug, driver: "mock", machine: { volumeGb: 1 } };
  for (let tries = 1; tries <= 20; tries += 1) {
    const made = await core.call("/api/v1/orgs", { token: owner.token, json });
    if (made.status === 201 || (made.status === 409 && tries > 1)) return;
    const waitS = Number(made.headers.get("retry-after"));
    expect([made.status, waitS > 0], made.text).toEqual([503, true]);
    await new Promise((done) => setTimeout(done, waitS * 1_000 * (1 + Math.random())));
  }
  throw new Error(`${slug} was never made`);
}

test(
  `${ORGS} orgs that are made at once all have their machines or have clearly failed, and nothing is left over`,
  async () => {
    await provider.fail(
      { operation: "machine.create", kind: "refused", after: 20, times: 5 },
      { operation: "machine.create", kind: "lost", times: 5 },
      { operation: "volume.create", kind: "broken", after: 10, times: 10 },
      { operation: "machine.start", kind: "busy", ms: 1_000, times: 10 },
      { operation: "machine.start", kind: "exits", ms: 10, lines: ["no"], after: 30, times: 5 },
    );
    const slugs = Array.from({ length: ORGS }, (_, number) => `rush-${number}`);
    await Promise.all(slugs.map(make));
    const untilAt = Date.now() + RUSH_MS;
    const ended = [];
    for (const slug of slugs) ended.push(await settled(core, owner.token, slug, untilAt));
    const states = ended.map(({ provision }) => provision.state);
    expect(states.filter((state) => state === "done").length).toBeGreaterThanOrEqual(ORGS - 10);
    expect(states.filter((state) => state !== "done" && state !== "failed")).toEqual([]);

    const { rows } = await core.sql.query("select state, count(*)::int as count from org group by state");
    const orgs = Object.fromEntries(rows.map(({ state, count }) => [state, count]));
    expect((orgs.running ?? 0) + (orgs.failed ?? 0)).toBe(ORGS);
    for (const { machine, provision } of ended) {
      if (provision.state === "done") expect(machine.state).toBe("started");
      else expect([machine, typeof provision.error.message]).toEqual([null, "string"]);
    }
    const known = new Set(ended.flatMap(({ machine }) => (machine === null ? [] : [machine.id])));
    const { groups, volumes, machines } = await provider.holdings();
    expect([groups, volumes, machines].map((things) => things.length)).toEqual([known.size, known.size, known.size]);
    expect([...groups, ...volumes, ...machines].filter(({ tags }) => !known.has(tags.machine))).toEqual([]);

    const { rows: spans } = await core.sql.query(
      `select extract(epoch from s.started_at) * 1000 as began, extract(epoch from s.ended_at) * 1000 as ended
       from provision_step s where s.step = 'machine' and s.started_at is not null and s.ended_at is not null`,
    );
    const atOnce = spans.map(
      ({ began }) =>
        spans.filter((other) => Number(other.began) <= Number(began) && Number(began) < Number(other.ended)).length,
    );
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(MACHINES_AT_ONCE + 20);
  },
  RUSH_MS + 60_000,
);
