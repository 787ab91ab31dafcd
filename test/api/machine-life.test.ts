import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { MACHINE_PROBES_MAX, MACHINE_TRANSITION_MS } from "../../contracts/limits.ts";
import { type Answer, type Core, startCore } from "./support/core.ts";
import { claim, type Person } from "./support/people.ts";
import { startProvider, type TestProvider } from "./support/provider.ts";

const UP_MS = 15_000;

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
beforeEach(() => provider.fail());

const send = (method: string, path: string, json?: unknown): Promise<Answer> =>
  core.call(`/api/v1${path}`, { method, token: owner.token, ...(json === undefined ? {} : { json }) });
const machineOf = async (slug: string) => (await send("GET", `/orgs/${slug}/machine`)).json.machine;
const demand = (slug: string, verb: string): Promise<Answer> => send("POST", `/orgs/${slug}/machine/${verb}`);
const reaches = (slug: string, state: string) =>
  expect.poll(async () => (await machineOf(slug))?.state, { timeout: UP_MS }).toBe(state);
const edgesOf = async (orgId: string) => (await core.door("state", "projection", orgId)).value?.machine;
const set = (machineId: string, assignment: string) =>
  core.sql.query(`update machine set ${assignment} where id = $1`, [machineId]);
/** Makes it as if the machine had been in its state for longer than machines take. */
const overdue = (machineId: string) =>
  set(machineId, `state_at = now() - interval '${MACHINE_TRANSITION_MS + 60_000} ms'`);
const calls = async (operation: string): Promise<number> =>
  (await provider.holdings()).calls.filter((call) => call.operation === operation).length;
/** The provider's own machine of an org's. */
const heldOf = async (machineId: string) => {
  const { machines } = await provider.holdings();
  const found = machines.find(({ tags }) => tags.machine === machineId);
  if (found === undefined) throw new Error(`the provider has no ${machineId}`);
  return found;
};

interface Up {
  orgId: string;
  machineId: string;
  slug: string;
}

/** An org whose machine runs. */
async function up(slug: string, machine: Record<string, unknown> = {}): Promise<Up> {
  const made = await send("POST", "/orgs", { slug, driver: "mock", machine });
  expect(made.status, made.text).toBe(201);
  await expect.poll(async () => (await send("GET", `/orgs/${slug}`)).json.state, { timeout: UP_MS }).toBe("running");
  return { orgId: made.json.id, machineId: (await machineOf(slug)).id, slug };
}

test("invariant 16: a platform without machines asks no provider anything", async () => {
  expect(await core.tick()).toBe("ok");
  expect(await send("POST", "/machines/reconcile", { dryRun: false })).toMatchObject({
    status: 200,
    json: { dryRun: false, looked: 0, changes: [], failures: [] },
  });
  expect((await provider.holdings()).calls).toEqual([]);
});

test("what can stand behind an org is listed", async () => {
  const { items } = (await send("GET", "/drivers")).json;
  expect(items.map(({ driver }: { driver: string }) => driver)).toEqual(["isolate", "external", "mock"]);
  expect(items[2]).toMatchObject({ volumes: true, image: "mock:hello" });
});

describe("a machine", () => {
  test("is stopped, started and restarted, and the edges know each time", async () => {
    const { orgId, machineId } = await up("anna");
    const stopping = await demand("anna", "stop");
    expect([stopping.status, stopping.json.machine.state]).toEqual([202, "stopping"]);
    await reaches("anna", "stopped");
    expect((await heldOf(machineId)).state).toBe("stopped");
    expect(await edgesOf(orgId)).toMatchObject({ state: "stopped" });

    const starting = await demand("anna", "start");
    expect([starting.status, starting.json.machine.state]).toEqual([202, "starting"]);
    await reaches("anna", "started");
    const { origin } = await machineOf("anna");
    expect(await edgesOf(orgId)).toMatchObject({ state: "started", origin });
    expect((await fetch(origin)).status).toBe(200);

    const before = await calls("machine.start");
    expect((await demand("anna", "restart")).json.machine.state).toBe("starting");
    await reaches("anna", "started");
    expect(await calls("machine.start")).toBe(before + 1);
    expect((await heldOf(machineId)).state).toBe("started");
  });

  test("invariant 24: each change says who, what before and what after", async () => {
    await up("bert");
    await demand("bert", "stop");
    await reaches("bert", "stopped");
    const { rows } = await core.sql.query(
      `select actor_id, details from audit_log where action = 'machine.state' and target = 'bert' order by seq`,
    );
    const changes = rows.map(({ actor_id, details }) => [actor_id === "machines", details.before, details.after]);
    expect(changes.slice(-2)).toEqual([
      [false, "started", "stopping"],
      [true, "stopping", "stopped"],
    ]);
  });

  test("stays as it is where it is so already", async () => {
    await up("cara");
    const before = (await provider.holdings()).calls.length;
    expect((await demand("cara", "start")).json.machine.state).toBe("started");
    await demand("cara", "stop");
    await reaches("cara", "stopped");
    expect((await demand("cara", "stop")).json.machine.state).toBe("stopped");
    expect((await provider.holdings()).calls.length).toBeGreaterThan(before);
  });

  test("that its provider refuses to start has failed, and says why", async () => {
    const { machineId } = await up("dirk");
    await demand("dirk", "stop");
    await reaches("dirk", "stopped");
    await provider.fail({ operation: "machine.start", kind: "refused", times: 0 });
    await demand("dirk", "start");
    await reaches("dirk", "failed");
    expect((await machineOf("dirk")).error.code).toBe("quota");
    await provider.fail();
    await demand("dirk", "start");
    await reaches("dirk", "started");
    expect(await machineOf("dirk")).toMatchObject({ id: machineId, error: null });
  });

  test("is started although its provider is in trouble for a while", async () => {
    await up("emma");
    await demand("emma", "stop");
    await reaches("emma", "stopped");
    await provider.fail({ operation: "machine.start", kind: "broken", times: 2 });
    await demand("emma", "start");
    await reaches("emma", "started");
  });

  test("goes on starting with the clock where the process that began was killed", async () => {
    const { machineId } = await up("finn");
    await demand("finn", "stop");
    await reaches("finn", "stopped");
    await set(machineId, "state = 'starting', state_at = now()");
    await core.tick();
    expect((await heldOf(machineId)).state).toMatch(/^start/);
    await expect
      .poll(async () => [await core.tick(), (await machineOf("finn")).state], { timeout: UP_MS })
      .toEqual(["ok", "started"]);
  });

  test("goes on stopping with the clock likewise", async () => {
    const { machineId } = await up("gina");
    await set(machineId, "state = 'stopping', state_at = now()");
    await expect
      .poll(async () => [await core.tick(), (await machineOf("gina")).state], { timeout: UP_MS })
      .toEqual(["ok", "stopped"]);
    expect((await heldOf(machineId)).state).toBe("stopped");
  });

  test("shows the last lines that it has printed, to those who may see them", async () => {
    await up("hugo");
    const { status, json } = await send("GET", "/orgs/hugo/machine/logs?limit=5");
    expect(status).toBe(200);
    expect(json.items.length).toBeGreaterThan(0);
    await provider.fail({ operation: "machine.logs", kind: "unavailable" });
    expect((await send("GET", "/orgs/hugo/machine/logs")).status).toBe(503);
  });

  test("is among those that the platform's people see", async () => {
    const { machineId } = await up("iris");
    const { json } = await send("GET", "/machines?driver=mock&state=started&limit=100");
    expect(json.items.find(({ id }: { id: string }) => id === machineId).org.slug).toBe("iris");
    const first = (await send("GET", "/machines?limit=1")).json;
    expect(first.items).toHaveLength(1);
    const second = (await send("GET", `/machines?limit=1&cursor=${first.cursor}`)).json;
    expect(second.items[0].id > first.items[0].id).toBe(true);
  });
});

describe("a start", () => {
  test("invariant 4: waits until the edges know the secrets that it needs", async () => {
    const { orgId, machineId } = await up("jana");
    await demand("jana", "stop");
    await reaches("jana", "stopped");
    const before = await calls("machine.start");
    await core.door("state", "destroyOrg", orgId);
    await demand("jana", "start");
    await expect.poll(() => core.printed(), { timeout: UP_MS }).toContain("The edges could not be told");
    expect(await calls("machine.start")).toBe(before);
    expect((await machineOf("jana")).state).toBe("starting");
    await set(machineId, "state = 'destroying'");
  });

  test("has the machine register itself anew, by a token that no earlier run knew", async () => {
    const { machineId } = await up("karl");
    const tokenOf = async (): Promise<string> => (await heldOf(machineId)).environment["ISOLA_ENROLMENT_TOKEN"] ?? "";
    const first = await tokenOf();
    expect((await core.call("/api/v1/machines/enrol", { json: { token: first } })).status).toBe(200);
    await demand("karl", "restart");
    await reaches("karl", "started");
    const second = await tokenOf();
    expect(second).not.toBe(first);
    expect((await core.call("/api/v1/machines/enrol", { json: { token: first } })).status).toBe(401);
    expect((await core.call("/api/v1/machines/enrol", { json: { token: second } })).status).toBe(200);
  });

  test("invariant 7: that takes longer than machines take asks the provider before it is decided", async () => {
    const { machineId } = await up("lena");
    await demand("lena", "stop");
    await reaches("lena", "stopped");
    await provider.fail({ operation: "machine.start", kind: "slow", ms: 4_000 });
    await demand("lena", "start");
    await overdue(machineId);
    const before = await calls("machine.get");
    await core.tick();
    expect(await calls("machine.get")).toBeGreaterThan(before);
    expect((await machineOf("lena")).state).toBe("starting");
    await reaches("lena", "started");
  });

  test("invariant 7: of a machine that runs and does not answer ends as its provider says, and it is unhealthy", async () => {
    const { machineId } = await up("mark");
    await demand("mark", "stop");
    await reaches("mark", "stopped");
    await provider.fail({ operation: "machine.start", kind: "sick" });
    await demand("mark", "start");
    await expect.poll(async () => (await heldOf(machineId)).state, { timeout: UP_MS }).toBe("started");
    await overdue(machineId);
    await reaches("mark", "started");
    expect((await machineOf("mark")).health).toBe("unhealthy");
    for (let times = 0; times < MACHINE_PROBES_MAX; times++) await core.tick();
    expect((await machineOf("mark")).health).toBe("unhealthy");
  });

  test("invariant 8: of a machine whose provision is over without it ends with its destruction", async () => {
    const { machineId } = await up("nils");
    await provider.ask("POST", `/v1/machines/${(await heldOf(machineId)).id}/stop`);
    await core.sql.query("update provision set state = 'failed' where machine_id = $1", [machineId]);
    await set(machineId, "state = 'created', state_at = now()");
    expect(await core.tick()).toBe("ok");
    expect((await machineOf("nils")).state).toBe("created");
    await overdue(machineId);
    await core.tick();
    await expect
      .poll(async () => [await core.tick(), await machineOf("nils")], { timeout: UP_MS })
      .toEqual(["ok", null]);
    expect((await provider.holdings()).machines.some(({ tags }) => tags.machine === machineId)).toBe(false);
  });

  test("invariant 14: never happens to a machine that is being destroyed", async () => {
    const { orgId, machineId } = await up("olaf");
    await set(machineId, "state = 'destroying'");
    await provider.fail({ operation: "group.get", kind: "unavailable", times: 0 });
    const before = await calls("machine.start");
    expect((await demand("olaf", "start")).status).toBe(409);
    expect((await core.door("directory", "wakeMachine", orgId)).value.state).toBe("destroying");
    await core.tick();
    expect((await machineOf("olaf")).state).toBe("destroying");
    expect(await calls("machine.start")).toBe(before);
    await provider.fail();
    await expect
      .poll(async () => [await core.tick(), await machineOf("olaf")], { timeout: UP_MS })
      .toEqual(["ok", null]);
  });
});

describe("a machine that is stopped", () => {
  test("is woken by a request, and once, however many come at once", async () => {
    const { orgId } = await up("paul");
    await demand("paul", "stop");
    await reaches("paul", "stopped");
    const before = await calls("machine.start");
    const woken = await Promise.all(Array.from({ length: 5 }, () => core.door("directory", "wakeMachine", orgId)));
    for (const { value } of woken) expect(value).toMatchObject({ state: "starting" });
    await reaches("paul", "started");
    expect(await calls("machine.start")).toBe(before + 1);
    expect((await core.door("directory", "wakeMachine", orgId)).value.state).toBe("started");
  });

  test("is not woken where its spec says so, nor for what is no org", async () => {
    const { orgId } = await up("quin", { wake: false });
    await demand("quin", "stop");
    await reaches("quin", "stopped");
    expect((await core.door("directory", "wakeMachine", orgId)).value.state).toBe("stopped");
    expect((await machineOf("quin")).state).toBe("stopped");
    for (const id of ["org_00000000000000000000", "", null, 7, {}]) {
      expect((await core.door("directory", "wakeMachine", id)).value).toBeNull();
    }
  });

  test("stopped by itself, for nobody had asked it for anything", async () => {
    const { machineId, orgId } = await up("rosa", { autoStopMinutes: 5 });
    const idle = () => set(machineId, "requested_at = now() - interval '6 minutes'");
    await idle();
    const hourAt = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const counts = { requests: 3, executions: 0, failures: 0, cpuMs: 0, refused: 0 };
    await core.door("state", "appendLog", [], [{ orgId, source: "edge", sequence: 1, hours: [{ hourAt, counts }] }]);
    await core.tick();
    expect((await machineOf("rosa")).state).toBe("started");
    await idle();
    await core.tick();
    await reaches("rosa", "stopped");
  });
});

describe("reconciliation", () => {
  test("finds a machine that is gone, and says so", async () => {
    const { orgId, machineId } = await up("sven");
    await provider.ask("DELETE", `/v1/machines/${(await heldOf(machineId)).id}`);
    await expect
      .poll(async () => [await core.tick(), (await machineOf("sven")).state], { timeout: UP_MS })
      .toEqual(["ok", "failed"]);
    expect((await machineOf("sven")).error.code).toBe("not_found");
    expect((await edgesOf(orgId)).state).toBe("failed");
  });

  test("finds one that has ended by itself, with its last lines", async () => {
    await up("tara");
    await fetch(`${(await machineOf("tara")).origin}/exit`).catch(() => {});
    await expect
      .poll(async () => [await core.tick(), (await machineOf("tara")).state], { timeout: UP_MS })
      .toEqual(["ok", "failed"]);
    const { error } = await machineOf("tara");
    expect(error.code).toBe("exited");
    expect(error.lines.length).toBeGreaterThan(0);
  });

  test("changes nothing while the provider cannot be asked", async () => {
    const { machineId } = await up("udo");
    const before = await machineOf("udo");
    for (const kind of ["broken", "unavailable", "revoked", "busy"] as const) {
      await provider.fail({ kind, times: 0 });
      const { json } = await send("POST", "/machines/reconcile", { dryRun: false });
      expect(json.failures.map((failure: { machineId: string }) => failure.machineId)).toContain(machineId);
    }
    expect(await machineOf("udo")).toEqual(before);
  });

  test("publishes an address that has changed", async () => {
    const { orgId, machineId } = await up("vera");
    const { origin } = await machineOf("vera");
    await set(machineId, "origin = 'http://127.0.0.1:9'");
    await core.tick();
    expect((await machineOf("vera")).origin).toBe(origin);
    expect((await edgesOf(orgId)).origin).toBe(origin);
  });

  test("tells the edges what they were not told", async () => {
    const { orgId, machineId } = await up("wim");
    const projected = await edgesOf(orgId);
    await core.door("state", "setMachine", orgId, { ...projected, state: "stopped", origin: null });
    await set(machineId, "looked_at = null");
    await core.tick();
    expect(await edgesOf(orgId)).toEqual(projected);
  });

  test("only says what it would change, where it is asked to", async () => {
    const { machineId } = await up("xenia");
    await provider.ask("POST", `/v1/machines/${(await heldOf(machineId)).id}/stop`);
    await expect.poll(async () => (await heldOf(machineId)).state, { timeout: UP_MS }).toBe("stopped");
    const dry = (await send("POST", "/machines/reconcile", {})).json;
    expect(dry.dryRun).toBe(true);
    expect(dry.changes).toContainEqual({
      machineId,
      slug: "xenia",
      from: "started",
      to: "stopped",
      reason: expect.any(String),
    });
    expect((await machineOf("xenia")).state).toBe("started");
    await send("POST", "/machines/reconcile", { dryRun: false });
    expect((await machineOf("xenia")).state).toBe("stopped");
  });
});
