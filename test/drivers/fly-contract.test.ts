import { isTagged } from "../../workers/control-plane/provisioning/drivers/fly-names.ts";
import type { Plan } from "../../workers/control-plane/provisioning/driver.ts";
import { describeDriver, type DriverHarness } from "./contract.ts";
import type { FakeApp } from "./support/fly-state.ts";
import { startFly } from "./support/fly-harness.ts";

/** The stand-in for Fly.io, in this process. */
async function openFly(): Promise<DriverHarness> {
  const { fake, driverWith, close } = await startFly(null);
  const appsOf = (platformId: string): FakeApp[] =>
    [...fake.state.apps.values()].filter(({ name }) => name.startsWith(`isola-${platformId}-`));
  const appOf = ({ owner }: Plan): FakeApp => {
    const app = appsOf(owner.platformId).find(({ name }) => name.endsWith(owner.machineId.slice("mch_".length)));
    if (app === undefined) throw new Error("There is no such app.");
    return app;
  };
  return {
    driverWith,
    fetch,
    specs: { runs: { image: "nginx:1.29" }, ends: { image: "exits:latest" } },
    secrets: [fake.token, fake.url],
    count: async (platformId) => {
      const apps = appsOf(platformId);
      const count = (of: (app: FakeApp) => number): number => apps.reduce((sum, app) => sum + of(app), 0);
      return {
        groups: apps.length,
        volumes: count(({ volumes }) => volumes.filter(({ state }) => state === "created").length),
        machines: count(({ machines }) => machines.filter(({ state }) => state !== "destroyed").length),
      };
    },
    shown: async () => JSON.stringify([...fake.state.apps.values()]),
    vanish: async (plan) => {
      const app = appOf(plan);
      app.machines = app.machines.filter(({ config }) => !isTagged(config.metadata, plan.owner));
      for (const volume of app.volumes) volume.attached_machine_id = "";
    },
    emptyVolume: async (plan) => {
      for (const volume of appOf(plan).volumes) volume.created_at = new Date(0).toISOString();
    },
    takeName: async ({ owner }) => {
      const name = `isola-${owner.platformId}-${owner.machineId.slice("mch_".length)}`;
      fake.state.createApp(name, "somebody-else", name);
    },
    hasDeadline: true,
    close,
  };
}

describeDriver("fly, at a stand-in with a memory", openFly);
