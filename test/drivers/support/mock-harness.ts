import { startPracticeProvider } from "../../../local/machines/provider.ts";
import type { PracticeMachine, Volume } from "../../../local/machines/resources.ts";
import type { Plan } from "../../../workers/control-plane/provisioning/driver.ts";
import { mockDriver } from "../../../workers/control-plane/provisioning/drivers/mock.ts";
import type { DriverHarness } from "../contract.ts";

const TOKEN = "token-of-the-practice-provider";

interface Resources {
  groups: { tags: { platform: string } }[];
  volumes: Volume[];
  machines: PracticeMachine[];
}

export interface MockHarness extends DriverHarness {
  /** Asks one of the provider's own ends. */
  ask(method: string, path: string, json?: unknown): Promise<unknown>;
  resources(): Promise<Resources>;
}

/** The practice provider, in this process. */
export async function openMock(): Promise<MockHarness> {
  const provider = await startPracticeProvider({ token: TOKEN, stateFile: null });
  const ask = async (method: string, path: string, json?: unknown): Promise<unknown> => {
    const response = await fetch(provider.url + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
  const resources = async (): Promise<Resources> => (await ask("GET", "/resources")) as Resources;
  const machineOf = async ({ owner }: Plan): Promise<PracticeMachine> => {
    const machine = (await resources()).machines.find(({ tags }) => tags.machine === owner.machineId);
    if (machine === undefined) throw new Error("There is no such machine.");
    return machine;
  };
  return {
    ask,
    resources,
    driverWith: (options) => mockDriver({ url: provider.url, token: TOKEN, ...options }),
    fetch,
    specs: { runs: { image: "mock:hello" }, ends: { image: "mock:exits" } },
    secrets: [TOKEN, provider.url],
    count: async (platformId) => {
      const { groups, volumes, machines } = await resources();
      const ofIt = (items: { tags: { platform: string } }[]) =>
        items.filter(({ tags }) => tags.platform === platformId).length;
      return { groups: ofIt(groups), volumes: ofIt(volumes), machines: ofIt(machines) };
    },
    shown: async () => {
      const { groups, volumes, machines } = await resources();
      return JSON.stringify({ groups, volumes, machines });
    },
    vanish: async (plan) => void (await ask("POST", `/machines/${(await machineOf(plan)).id}/vanish`)),
    emptyVolume: async (plan) => {
      await ask("POST", "/faults", [{ kind: "blank", operation: "volume.get" }]);
      await ask("GET", `/v1/volumes/${(await machineOf(plan)).volume}`);
    },
    takeName: async ({ owner }) => {
      const tags = { platform: "another", org: "another", machine: "another" };
      await ask("POST", "/v1/groups", { name: `isola-${owner.platformId}-${owner.machineId}`, tags });
    },
    hasDeadline: true,
    close: () => provider.stop(),
  };
}
