import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import { PROVISION_STEPS, type StepState } from "../../../contracts/machines.ts";
import { anOrg, AT } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

const MACHINE = newId("machine");
const SPEC = { port: 8080, healthPath: "/", environment: {}, wake: true };
const aMachine = (state: "started" | "stopped" | "failed" = "started") => ({
  id: MACHINE,
  driver: "mock" as const,
  state,
  stateAt: AT,
  health: "healthy" as const,
  spec: SPEC,
  region: "here",
  origin: "http://127.0.0.1:49153",
  provider: { machine: "m-1" },
  heartbeatAt: null,
  error: state === "failed" ? { code: "exited", message: "It ended by itself.", lines: ["boom\u001b[31m"] } : null,
  createdAt: AT,
});
/** A provision that has come to a step, in that state. */
const aProvision = (at: (typeof PROVISION_STEPS)[number], state: StepState, error: string | null = null) => ({
  id: "prv_00000000000000000000",
  machineId: MACHINE,
  driver: "mock" as const,
  state:
    state === "failed"
      ? ("failed" as const)
      : at === "publish" && state === "done"
        ? ("done" as const)
        : ("running" as const),
  steps: PROVISION_STEPS.map((step) => {
    const place = PROVISION_STEPS.indexOf(step) - PROVISION_STEPS.indexOf(at);
    const own = place < 0 ? ("done" as const) : place === 0 ? state : ("waiting" as const);
    return {
      step,
      state: own,
      attempts: own === "failed" ? 3 : own === "waiting" ? 0 : 1,
      error: own === "failed" ? error : null,
      startedAt: own === "waiting" ? null : AT,
      endedAt: own === "done" || own === "failed" ? AT + 12 : null,
    };
  }),
  deadlineAt: AT,
  error: error === null ? null : { code: "no_image", message: error },
  createdAt: AT,
});
const told = (
  type: "progress" | "end",
  at: (typeof PROVISION_STEPS)[number],
  state: StepState,
  error: string | null = null,
) => ({
  type,
  state: type === "end" ? (state === "failed" ? "failed" : "running") : "provisioning",
  machine: type === "end" && state === "done" ? aMachine() : null,
  provision: aProvision(at, state, error),
});

describe("an org with a machine", () => {
  it("is made by steps that show as they happen", async () => {
    const { isola, plane } = await workplace({
      createOrg: ({ body }) => ({ ...anOrg(body.slug), driver: body.driver, state: "provisioning" }),
      machineProgress: () => [
        told("progress", "machine", "running"),
        { type: "ping" },
        told("progress", "machine", "done"),
        told("end", "publish", "done"),
      ],
    });
    const made = await isola([
      "orgs",
      "create",
      "shop",
      "--driver",
      "mock",
      "--image",
      "mock:slow",
      "--env",
      "A=b=c",
      "--no-wake",
    ]);
    expect(made.code).toBe(0);
    expect(made.out).toContain("shop is running at http://shop.localhost:8787; its machine is started.");
    expect(made.err).toMatch(/✓ credentials +12 ms\n/);
    expect(made.err.match(/… machine/g)).toHaveLength(1);
    expect(made.err.match(/✓ machine/g)).toHaveLength(1);
    expect(made.err).toMatch(/✓ publish +12 ms/);
    expect(plane.seen[0]?.body).toEqual({
      slug: "shop",
      driver: "mock",
      machine: { image: "mock:slow", environment: { A: "b=c" }, wake: false },
    });
  });

  it("that cannot get it says why, with what its machine printed last, and exits with 1", async () => {
    const { isola } = await workplace({
      createOrg: ({ body }) => ({ ...anOrg(body.slug), driver: body.driver, state: "provisioning" }),
      machineProgress: () => [told("end", "machine", "failed", "There is no image shop:7.")],
    });
    const made = await isola(["orgs", "create", "shop", "--driver", "mock"]);
    expect(made.code).toBe(1);
    expect(made.err).toMatch(/✗ machine +12 ms, attempt 3, There is no image shop:7\./);
    expect(made.out).toContain("There is no image shop:7.");
    expect(made.err).toContain("isola machines retry --org shop");
  });

  it("answers programs with one document and prints no steps", async () => {
    const { isola } = await workplace({
      createOrg: ({ body }) => ({ ...anOrg(body.slug), driver: body.driver, state: "provisioning" }),
      machineProgress: () => [told("end", "publish", "done")],
    });
    const made = await isola(["orgs", "create", "shop", "--driver", "mock", "--output", "json"]);
    expect(JSON.parse(made.out)).toMatchObject({ type: "end", state: "running", machine: { state: "started" } });
    expect(made.err).toBe("");
  });

  it("takes what a machine shall be only with a driver, and a driver that there is", async () => {
    const { isola, plane } = await workplace({});
    expect(await isola(["orgs", "create", "shop", "--port", "80"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("--driver"),
    });
    expect(await isola(["orgs", "create", "shop", "--driver", "dokcer"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("Did you mean docker?"),
    });
    expect(await isola(["orgs", "create", "shop", "--driver", "mock", "--env", "A"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("NAME=value"),
    });
    expect(plane.seen).toEqual([]);
  });

  it("of one's own is told its token and where it registers", async () => {
    const { isola } = await workplace({
      createOrg: ({ body }) => ({ ...anOrg(body.slug), driver: body.driver, state: "provisioning" }),
      enrolmentToken: () => ({
        token: "isola_enrol_1",
        expiresAt: AT,
        url: "http://app.localhost/api/v1/machines/enrol",
      }),
    });
    const made = await isola(["orgs", "create", "shop", "--driver", "external"]);
    expect(made.err).toMatch(/isola_enrol_1[\s\S]*curl -X POST http:\/\/app\.localhost\/api\/v1\/machines\/enrol/);
  });
});

describe("machines", () => {
  it("are shown whole, and what they printed is safe to print", async () => {
    const { isola } = await workplace({
      getMachine: () => ({ machine: aMachine("failed"), provision: aProvision("publish", "done") }),
    });
    const { out } = await isola(["machines", "get"]);
    expect(out).toMatch(/^state +failed since 2026-/m);
    expect(out).toMatch(/^machine +m-1$/m);
    expect(out).toContain("It ended by itself.\n  | boom\\u001b[31m");
  });

  it("that are not there are said to be not there", async () => {
    const { isola } = await workplace({ getMachine: () => ({ machine: null, provision: null }) });
    expect((await isola(["machines", "get"])).out).toContain("hello has no machine: its scripts answer.");
  });

  it("are stopped and followed until they stand", async () => {
    const stopped = { machine: aMachine("stopped"), provision: null };
    const { isola, plane } = await workplace({
      stopMachine: () => ({ machine: aMachine(), provision: null }),
      machineProgress: () => [{ type: "end", state: "running", ...stopped }],
    });
    expect((await isola(["machines", "stop"])).out).toContain("its machine is stopped");
    expect(plane.seen[0]).toMatchObject({ method: "POST", path: "/api/v1/orgs/hello/machine/stop" });
  });

  it("go only when the slug is typed", async () => {
    const { isola, plane } = await workplace({
      deleteMachine: () => ({ machine: null, provision: null }),
      machineProgress: () => [{ type: "end", state: "running", machine: null, provision: null }],
    });
    expect((await isola(["machines", "delete"], { answers: ["no"] })).code).toBe(1);
    expect(plane.seen).toEqual([]);
    expect((await isola(["machines", "delete", "--yes"])).out).toContain("hello is running, without a machine.");
    expect(plane.seen[0]?.path).toBe("/api/v1/orgs/hello/machine?confirm=hello");
  });

  it("of all orgs are listed by driver and state", async () => {
    const { isola, plane } = await workplace({
      listMachines: () => page([{ ...aMachine(), org: { id: newId("org"), slug: "shop" } }]),
    });
    const { out } = await isola(["machines", "list", "--state", "started"]);
    expect(out).toMatch(/^shop +mch_\w+ +mock +started +healthy +here/m);
    expect(plane.seen[0]?.path).toContain("state=started");
    expect((await isola(["machines", "list", "--state", "odd"])).code).toBe(2);
  });

  it("without an owner are only told until --apply is said", async () => {
    const { isola, plane } = await workplace({
      sweepOrphans: ({ body }) => ({
        dryRun: body.dryRun,
        drivers: [
          {
            driver: "mock",
            skipped: null,
            listed: 4,
            orphans: [
              { resource: "volume/v-1", firstSeenAt: AT, outcome: body.dryRun ? "kept" : "removed", error: null },
            ],
          },
          { driver: "fly", skipped: "the list came back empty", listed: 0, orphans: [] },
        ],
      }),
    });
    const dry = await isola(["machines", "sweep"]);
    expect(dry.out).toMatch(/mock +volume\/v-1 +2026-.* kept/);
    expect(dry.err).toMatch(/fly: the list came back empty[\s\S]*Nothing was changed\. Say --apply/);
    expect((await isola(["machines", "sweep", "--apply"])).out).toContain("removed");
    expect(plane.seen.map(({ body }) => body)).toEqual([{ dryRun: true }, { dryRun: false }]);
  });

  it("are compared with their providers", async () => {
    const { isola } = await workplace({
      reconcileMachines: () => ({
        dryRun: true,
        looked: 3,
        changes: [{ machineId: MACHINE, slug: "shop", from: "started", to: "stopped", reason: "the provider says so" }],
        failures: [{ machineId: MACHINE, slug: "blog", error: "Fly.io did not answer" }],
      }),
    });
    const compared = await isola(["machines", "reconcile"]);
    expect(compared).toMatchObject({ code: 1, err: expect.stringContaining("blog: Fly.io did not answer") });
    expect(compared.out).toMatch(/shop +mch_\w+ +started +stopped +the provider says so/);
  });
});

describe("an org", () => {
  it("is suspended, resumed and renamed", async () => {
    const { isola, plane } = await workplace({
      suspendOrg: ({ body }) => ({
        ...anOrg("shop"),
        state: "suspended",
        suspended: { by: "org", reason: body?.reason ?? null },
      }),
      resumeOrg: () => anOrg("shop"),
      renameOrg: ({ body }) => anOrg(body.slug),
    });
    expect((await isola(["orgs", "suspend", "shop", "--reason", "audit"])).out).toContain("shop is suspended.");
    expect((await isola(["orgs", "resume", "shop"])).out).toContain("shop is running at http://shop.localhost:8787");
    expect((await isola(["orgs", "rename", "shop", "market"])).out).toContain(
      "shop is market now, at http://market.localhost:8787",
    );
    expect(plane.seen.map(({ path, body }) => [path, body])).toEqual([
      ["/api/v1/orgs/shop/suspend", { reason: "audit" }],
      ["/api/v1/orgs/shop/resume", undefined],
      ["/api/v1/orgs/shop/rename", { slug: "market" }],
    ]);
  });
});
