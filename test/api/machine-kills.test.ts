import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, inject, test } from "vitest";

import type { Fault } from "../../local/machines/faults.ts";
import { type Core, startCore } from "./support/core.ts";
import { openTestDatabase, type TestDatabase } from "./support/database.ts";
import { FAULT_MS, settled } from "./support/faults.ts";
import { claim, type Person } from "./support/people.ts";
import { startProvider, type TestProvider } from "./support/provider.ts";

let provider: TestProvider;
let database: TestDatabase;
let stateDirectory: string;
let core: Core;
let owner: Person;
beforeAll(async () => {
  provider = await startProvider();
  database = await openTestDatabase({ template: inject("coreTemplate").dataDirectory });
  stateDirectory = await mkdtemp(join(tmpdir(), "isola-kills-"));
  core = await start();
  owner = await claim(core);
});
afterAll(async () => {
  await core.stop();
  await database.close();
  await provider.stop();
  await rm(stateDirectory, { recursive: true, force: true });
});

const start = () => startCore(provider.bindings, { database, stateDirectory });
/** The process dies in the middle of what it does, and another one begins on what it left. */
async function killAndStart(): Promise<void> {
  await core.stop();
  core = await start();
  expect(await core.tick()).toBe("ok");
}

/** A call that the provider carries out, and whose answer does not come before the process is gone. */
const unheard = (operation: NonNullable<Fault["operation"]>): Partial<Fault> => ({
  operation,
  kind: "late",
  ms: 120_000,
});
const called = (operation: Fault["operation"]) => async () =>
  (await provider.holdings()).calls.some((call) => call.operation === operation && call.at >= begunAt);
let begunAt = 0;

interface Kill {
  step: string;
  faults: Partial<Fault>[];
  /** Whether the process is now where it shall be killed. */
  isThere: (slug: string) => Promise<boolean>;
  expected: "done" | "failed";
}

const stepIs = (step: string, states: string[]) => async (slug: string) => {
  const { rows } = await database.client.query(
    `select s.state from provision_step s join provision p on p.id = s.provision_id join org o on o.id = p.org_id
     where o.slug = $1 and s.step = $2`,
    [slug, step],
  );
  return states.includes(rows[0]?.state);
};

const KILLS: Kill[] = [
  { step: "credentials", faults: [], isThere: async () => true, expected: "done" },
  { step: "infrastructure", faults: [unheard("group.create")], isThere: called("group.create"), expected: "done" },
  { step: "volume", faults: [unheard("volume.create")], isThere: called("volume.create"), expected: "done" },
  { step: "machine", faults: [unheard("machine.create")], isThere: called("machine.create"), expected: "done" },
  { step: "start", faults: [unheard("machine.start")], isThere: called("machine.start"), expected: "done" },
  {
    step: "ready",
    faults: [{ operation: "machine.start", kind: "slow", ms: 4_000 }],
    isThere: stepIs("ready", ["running"]),
    expected: "done",
  },
  { step: "publish", faults: [], isThere: stepIs("publish", ["running", "done"]), expected: "done" },
  {
    step: "taking it down",
    faults: [{ operation: "machine.create", kind: "refused" }, unheard("volume.delete")],
    isThere: called("volume.delete"),
    expected: "failed",
  },
];

test.each(KILLS)(
  "a process that is killed in $step goes on after its start, and leaves nothing behind",
  async ({ step, faults, isThere, expected }) => {
    const slug = `killed-${step.replaceAll(" ", "-")}`;
    await provider.fail(...faults);
    begunAt = Date.now();
    const made = await core.call("/api/v1/orgs", {
      token: owner.token,
      json: { slug, driver: "mock", machine: { volumeGb: 1 } },
    });
    expect(made.status).toBe(201);
    await expect.poll(() => isThere(slug), { timeout: FAULT_MS, interval: 5 }).toBe(true);
    await killAndStart();
    await provider.fail();
    const { machine, provision } = await settled(core, owner.token, slug);
    expect(provision.state, JSON.stringify(provision)).toBe(expected);
    const { groups, volumes, machines } = await provider.holdings();
    const held = [groups, volumes, machines].map(
      (things) => things.filter(({ tags }) => tags.org === made.json.id).length,
    );
    expect(held).toEqual(expected === "done" ? [1, 1, 1] : [0, 0, 0]);
    const { json } = await core.call(`/api/v1/orgs/${slug}`, { token: owner.token });
    expect(json.state).toBe(expected === "done" ? "running" : "failed");
    if (expected === "done") {
      const projection = (await core.door("state", "projection", made.json.id)).value;
      expect(projection).toMatchObject({ state: "running", machine: { id: machine.id, state: "started" } });
    } else expect(machine).toBeNull();
  },
  FAULT_MS + 60_000,
);

test("invariant 3: a wait that was cut off leaves something that is adopted, by the run that goes on", async () => {
  await provider.fail({ operation: "machine.start", kind: "slow", ms: 5_000 });
  const json = { slug: "adopted", driver: "mock" };
  const made = await core.call("/api/v1/orgs", { token: owner.token, json });
  await expect.poll(() => stepIs("ready", ["running"])("adopted"), { timeout: FAULT_MS }).toBe(true);
  const ids = async () =>
    (await provider.holdings()).machines.filter(({ tags }) => tags.org === made.json.id).map(({ id }) => id);
  const before = await ids();
  await killAndStart();
  const { rows } = await database.client.query("select attempt from provision where org_id = $1", [made.json.id]);
  expect(rows[0].attempt).toBeGreaterThan(1);
  expect((await settled(core, owner.token, "adopted")).provision.state).toBe("done");
  expect(await ids()).toEqual(before);
}, 120_000);

test("a run whose lease is over is superseded by another, and the machine is made once", async () => {
  await provider.fail({ operation: "machine.create", kind: "late", ms: 3_000 });
  begunAt = Date.now();
  const made = await core.call("/api/v1/orgs", { token: owner.token, json: { slug: "stolen", driver: "mock" } });
  await expect.poll(called("machine.create"), { timeout: FAULT_MS }).toBe(true);
  await database.client.query("update provision set lease_until = now() - interval '1 second' where org_id = $1", [
    made.json.id,
  ]);
  await core.tick();
  expect((await settled(core, owner.token, "stolen")).provision.state).toBe("done");
  await new Promise((done) => setTimeout(done, 3_500));
  const { groups, machines } = await provider.holdings();
  const mine = [...groups, ...machines].filter(({ tags }) => tags.org === made.json.id);
  expect(mine).toHaveLength(2);
  const { rows } = await database.client.query("select attempt, state from provision where org_id = $1", [
    made.json.id,
  ]);
  expect(rows).toEqual([{ attempt: 2, state: "done" }]);
}, 120_000);
