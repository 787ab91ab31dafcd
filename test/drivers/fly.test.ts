import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { Driver, Plan } from "../../workers/control-plane/provisioning/driver.ts";
import { Pace } from "../../workers/control-plane/provisioning/drivers/pace.ts";
import { FLY_DOCUMENT } from "./support/fly-document.ts";
import type { Operation } from "./support/fly-fake.ts";
import { type FlyHarness, made, planFor, PLATFORM, startFly, started } from "./support/fly-harness.ts";

const WAYS: [name: string, document: string | null, isHere: boolean][] = [
  ["fly, at a stand-in with a memory", null, true],
  [
    "fly, with each request and answer held to the OpenAPI document (ISOLA_FLY_OPENAPI)",
    FLY_DOCUMENT ?? null,
    FLY_DOCUMENT !== undefined,
  ],
];

describe.each(WAYS)("%s", (_, document, isHere) => {
  const run = isHere ? test : test.skip;
  let fly: FlyHarness;
  let driver: Driver;
  beforeAll(async () => {
    if (!isHere) return;
    fly = await startFly(document);
    ({ driver } = fly);
  });
  beforeEach(() => {
    if (isHere) fly.fake.reset();
  });
  afterEach(() => {
    if (isHere) expect(fly.violations.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    if (isHere) await fly.close();
  });

  const asked = (...operations: Operation[]) => fly.fake.seen.filter(({ operation }) => operations.includes(operation));
  const onlyApp = () => {
    const [app, ...others] = fly.fake.state.apps.values();
    expect(others).toEqual([]);
    if (app === undefined) throw new Error("there is no app");
    return app;
  };

  describe("bringing a machine up", () => {
    run(
      "makes an app with a network and an address of its own, a volume, and a machine that is not started",
      async () => {
        const plan = planFor({ volumeGb: 3, port: 3000, environment: { COLOUR: "blue" }, size: "performance-2x" });
        const { known } = await made(driver, plan);
        const app = onlyApp();
        expect(app).toMatchObject({
          organisation: fly.fake.organisation,
          network: app.name,
          addresses: [expect.any(String)],
        });
        expect(app.name).toBe(`isola-${PLATFORM}-${plan.owner.machineId.slice(4)}`);
        expect(app.volumes).toMatchObject([{ name: "data", region: "fra", size_gb: 3, encrypted: true }]);
        const [machine] = app.machines;
        expect(machine).toMatchObject({ state: "created", region: "fra" });
        expect(machine?.config).toMatchObject({
          image: "nginx:1.29",
          env: { COLOUR: "blue", ...plan.environment },
          guest: { cpu_kind: "performance", cpus: 2, memory_mb: 4_096 },
          metadata: { isola_platform: PLATFORM, isola_org: plan.owner.orgId, isola_machine: plan.owner.machineId },
          mounts: [{ volume: app.volumes[0]?.id, path: "/data" }],
          services: [{ internal_port: 3000, autostop: false, autostart: false, ports: [{ port: 80 }, { port: 443 }] }],
        });
        expect(known).toEqual({
          app: app.name,
          volumeId: app.volumes[0]?.id,
          volumeRegion: "fra",
          volumeCreatedAt: app.volumes[0]?.created_at,
          machineId: machine?.id,
          region: "fra",
        });
      },
    );

    run("starts it, and says where it answers once it has started", async () => {
      fly.fake.state.startMs = 60;
      const plan = await made(driver, planFor());
      expect(await driver.observe(plan)).toMatchObject({ state: "created", origin: null });
      await driver.start(plan);
      expect(await driver.observe(plan)).toEqual({
        state: "started",
        origin: `https://${onlyApp().name}.fly.dev`,
        network: "public",
        region: "fra",
        reason: null,
      });
    });

    run("makes, starts and stops nothing a second time when each call is repeated", async () => {
      let plan = planFor({ volumeGb: 1 });
      for (const step of ["prepare", "makeVolume", "makeMachine"] as const) {
        const known = await driver[step](plan);
        // A run that was cut off before it wrote down what it had made asks with what it knew before.
        expect(await driver[step](plan)).toEqual(known);
        plan = { ...plan, known };
        expect(await driver[step](plan)).toEqual(known);
      }
      const app = onlyApp();
      expect([app.volumes.length, app.machines.length, app.addresses.length]).toEqual([1, 1, 1]);
      await driver.start(plan);
      await driver.start(plan);
      await expect.poll(async () => (await driver.observe(plan)).state).toBe("started");
      await driver.stop(plan);
      await driver.stop(plan);
      await expect.poll(async () => (await driver.observe(plan)).state).toBe("stopped");
      expect(asked("start")).toHaveLength(1);
      expect(asked("stop")).toHaveLength(1);
    });

    run(
      "invariant 20: the provider is shown no secret but the machine's one-time token, and no token stays after its time",
      async () => {
        const plan = planFor();
        const withToken = { ...plan, environment: { ...plan.environment, ISOLA_ENROLMENT_TOKEN: "isola_enrol_once" } };
        const up = await started(driver, withToken);
        expect(onlyApp().machines[0]?.config.env).toEqual(withToken.environment);
        await driver.stop(up);
        await expect.poll(async () => (await driver.observe(up)).state).toBe("stopped");
        await driver.start({ ...up, environment: plan.environment });
        expect(onlyApp().machines[0]?.config.env).toEqual(plan.environment);
        expect(asked("updateMachine")).toHaveLength(1);
        for (const { body, path } of fly.fake.seen) expect(path + body).not.toMatch(new RegExp(fly.fake.token));
      },
    );
  });

  describe("when an answer is lost after the thing was done", () => {
    const steps: [Operation, (plan: Plan) => Promise<Plan>][] = [
      ["createApp", async (plan) => ({ ...plan, known: await driver.prepare(plan) })],
      ["assignAddress", async (plan) => ({ ...plan, known: await driver.prepare(plan) })],
      ["createVolume", async (plan) => ({ ...plan, known: await driver.makeVolume(plan) })],
      ["createMachine", async (plan) => ({ ...plan, known: await driver.makeMachine(plan) })],
      ["start", async (plan) => (await driver.start(plan), plan)],
      ["stop", async (plan) => (await driver.stop(plan), plan)],
    ];
    const before: Record<string, Operation[]> = {
      createVolume: ["createApp"],
      createMachine: ["createApp", "createVolume"],
      start: ["createApp", "createVolume", "createMachine"],
      stop: ["createApp", "createVolume", "createMachine", "start"],
    };
    run.each(steps)("invariant 1: by %s, the same again finds it, and there is one", async (operation, step) => {
      let plan = planFor({ volumeGb: 1 });
      for (const earlier of before[operation] ?? []) {
        plan = await (steps.find(([name]) => name === earlier)?.[1](plan) ?? plan);
        if (earlier === "start") await expect.poll(async () => (await driver.observe(plan)).state).toBe("started");
      }
      fly.fake.faults.push({ operation, times: 1, loseAnswer: true });
      const cut = await step(plan).catch((error: unknown) => error);
      // Or it looked, and saw that it was done.
      if (cut instanceof Error) expect(cut).toMatchObject({ name: "ProviderError", retry: true });
      const again = await step(plan);
      const { volumes, machines, addresses } = onlyApp();
      expect(addresses).toHaveLength(1);
      expect(volumes.length).toBeLessThanOrEqual(1);
      expect(machines.length).toBeLessThanOrEqual(1);
      if (machines.length > 0) expect(again.known["machineId"]).toBe(machines[0]?.id);
    });

    run("by a removal, the same again confirms that nothing is left", async () => {
      const plan = await started(driver, planFor({ volumeGb: 1 }));
      for (const operation of ["deleteMachine", "deleteVolume", "deleteApp"] as const) {
        fly.fake.faults.push({ operation, times: 1, loseAnswer: true });
        const cut = await driver.destroy(plan).catch((error: unknown) => error);
        if (cut !== undefined) expect(cut).toMatchObject({ name: "ProviderError", retry: true });
      }
      await driver.destroy(plan);
      expect(fly.fake.state.apps.size).toBe(0);
    });
  });

  describe("adopting", () => {
    run("an app of that name is taken for ours in our organisation only", async () => {
      const plan = planFor();
      const known = await driver.prepare(plan);
      onlyApp().organisation = "somebody-else";
      await expect(driver.prepare(plan)).rejects.toMatchObject({ code: "name_taken", retry: false });
      await expect(driver.prepare({ ...plan, known })).rejects.toMatchObject({ code: "name_taken" });
      await driver.destroy(plan);
      expect(fly.fake.state.apps.size).toBe(1);
    });

    run("a machine of that name without our tags is another's", async () => {
      const plan = planFor();
      const known = await driver.prepare(plan);
      fly.fake.state.createMachine(onlyApp(), { name: "main", region: "fra", config: { image: "other" } });
      await expect(driver.makeMachine({ ...plan, known })).rejects.toMatchObject({ code: "name_taken" });
    });

    run("invariant 11: what runs comes before what starts, is stopped and was only made, then the newest", async () => {
      const plan = planFor();
      const known = await driver.prepare(plan);
      const { state } = fly.fake;
      const metadata = { isola_platform: PLATFORM, isola_machine: plan.owner.machineId };
      const put = (name: string, at: string, tags: Record<string, string> = metadata) => {
        const machine = state.createMachine(onlyApp(), { name, region: "fra", config: { image: "i", metadata: tags } });
        machine.state = at;
        return machine.id;
      };
      const chosen = async () => (await driver.makeMachine({ ...plan, known }))["machineId"];
      put("foreign", "started", { ...metadata, isola_platform: "another00000" });
      put("gone", "destroyed");
      put("a", "created");
      const newer = put("b", "created");
      expect(await chosen()).toBe(newer);
      const stopped = put("c", "stopped");
      expect(await chosen()).toBe(stopped);
      const starting = put("d", "starting");
      expect(await chosen()).toBe(starting);
      const running = put("e", "started");
      put("f", "starting");
      expect(await chosen()).toBe(running);
    });
  });

  describe("its data", () => {
    run("invariant 9: a machine is made in the region of its volume, and starts with that volume only", async () => {
      const plan = planFor({ volumeGb: 1, regions: ["ams", "fra"] });
      let known = await driver.prepare(plan);
      known = await driver.makeVolume({ ...plan, known });
      const elsewhere = { ...plan, spec: { ...plan.spec, regions: ["fra"] } };
      known = await driver.makeMachine({ ...elsewhere, known });
      const { machines } = onlyApp();
      expect(machines[0]?.region).toBe("ams");
      machines[0]!.config.mounts = [];
      await expect(driver.start({ ...plan, known })).rejects.toMatchObject({ code: "wrong_volume", retry: false });
      expect(asked("start")).toEqual([]);
    });

    run("invariant 10: where the known volume is gone, nothing empty takes its place", async () => {
      const plan = await made(driver, planFor({ volumeGb: 1 }));
      const [volume] = onlyApp().volumes;
      volume!.state = "pending_destroy";
      await expect(driver.makeVolume(plan)).rejects.toMatchObject({ code: "wrong_volume" });
      await expect(driver.makeMachine(plan)).rejects.toMatchObject({ code: "wrong_volume" });
      await expect(driver.start(plan)).rejects.toMatchObject({ code: "wrong_volume" });
      expect(onlyApp().volumes).toHaveLength(1);
    });

    run("invariant 10: a volume that was put in the known one's place is not started over", async () => {
      const plan = await made(driver, planFor({ volumeGb: 1 }));
      onlyApp().volumes[0]!.created_at = new Date(0).toISOString();
      await expect(driver.start(plan)).rejects.toMatchObject({ code: "wrong_volume" });
    });

    run("a volume that was made twice is taken once, always the same", async () => {
      const plan = planFor({ volumeGb: 1 });
      const known = await driver.prepare(plan);
      const first = fly.fake.state.createVolume(onlyApp(), { name: "data", region: "fra", size_gb: 1 });
      fly.fake.state.createVolume(onlyApp(), { name: "data", region: "fra", size_gb: 1 });
      expect((await driver.makeVolume({ ...plan, known }))["volumeId"]).toBe(first.id);
    });
  });

  describe("what the provider refuses", () => {
    const refusals: [
      what: string,
      operation: Operation,
      refuse: { status: number; error?: string; headers?: Record<string, string> },
      expected: object,
    ][] = [
      [
        "a quota",
        "createMachine",
        { status: 403, error: "You have reached the quota of machines" },
        { code: "quota", retry: false },
      ],
      [
        "a region over its quota",
        "createMachine",
        {
          status: 403,
          error: "using 99 MB of memory in dfw which is over the allowed quota. please consider other regions",
        },
        { code: "no_capacity" },
      ],
      [
        "a region that is full",
        "createMachine",
        { status: 412, error: "insufficient resources to create new machine with existing volume" },
        { code: "no_capacity", retry: false },
      ],
      [
        "a full host",
        "createMachine",
        { status: 409, error: "aborted: could not reserve resource for machine: insufficient memory available" },
        { code: "no_capacity" },
      ],
      [
        "an image that is not there",
        "createMachine",
        { status: 400, error: "failed to get manifest: MANIFEST_UNKNOWN" },
        { code: "no_image", retry: false },
      ],
      [
        "a token that was revoked",
        "createMachine",
        { status: 401, error: "token revoked" },
        { code: "unauthorized", retry: false },
      ],
      [
        "a token that may not",
        "createMachine",
        { status: 403, error: "unauthorized" },
        { code: "unauthorized", retry: false },
      ],
      [
        "too many calls",
        "createMachine",
        { status: 429, error: "rate limit", headers: { "retry-after": "2" } },
        { code: "rate_limited", retry: true, retryAfterMs: 2_000 },
      ],
      [
        "trouble of its own",
        "createMachine",
        { status: 503, error: "no machine for you" },
        { code: "unavailable", retry: true },
      ],
      [
        "what it does not understand",
        "createMachine",
        { status: 422, error: "invalid config" },
        { code: "refused", retry: false },
      ],
    ];
    run.each(refusals)("%s is told apart", async (_, operation, refuse, expected) => {
      const plan = planFor();
      const known = await driver.prepare(plan);
      fly.fake.faults.push({ operation, refuse });
      const error = await driver.makeMachine({ ...plan, known }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "ProviderError", ...expected });
      expect(asked(operation)).toHaveLength(1);
      expect(JSON.stringify([error, String(error)])).not.toMatch(new RegExp(`${fly.fake.token}|127\\.0\\.0\\.1`));
    });

    run("a volume where there is no room is one for the next region", async () => {
      const plan = planFor({ volumeGb: 1 });
      const known = await driver.prepare(plan);
      fly.fake.state.full.add("fra");
      await expect(driver.makeVolume({ ...plan, known })).rejects.toMatchObject({ code: "no_capacity" });
      const next = { ...plan, spec: { ...plan.spec, regions: ["ams"] }, known };
      expect(await driver.makeVolume(next)).toMatchObject({ volumeRegion: "ams" });
    });

    run("invariant 2: a failure of the provider's own makes nothing anew", async () => {
      const plan = await started(driver, planFor());
      const calls = asked("createMachine").length;
      for (const status of [500, 502, 503]) {
        fly.fake.faults = [
          { operation: "listMachines", refuse: { status } },
          { operation: "getMachine", refuse: { status } },
        ];
        await expect(driver.makeMachine(plan)).rejects.toMatchObject({ code: "unavailable" });
        await expect(driver.observe(plan)).rejects.toMatchObject({ code: "unavailable" });
        await expect(driver.start(plan)).rejects.toMatchObject({ code: "unavailable" });
      }
      expect(asked("createMachine")).toHaveLength(calls);
    });

    run("invariant 2: a machine that is gone for sure is made anew, with its own volume", async () => {
      const plan = await started(driver, planFor({ volumeGb: 1 }));
      const app = onlyApp();
      app.machines.splice(0);
      app.volumes[0]!.attached_machine_id = "";
      expect(await driver.observe(plan)).toMatchObject({ state: null, origin: null });
      const known = await driver.makeMachine(plan);
      expect(known["machineId"]).not.toBe(plan.known["machineId"]);
      expect(app.machines[0]?.config.mounts?.[0]?.volume).toBe(plan.known["volumeId"]);
    });

    run("nothing counts as gone while the token does not show our organisation", async () => {
      const plan = await started(driver, planFor());
      fly.fake.organisation = "another-one";
      const hidden = { operation: "getApp", refuse: { status: 404 } } as const;
      fly.fake.faults = [hidden, { operation: "getMachine", refuse: { status: 404 } }];
      await expect(driver.observe(plan)).rejects.toMatchObject({ code: "unauthorized" });
      await expect(driver.destroy(plan)).rejects.toMatchObject({ code: "unauthorized" });
      await expect(driver.start(plan)).rejects.toMatchObject({ code: "unauthorized" });
    });

    run("a state that nobody knows is no state", async () => {
      const plan = await started(driver, planFor());
      onlyApp().machines[0]!.state = "levitating";
      await expect(driver.observe(plan)).rejects.toThrow(/levitating/);
    });
  });

  describe("machines that do not stay", () => {
    run("one that ends at once is stopped, with why and its last events", async () => {
      const plan = await started(driver, planFor({ image: "exits:latest" }));
      expect(await driver.observe(plan)).toMatchObject({
        state: "stopped",
        origin: null,
        reason: "it ended with code 1",
      });
      const lines = await driver.logs(plan, 2);
      expect(lines.map(({ text }) => text)).toEqual([
        "start started by flyd",
        "exit stopped by flyd: it ended with code 1",
      ]);
      expect(lines[0]?.at).toEqual(expect.any(Number));
    });

    run("one that used all its memory says so", async () => {
      const plan = await started(driver, planFor());
      fly.fake.state.exit(onlyApp().machines[0]!, 137, true);
      expect((await driver.observe(plan)).reason).toBe("it ran out of memory");
    });

    run("invariant 3: one that does not come in time stays as it is, and is found again", async () => {
      fly.fake.state.startMs = 400;
      const plan = await made(driver, planFor());
      await driver.start(plan);
      expect(await driver.observe(plan)).toMatchObject({ state: "starting", origin: null });
      expect((await driver.makeMachine({ ...plan, known: { app: plan.known["app"] } }))["machineId"]).toBe(
        plan.known["machineId"],
      );
      await expect.poll(async () => (await driver.observe(plan)).state).toBe("started");
    });
  });

  describe("leases", () => {
    run("a machine is changed under a lease, which is given back", async () => {
      const plan = await started(driver, planFor());
      expect(asked("start")[0]?.headers["fly-machine-lease-nonce"]).toMatch(/^[0-9a-f]+$/);
      expect(fly.fake.state.leases.size).toBe(0);
      fly.fake.faults.push({ operation: "stop", times: 1, refuse: { status: 503 } });
      await expect(driver.stop(plan)).rejects.toMatchObject({ code: "unavailable" });
      expect(fly.fake.state.leases.size).toBe(0);
    });

    run("another's lease is waited for, but not for ever", async () => {
      const plan = await made(driver, planFor());
      const [machine] = onlyApp().machines;
      fly.fake.state.lease(machine!, 60);
      await expect(driver.start(plan)).rejects.toMatchObject({ code: "unavailable", retry: true });
      expect(asked("start")).toEqual([]);
      const tries = asked("lease").length;
      expect(tries).toBeGreaterThan(5);
      expect(tries).toBeLessThan(30);
      setTimeout(() => fly.fake.state.leases.clear(), 30);
      await driver.start(plan);
      expect(asked("start")).toHaveLength(1);
    });
  });

  describe("destroying", () => {
    run("invariant 15: it is over when machine, volumes and app are gone, and never before", async () => {
      const plan = await started(driver, planFor({ volumeGb: 1 }));
      const order = () => asked("deleteMachine", "deleteVolume", "deleteApp").map(({ operation }) => operation);
      fly.fake.faults.push({ operation: "deleteVolume", refuse: { status: 500 } });
      await expect(driver.destroy(plan)).rejects.toMatchObject({ code: "unavailable" });
      expect(order()).toEqual(["deleteMachine", "deleteVolume"]);
      fly.fake.faults = [];
      await driver.destroy(plan);
      expect(order().slice(-2)).toEqual(["deleteVolume", "deleteApp"]);
      expect(fly.fake.state.apps.size).toBe(0);
      await driver.destroy(plan);
      expect(await driver.observe(plan)).toMatchObject({ state: null });
      expect(await driver.list(PLATFORM)).toEqual([]);
    });

    run("a machine that does not go is said not to be gone", async () => {
      const plan = await started(driver, planFor());
      fly.fake.state.startMs = 60_000;
      await expect(driver.destroy(plan)).rejects.toThrow(/has not removed the machine yet/);
    });

    run("what was made without being written down goes too", async () => {
      const plan = planFor({ volumeGb: 1 });
      await started(driver, plan);
      await driver.destroy({ ...plan, known: {} });
      expect(fly.fake.state.apps.size).toBe(0);
    });
  });

  describe("listing", () => {
    run("shows everything of this installation, and nothing of another", async () => {
      const plan = await started(driver, planFor({ volumeGb: 1 }));
      const theirs = planFor();
      const other = { ...theirs, owner: { ...theirs.owner, platformId: "testplatform02" } };
      const { known } = await made(fly.driverWith({ platformId: "testplatform02" }), other);
      fly.fake.state.createApp("isola", fly.fake.organisation, "x");
      const { orgId, machineId } = plan.owner;
      const app = plan.known["app"] as string;
      expect(await driver.list(PLATFORM)).toEqual([
        {
          resource: `machine/${app}/${String(plan.known["machineId"])}`,
          orgId,
          machineId,
          createdAt: expect.any(Number),
        },
        {
          resource: `volume/${app}/${String(plan.known["volumeId"])}`,
          orgId,
          machineId,
          createdAt: expect.any(Number),
        },
        { resource: `app/${app}`, orgId, machineId, createdAt: null },
      ]);
      await expect(
        driver.remove({ resource: `app/${String(known["app"])}`, orgId, machineId, createdAt: null }),
      ).rejects.toMatchObject({ code: "refused" });
      for (const resource of await driver.list(PLATFORM)) await driver.remove(resource);
      expect(await driver.list(PLATFORM)).toEqual([]);
      expect(fly.fake.state.apps.size).toBe(2);
    });

    run("throws rather than leave anything out", async () => {
      await made(driver, planFor());
      fly.fake.faults.push({ operation: "listVolumes", times: 1, refuse: { status: 500 } });
      await expect(driver.list(PLATFORM)).rejects.toMatchObject({ code: "unavailable" });
      fly.fake.organisation = "hidden";
      await expect(driver.list(PLATFORM)).rejects.toMatchObject({ code: "unauthorized" });
    });
  });

  run("calls about one machine are a second apart, and what the provider wants longer is kept to", async () => {
    const slept: number[] = [];
    const pace = new Pace({ pauseMs: 60_000, waitMs: 300_000, sleep: async (ms) => void slept.push(ms) });
    const paced = fly.driverWith({ pace });
    const plan = await made(paced, planFor());
    expect(slept).toEqual([]);
    await paced.start(plan);
    // A look, a lease, a start: the second and the third wait their turn.
    expect(slept).toHaveLength(2);
    expect(slept[0]).toBeGreaterThan(50_000);
    expect(slept[1]).toBeGreaterThan(110_000);
    fly.fake.faults.push({
      operation: "getMachine",
      times: 1,
      refuse: { status: 429, headers: { "retry-after": "900" } },
    });
    await expect(paced.observe(plan)).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 900_000 });
    await expect(paced.observe(plan)).rejects.toMatchObject({ code: "rate_limited" });
    expect(asked("getMachine")).toHaveLength(2);
  });

  run("nothing is asked where the platform has no token", async () => {
    const without = fly.driverWith({ token: "" });
    await expect(without.prepare(planFor())).rejects.toThrow(/FLY_API_TOKEN/);
    expect(fly.fake.seen).toEqual([]);
  });
});
