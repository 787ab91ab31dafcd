import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { PROVISION_STEPS } from "../../contracts/machines.ts";
import { type Core, startCore } from "./support/core.ts";
import { FAULT_CASES, FAULT_MS, meet, settled } from "./support/faults.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";
import { followProgress } from "./support/progress.ts";
import { startProvider, type TestProvider } from "./support/provider.ts";

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
afterEach(() => provider.fail());

const send = (method: string, path: string, json?: unknown, token = owner.token) =>
  core.call(`/api/v1/orgs${path}`, { method, token, ...(json === undefined ? {} : { json }) });
const give = (slug: string, machine: object = {}) => send("POST", "", { slug, driver: "mock", machine });
const machineOf = async (slug: string) => (await send("GET", `/${slug}/machine`)).json;
const starting = (slug: string) =>
  expect.poll(async () => (await machineOf(slug)).machine?.state, { timeout: FAULT_MS }).toBe("starting");
const stateOf = async (slug: string) => (await send("GET", `/${slug}`)).json.state;
const projectionOf = async (orgId: string) => (await core.door("state", "projection", orgId)).value;
/** Things at the provider that belong to an org. */
const heldFor = async (orgId: string): Promise<string[]> => {
  const { groups, volumes, machines } = await provider.holdings();
  return [...groups, ...volumes, ...machines].filter(({ tags }) => tags.org === orgId).map(({ id }) => id);
};
const destroyed = (slug: string) =>
  expect.poll(async () => (await machineOf(slug)).machine, { timeout: FAULT_MS }).toBeNull();

describe("an org that is made with a driver", () => {
  test("is provisioning first, shows its steps, and has its machine in the end", async () => {
    const made = await give("shop", { volumeGb: 1 });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ driver: "mock", state: "provisioning" });
    expect((await projectionOf(made.json.id)).state).toMatch(/provisioning|starting|running/);
    const { machine, provision } = await settled(core, owner.token, "shop");
    expect(provision).toMatchObject({ state: "done", error: null, machineId: machine.id });
    expect(provision.steps.map(({ step, state }: Record<string, string>) => [step, state])).toEqual(
      PROVISION_STEPS.map((step) => [step, "done"]),
    );
    expect(machine).toMatchObject({ state: "started", health: "healthy", driver: "mock", region: "near" });
    expect(await stateOf("shop")).toBe("running");
    const projection = await projectionOf(made.json.id);
    expect(projection).toMatchObject({ state: "running", machine: { id: machine.id, state: "started" } });
    expect((await fetch(projection.machine.origin)).status).toBe(200);
  });

  test("cannot have a driver that is not enabled, nor what its driver cannot do", async () => {
    const unknown = await send("POST", "", { slug: "other", driver: "fly" });
    expect([unknown.status, unknown.json.error.message]).toEqual([
      422,
      "The driver fly is not enabled here. Choose one of: isolate, external, mock.",
    ]);
    const volume = await send("POST", "", { slug: "other", driver: "external", machine: { volumeGb: 1 } });
    expect([volume.status, volume.json.error.details.issues[0].field]).toEqual([422, "volumeGb"]);
    const none = await send("POST", "", { slug: "other", machine: {} });
    expect([none.status, none.json.error.details.issues[0].field]).toEqual([422, "machine"]);
    expect((await send("GET", "/other")).status).toBe(404);
  });

  test("with isolates answers at once and asks no provider", async () => {
    const before = (await provider.holdings()).calls.length;
    const made = await send("POST", "", { slug: "plain" });
    expect(made.json).toMatchObject({ driver: "isolate", state: "running" });
    expect(await machineOf("plain")).toEqual({ machine: null, provision: null });
    expect((await provider.holdings()).calls).toHaveLength(before);
  });

  test("may have no more machines than its plan says", async () => {
    const plan = { title: "None", quotas: { machines: 0 } };
    await core.call("/api/v1/plans/none", { method: "PUT", token: owner.token, json: plan });
    const refused = await send("POST", "", { slug: "poor", driver: "mock", plan: "none" });
    expect([refused.status, refused.json.error.code]).toEqual([403, "over_quota"]);
    expect((await send("GET", "/poor")).status).toBe(404);
  });
});

describe("what providers do", () => {
  test.each(FAULT_CASES.map((fault, place) => [fault.name, fault, place] as const))(
    "%s",
    async (_, fault, place) => {
      const slug = `fault-${place}`;
      const outcome = await meet(core, provider, owner.token, slug, fault);
      const { expected: state, code = null, machines, volumes } = fault;
      expect(outcome, outcome.message ?? "").toMatchObject({ state, code, machines, volumes, orphans: 0 });
      expect(await stateOf(slug)).toBe(state);
      if (state === "failed") {
        expect((await machineOf(slug)).machine).toBeNull();
        expect(outcome.message).not.toBe("");
      }
    },
    FAULT_MS + 20_000,
  );

  test("a machine that dies at once is told with its last lines", async () => {
    const made = await give("dies", { image: "mock:exits" });
    const { provision } = await settled(core, owner.token, "dies");
    expect(provision.error).toMatchObject({ code: "exited" });
    expect(provision.error.lines).toContain("Error: the setting PORT is not a number");
    expect(provision.steps.find(({ step }: { step: string }) => step === "ready").state).toBe("failed");
    expect(await heldFor(made.json.id)).toEqual([]);
  });
});

describe("an org on isolates", () => {
  test("is given a machine while its scripts answer, and its scripts answer again when that is destroyed", async () => {
    const orgId = await makeOrg(core, owner.token, "grows");
    await provider.fail({ operation: "machine.start", kind: "slow", ms: 1_000 });
    const given = await send("POST", "/grows/machine", { driver: "mock", volumeGb: 1 });
    expect([given.status, given.json.provision.state, given.json.machine]).toEqual([202, "running", null]);
    await starting("grows");
    expect((await send("GET", "/grows")).json).toMatchObject({ state: "running", driver: "isolate" });
    expect((await projectionOf(orgId)).machine ?? null).toBeNull();
    await settled(core, owner.token, "grows");
    expect((await send("GET", "/grows")).json).toMatchObject({ state: "running", driver: "mock" });
    expect((await projectionOf(orgId)).machine).toMatchObject({ state: "started" });
    expect((await core.edge()).forgotten).toContain("grows");

    expect((await send("DELETE", "/grows/machine?confirm=other")).status).toBe(422);
    const gone = await send("DELETE", "/grows/machine?confirm=grows");
    expect([gone.status, gone.json.machine?.state ?? "destroying"]).toEqual([202, "destroying"]);
    await destroyed("grows");
    expect((await send("GET", "/grows")).json).toMatchObject({ state: "running", driver: "isolate" });
    expect((await projectionOf(orgId)).machine ?? null).toBeNull();
    expect(await heldFor(orgId)).toEqual([]);
  });

  test("that gets no machine stays as it was, and may try again", async () => {
    const orgId = await makeOrg(core, owner.token, "stays");
    await provider.fail({ operation: "machine.create", kind: "refused" });
    await send("POST", "/stays/machine", { driver: "mock" });
    expect((await settled(core, owner.token, "stays")).provision).toMatchObject({ state: "failed" });
    expect((await send("GET", "/stays")).json).toMatchObject({ state: "running", driver: "isolate" });
    expect((await projectionOf(orgId)).state).toBe("running");
    expect((await send("POST", "/stays/machine/retry")).status).toBe(202);
    expect((await settled(core, owner.token, "stays")).provision).toMatchObject({ state: "done" });
    const again = await send("POST", "/stays/machine/retry");
    expect([again.status, again.json.error.code]).toEqual([409, "conflict"]);
    expect((await send("POST", "/stays/machine", { driver: "mock" })).status).toBe(409);
  });

  test("gets one machine when it is asked for twice at once", async () => {
    const orgId = await makeOrg(core, owner.token, "twice");
    const asked = await Promise.all([1, 2, 3].map(() => send("POST", "/twice/machine", { driver: "mock" })));
    expect(asked.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 409, 409]);
    await settled(core, owner.token, "twice");
    expect(await heldFor(orgId)).toHaveLength(2);
  });
});

describe("an org that could not get its first machine", () => {
  test("has failed, tries again, and may go on without one", async () => {
    await provider.fail({ operation: "machine.create", kind: "refused", times: 2 });
    const { id } = (await give("unlucky")).json;
    await settled(core, owner.token, "unlucky");
    expect(await stateOf("unlucky")).toBe("failed");
    expect((await projectionOf(id)).state).toBe("failed");
    expect((await core.door("directory", "provisionProgress", id)).value).toMatchObject({
      state: "failed",
      step: "credentials",
    });
    expect((await send("POST", "/unlucky/machine/retry")).json.provision).toMatchObject({ state: "running" });
    expect(["provisioning", "starting", "failed"]).toContain(await stateOf("unlucky"));
    await settled(core, owner.token, "unlucky");
    expect(await stateOf("unlucky")).toBe("failed");
    await send("DELETE", "/unlucky/machine?confirm=unlucky");
    expect((await send("GET", "/unlucky")).json).toMatchObject({ state: "running", driver: "isolate" });
    expect((await projectionOf(id)).state).toBe("running");
    expect((await send("DELETE", "/unlucky/machine?confirm=unlucky")).status).toBe(409);
  });
});

describe("a provision under way", () => {
  test("is cancelled with everything that it has made, and the org goes on by its scripts", async () => {
    await provider.fail({ operation: "machine.start", kind: "slow", ms: 30_000 });
    const { id } = (await give("changes", { volumeGb: 1 })).json;
    await starting("changes");
    expect((await core.door("directory", "provisionProgress", id)).value).toMatchObject({ total: 7 });
    expect((await send("DELETE", "/changes/machine?confirm=changes")).status).toBe(202);
    const { provision, machine } = await settled(core, owner.token, "changes");
    expect([provision.state, provision.error.code, machine]).toEqual(["failed", "cancelled", null]);
    expect(provision.steps.slice(0, 5).map(({ state }: { state: string }) => state)).toEqual(Array(5).fill("undone"));
    expect((await send("GET", "/changes")).json).toMatchObject({ state: "running", driver: "isolate" });
    expect(await heldFor(id)).toEqual([]);
  });

  test("ends at its deadline, and a machine that never answers is taken down", async () => {
    const { id } = (await give("silent", { image: "mock:silent" })).json;
    await starting("silent");
    await core.sql.query("update provision set deadline_at = now() where org_id = $1", [id]);
    expect((await settled(core, owner.token, "silent")).provision).toMatchObject({
      state: "failed",
      error: { code: "timeout" },
    });
    expect(await heldFor(id)).toEqual([]);
  });

  test("is taken down when the token is revoked half-way, as soon as there is a good one again", async () => {
    await provider.fail({ operation: "volume.create", kind: "lost" }, { kind: "revoked", after: 4, times: 0 });
    const { id } = (await give("revoked", { volumeGb: 1 })).json;
    await expect.poll(() => stateOf("revoked"), { timeout: FAULT_MS }).toBe("failed");
    const left = await machineOf("revoked");
    expect(left.provision).toMatchObject({ state: "compensating", error: { code: "unauthorized" } });
    const early = await send("POST", "/revoked/machine/retry");
    expect([early.status, early.json.error.code]).toEqual([409, "conflict"]);
    expect(await heldFor(id)).not.toEqual([]);
    await provider.fail();
    expect((await settled(core, owner.token, "revoked")).provision.state).toBe("failed");
    expect(await heldFor(id)).toEqual([]);
  });
});

describe("who follows how a machine comes up", () => {
  test("is told of every step, and of the end", async () => {
    await give("followed");
    const events = await followProgress(core, "followed", owner.token);
    expect(events.at(-1)).toMatchObject({ type: "end", state: "running", provision: { state: "done" } });
    const seen = new Set(events.map(({ machine }) => machine?.state ?? "none"));
    expect(seen.size).toBeGreaterThan(1);
    expect(events.slice(0, -1).every(({ type }) => type === "progress")).toBe(true);
  });

  test("of an org that stands is told so at once", async () => {
    await makeOrg(core, owner.token, "stands");
    expect((await followProgress(core, "stands", owner.token)).map(({ type }) => type)).toEqual(["progress", "end"]);
  });
});

describe("invariants", () => {
  test("invariant 1: the provider's id is stored before any wait", async () => {
    await provider.fail({ operation: "machine.start", kind: "slow", ms: 2_000 });
    const { id } = (await give("stored", { volumeGb: 1 })).json;
    await starting("stored");
    const { rows } = await core.sql.query("select provider from provision where org_id = $1", [id]);
    const { volumes, machines } = await provider.holdings();
    const mine = (things: { tags: { org: string }; id: string }[]) => things.find(({ tags }) => tags.org === id)?.id;
    expect(rows[0].provider).toMatchObject({ volumeId: mine(volumes), machineId: mine(machines) });
    await settled(core, owner.token, "stored");
  });

  test.each(["broken", "unavailable", "late"] as const)(
    "invariant 2: a machine is made once when the provider is %s, and again only when it is surely gone",
    async (kind) => {
      const slug = `once-${kind}`;
      await provider.fail({ operation: "machine.get", kind, times: 2, ms: 1_000 });
      const { id } = (await give(slug)).json;
      await settled(core, owner.token, slug);
      const { machines } = await provider.holdings();
      const mine = machines.filter(({ tags }) => tags.org === id);
      expect(mine).toHaveLength(1);
      expect(new Date(mine[0]?.createdAt ?? 0).getTime()).toBeLessThan(Date.now());
    },
  );

  test("invariant 2: a machine that its provider has lost is made again", async () => {
    await provider.fail({ operation: "machine.start", kind: "slow", ms: 1_500 });
    const { id } = (await give("lost")).json;
    await starting("lost");
    const find = async () => (await provider.holdings()).machines.find(({ tags }) => tags.org === id)?.id ?? "";
    await expect.poll(find, { timeout: FAULT_MS }).not.toBe("");
    const first = await find();
    await provider.ask("POST", `/machines/${first}/vanish`);
    expect((await settled(core, owner.token, "lost")).provision.state).toBe("done");
    expect(await find()).not.toBe(first);
    expect((await provider.holdings()).machines.filter(({ tags }) => tags.org === id)).toHaveLength(1);
  });

  test("invariant 4: credentials are stored before the machine starts, and only their hash", async () => {
    const { id } = (await give("secret")).json;
    const { provision } = await settled(core, owner.token, "secret");
    const when = Object.fromEntries(provision.steps.map((step: Record<string, unknown>) => [step["step"], step]));
    expect(when.credentials.endedAt).toBeLessThanOrEqual(when.start.startedAt);
    const { rows } = await core.sql.query("select enrolment_hash from provision where org_id = $1", [id]);
    expect(rows[0].enrolment_hash).toMatch(/^[0-9a-f]{64}$/);
    const { machines } = await provider.holdings();
    const given = machines.find(({ tags }) => tags.org === id)?.environment ?? {};
    expect(Object.keys(given).sort()).toEqual(["ISOLA_ENROLMENT_TOKEN", "ISOLA_MACHINE_ID", "ISOLA_URL"]);
  });

  test("invariant 5: a failure leaves no half row", async () => {
    await provider.fail({ operation: "machine.start", kind: "no_capacity", times: 0 });
    const { id } = (await give("half", { volumeGb: 1 })).json;
    expect((await settled(core, owner.token, "half")).provision.error.code).toBe("no_capacity");
    expect((await core.sql.query("select 1 from machine where org_id = $1", [id])).rows).toEqual([]);
    expect(await heldFor(id)).toEqual([]);
  });

  test("invariant 14: what is being destroyed is never made again", async () => {
    const { id } = (await give("doomed", { volumeGb: 1 })).json;
    await settled(core, owner.token, "doomed");
    await provider.fail({ operation: "machine.delete", kind: "broken", times: 3 });
    await send("DELETE", "/doomed/machine?confirm=doomed");
    for (const path of ["/doomed/machine", "/doomed/machine/retry"]) {
      expect((await send("POST", path, path.endsWith("retry") ? undefined : { driver: "mock" })).status).toBe(409);
    }
    const before = (await provider.holdings()).calls.filter(({ operation }) => operation === "machine.create").length;
    await expect
      .poll(
        async () => {
          await core.tick();
          return (await machineOf("doomed")).machine;
        },
        { timeout: FAULT_MS },
      )
      .toBeNull();
    const after = (await provider.holdings()).calls.filter(({ operation }) => operation === "machine.create").length;
    expect(after).toBe(before);
    expect(await heldFor(id)).toEqual([]);
  });

  test("invariant 15: a machine is destroying until machine and volume are confirmed absent", async () => {
    const { id } = (await give("lasting", { volumeGb: 1 })).json;
    await settled(core, owner.token, "lasting");
    await provider.fail({ operation: "volume.delete", kind: "unavailable", times: 0 });
    await send("DELETE", "/lasting/machine?confirm=lasting");
    await expect
      .poll(async () => (await machineOf("lasting")).machine?.error?.code, { timeout: FAULT_MS })
      .toBe("unavailable");
    await core.tick();
    expect((await machineOf("lasting")).machine).toMatchObject({ state: "destroying" });
    expect((await send("GET", "/lasting")).json.driver).toBe("mock");
    expect(await heldFor(id)).not.toEqual([]);
    await provider.fail();
    await core.tick();
    expect((await machineOf("lasting")).machine).toBeNull();
    expect(await heldFor(id)).toEqual([]);
  });

  test("invariant 20: the provider is shown no lasting secret, and nobody is shown the provider's token", async () => {
    const { id } = (await give("shown")).json;
    await settled(core, owner.token, "shown");
    const projection = await projectionOf(id);
    const text = JSON.stringify([await machineOf("shown"), projection]) + core.printed();
    expect(text).not.toContain(provider.bindings["MOCK_PROVIDER_TOKEN"]);
    expect(text).not.toContain("a-machine-key");
    expect(text).not.toMatch(/isola_enrol_/);
    expect(JSON.stringify((await provider.holdings()).machines)).not.toMatch(/a-machine-key|whsec_/);
  });

  test("invariant 24: who asked for a machine and what became of it is written down", async () => {
    const { id } = (await give("noted")).json;
    await settled(core, owner.token, "noted");
    await send("DELETE", "/noted/machine?confirm=noted");
    await destroyed("noted");
    const { rows } = await core.sql.query(
      "select action, actor_id, entry from audit_log where org_id = $1 and action like 'machine.%' order by at, id",
      [id],
    );
    const actions = rows.map(({ action }) => action);
    for (const action of ["machine.create", "machine.state", "machine.publish", "machine.destroyed"]) {
      expect(actions).toContain(action);
    }
    const asked = rows.find(({ action, entry }) => action === "machine.state" && entry.includes('"destroying"'));
    expect(asked?.actor_id).toMatch(/^key_/);
    for (const { entry } of rows)
      expect(Object.keys(JSON.parse(entry).details)).toEqual(expect.arrayContaining(["before", "after"]));
  });

  test("invariant 25: who loses the right to look is told no more", async () => {
    await provider.fail({ operation: "machine.start", kind: "slow", ms: 20_000 });
    const { id } = (await give("hidden")).json;
    const viewer = await join(core, "member", { [id]: "viewer" });
    const key = await giveKey(core, viewer.id);
    const following = followProgress(core, "hidden", key);
    await starting("hidden");
    await core.sql.query("delete from member where org_id = $1 and user_id = $2", [id, viewer.id]);
    const events = await following;
    expect(events.some(({ type }) => type === "end")).toBe(false);
    await send("DELETE", "/hidden/machine?confirm=hidden");
    await settled(core, owner.token, "hidden");
  });
});
