import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Driver, Plan } from "../../workers/control-plane/provisioning/driver.ts";
import { describeDriver } from "./contract.ts";
import { type MockHarness, openMock } from "./support/mock-harness.ts";
import { bringUp, comesTo, make, newPlan } from "./support/plans.ts";

const PLATFORM = "platformone1";

describeDriver("mock, at the practice provider", openMock);

describe("mock", () => {
  let mock: MockHarness;
  let driver: Driver;
  beforeEach(async () => {
    mock = await openMock();
    driver = mock.driverWith({ fetch, platformId: PLATFORM });
  });
  afterEach(() => mock.close());
  const planned = (spec: Partial<Plan["spec"]> = {}): Plan => newPlan(PLATFORM, { volumeGb: 1, ...spec });

  test("no room in a region, no such image and no right are each said by name", async () => {
    await expect(make(driver, planned({ regions: ["full"] }))).rejects.toMatchObject({ code: "no_capacity" });
    await expect(make(driver, planned({ regions: ["nowhere"] }))).rejects.toMatchObject({ code: "refused" });
    await expect(make(driver, planned({ image: "mock:missing" }))).rejects.toMatchObject({ code: "no_image" });
    await expect(make(driver, planned({ image: "mock:refused" }))).rejects.toMatchObject({ code: "quota" });
    await expect(make(driver, planned({ image: "mock:full" }))).rejects.toMatchObject({ code: "no_capacity" });
  });

  test("invariant 9: a machine is in the region of its volume, whatever comes first", async () => {
    const plan = planned({ regions: ["far"] });
    const known = await driver.makeVolume({ ...plan, known: await driver.prepare(plan) });
    const made = await driver.makeMachine({ ...plan, known, spec: { ...plan.spec, regions: ["near", "far"] } });
    expect(made["region"]).toBe("far");
  });

  test("invariant 11: what runs comes before what is stopped and what was only made, then the newest", async () => {
    const plan = await make(driver, planned({}));
    const { volumeGb: _, ...spec } = plan.spec;
    const { group } = plan.known as { group: string };
    const tags = { platform: PLATFORM, org: plan.owner.orgId, machine: plan.owner.machineId };
    const more = { group, region: "near", image: "mock:hello", size: "small", volume: null, environment: {}, tags };
    const ids: string[] = [];
    for (const name of ["older", "newer"]) {
      ids.push(((await mock.ask("POST", "/v1/machines", { ...more, name })) as { id: string }).id);
      await new Promise((done) => setTimeout(done, 5));
    }
    const adopted = async () => {
      const known = await driver.makeMachine({ ...plan, spec, known: { group } }).catch(() => null);
      return known?.["machineId"] ?? null;
    };
    expect(await adopted()).toBe(ids[1]);
    const older = { ...plan, spec, known: { group, machineId: ids[0] } };
    await driver.start(older);
    await comesTo(driver, older, "started");
    expect(await adopted()).toBe(ids[0]);
    await driver.stop(older);
    await comesTo(driver, older, "stopped");
    expect(await adopted()).toBe(ids[0]);
  });

  test("invariant 10: a volume that held data is not mounted empty in a machine that is made anew", async () => {
    const plan = await bringUp(driver, planned());
    const known = await driver.makeVolume(plan);
    expect(known).toMatchObject({ volumeWritten: true });
    await mock.vanish(plan);
    await mock.ask("POST", "/faults", [{ kind: "blank", operation: "volume.get" }]);
    await expect(driver.makeMachine({ ...plan, known })).rejects.toMatchObject({ code: "wrong_volume" });
  });

  test("a listing that shows nothing makes no second machine, and destroys nothing by halves", async () => {
    const plan = await bringUp(driver, planned());
    await mock.ask("POST", "/faults", [{ kind: "empty", operation: "machine.list", times: 0 }]);
    expect((await make(driver, plan)).known).toMatchObject(plan.known);
    await expect(driver.destroy(plan)).rejects.toMatchObject({ retry: true });
    await mock.ask("DELETE", "/faults");
    await driver.destroy(plan);
    expect(await mock.count(PLATFORM)).toEqual({ groups: 0, volumes: 0, machines: 0 });
  });
});
