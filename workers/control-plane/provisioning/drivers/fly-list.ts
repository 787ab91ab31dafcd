import { FLY_LIST_CONCURRENCY } from "../../../../contracts/limits.ts";
import type { Resource } from "../driver.ts";
import { createdAtOf } from "./fly-adopt.ts";
import type { FlyApi } from "./fly-api.ts";
import { machineIdOf } from "./fly-names.ts";
import { isUsable } from "./fly-states.ts";

/** Everything in the organisation's apps whose name says that they are this installation's. */
export async function listResources(api: FlyApi, organisation: string, platformId: string): Promise<Resource[]> {
  const apps = (await api.listApps(organisation)).flatMap((app) => {
    const machineId = machineIdOf(app, platformId);
    return machineId === null ? [] : [{ app, machineId }];
  });
  const found: Resource[] = [];
  const next = apps.values();
  const work = async (): Promise<void> => {
    for (const { app, machineId } of next) found.push(...(await resourcesIn(api, app, machineId)));
  };
  await Promise.all(Array.from({ length: FLY_LIST_CONCURRENCY }, work));
  return found;
}

/** What is in an app, and the app itself; nothing when it went away meanwhile. */
async function resourcesIn(api: FlyApi, app: string, machineId: string): Promise<Resource[]> {
  const machines = await api.listMachines(app);
  const volumes = machines === null ? null : await api.listVolumes(app);
  if (machines === null || volumes === null) return [];
  const there = machines.filter(({ state }) => state !== "destroyed");
  const orgId = there.map(({ config }) => config?.metadata?.["isola_org"]).find((id) => id !== undefined) ?? null;
  const owner = { orgId, machineId };
  return [
    ...there.map((machine) => ({
      resource: `machine/${app}/${machine.id}`,
      ...owner,
      createdAt: createdAtOf(machine),
    })),
    ...volumes
      .filter(isUsable)
      .map((volume) => ({ resource: `volume/${app}/${volume.id}`, ...owner, createdAt: createdAtOf(volume) })),
    { resource: `app/${app}`, ...owner, createdAt: null },
  ];
}
