import type { Plan } from "../../../workers/control-plane/provisioning/driver.ts";
import { dockerDriver } from "../../../workers/control-plane/provisioning/drivers/docker.ts";
import type { ProviderFetch } from "../../../workers/control-plane/provisioning/drivers/http.ts";
import type { DriverHarness } from "../contract.ts";

/** Images of a registry that everybody reaches: one that serves, and one that ends. */
const SERVES = "nginx:1.29-alpine";
const ENDS = "hello-world:latest";

/** The Docker Engine of this computer. */
export async function openRealDocker({ url, fetch }: { url: string; fetch: ProviderFetch }): Promise<DriverHarness> {
  const ask = async (method: string, path: string, json?: unknown): Promise<unknown> => {
    const body =
      json === undefined ? {} : { body: JSON.stringify(json), headers: { "content-type": "application/json" } };
    const response = await fetch(`${url}/v1.43${path}`, { method, ...body });
    const text = await response.text();
    if (!response.ok && response.status !== 404) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
  const labelled = (label: string): string => `filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`;
  const nameOf = ({ owner }: Plan): string => `isola-${owner.platformId}-${owner.machineId}`;
  const containersOf = async (label: string) =>
    (await ask("GET", `/containers/json?all=true&${labelled(label)}`)) as { Id: string }[];
  return {
    driverWith: (options) => dockerDriver({ url, image: null, publishedHost: "127.0.0.1", ...options }),
    fetch,
    specs: { runs: { image: SERVES, port: 80 }, ends: { image: ENDS } },
    secrets: ["/var/run/docker.sock"],
    count: async (platformId) => {
      const label = `isola.platform=${platformId}`;
      const volumes = (await ask("GET", `/volumes?${labelled(label)}`)) as { Volumes: unknown[] | null };
      return { groups: 0, volumes: volumes.Volumes?.length ?? 0, machines: (await containersOf(label)).length };
    },
    shown: async () => {
      const containers = await containersOf("isola.platform");
      return JSON.stringify(await Promise.all(containers.map(({ Id }) => ask("GET", `/containers/${Id}/json`))));
    },
    vanish: async (plan) => void (await ask("DELETE", `/containers/${nameOf(plan)}?force=true`)),
    emptyVolume: async (plan) => {
      // One that a container has cannot be taken away, so its container goes too.
      await ask("DELETE", `/containers/${nameOf(plan)}?force=true`);
      await ask("DELETE", `/volumes/${nameOf(plan)}`);
      await ask("POST", "/volumes/create", { Name: nameOf(plan) });
    },
    takeName: async (plan) => void (await ask("POST", "/volumes/create", { Name: nameOf(plan) })),
    hasDeadline: true,
    close: async () => {
      const volumes = (await ask("GET", "/volumes")) as { Volumes: { Name: string }[] | null };
      const left = (volumes.Volumes ?? []).filter(({ Name }) => /^isola-platform(one1|two2)-/.test(Name));
      for (const { Name } of left) await ask("DELETE", `/volumes/${Name}`);
    },
  };
}
