import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { FlyApi } from "../../workers/control-plane/provisioning/drivers/fly-api.ts";
import { configOf, guestOf } from "../../workers/control-plane/provisioning/drivers/fly-config.ts";
import { Pace } from "../../workers/control-plane/provisioning/drivers/pace.ts";
import { FLY_DOCUMENT, type HeldServer, holdToDocument, violationIn } from "./support/fly-document.ts";
import { planFor } from "./support/fly-harness.ts";

const guest = guestOf("shared-cpu-1x");
const config = configOf(planFor(), { image: "nginx:1.29", guest, volumeId: "vol_1" });
const machine = { app: "app", id: "machine" };

/** Each call that the driver can make. */
const CALLS: Record<string, (api: FlyApi) => Promise<unknown>> = {
  findApp: (api) => api.findApp("app"),
  createApp: (api) => api.createApp("app", "org", "network"),
  deleteApp: (api) => api.deleteApp("app"),
  listApps: (api) => api.listApps("org"),
  listAddresses: (api) => api.listAddresses("app"),
  assignAddress: (api) => api.assignAddress("app"),
  listVolumes: (api) => api.listVolumes("app"),
  findVolume: (api) => api.findVolume("app", "vol"),
  createVolume: (api) => api.createVolume("app", { name: "data", region: "fra", size_gb: 1, compute: guest }),
  deleteVolume: (api) => api.deleteVolume("app", "vol"),
  listMachines: (api) => api.listMachines("app"),
  findMachine: (api) => api.findMachine(machine),
  createMachine: (api) => api.createMachine("app", { name: "main", region: "fra", config }),
  updateMachine: (api) => api.updateMachine(machine, config, "nonce"),
  startMachine: (api) => api.startMachine(machine, "nonce"),
  stopMachine: (api) => api.stopMachine(machine, "nonce"),
  deleteMachine: (api) => api.deleteMachine(machine, "nonce"),
  waitFor: (api) => api.waitFor(machine, "started", 5, "instance"),
  listEvents: (api) => api.listEvents(machine),
  takeLease: (api) => api.takeLease(machine),
  releaseLease: (api) => api.releaseLease(machine, "nonce"),
};

describe.skipIf(FLY_DOCUMENT === undefined)(
  "fly, at a server that answers by the OpenAPI document (ISOLA_FLY_OPENAPI)",
  () => {
    let server: HeldServer;
    const violations: string[] = [];
    const seen: string[] = [];
    let api: FlyApi;
    beforeAll(async () => {
      server = await holdToDocument(FLY_DOCUMENT ?? "");
      const ask = async (url: string, init: RequestInit): Promise<Response> => {
        const answer = await fetch(url, init);
        seen.push(`${answer.status}`);
        const violation = await violationIn(answer);
        if (violation !== null) violations.push(violation);
        return answer;
      };
      api = new FlyApi({ token: "token", baseUrl: server.url, fetch: ask, pace: new Pace({ pauseMs: 0 }) });
    });
    afterAll(() => server.close());

    test.each(Object.entries(CALLS))(
      "%s is asked as the document has it, and its answer understood",
      async (_, call) => {
        seen.length = 0;
        await call(api);
        expect(violations.splice(0)).toEqual([]);
        expect(seen).toEqual([expect.stringMatching(/^2/)]);
      },
    );

    test("every call of the driver is here", () => {
      const methods = Object.getOwnPropertyNames(FlyApi.prototype).filter(
        (name) => name !== "constructor" && name !== "isGone",
      );
      expect(Object.keys(CALLS).sort()).toEqual(methods.sort());
    });

    test("a request that breaks the document is seen", async () => {
      const wrong = { ...config, guest: { ...guest, cpus: "two" as unknown as number } };
      await expect(api.createMachine("app", { name: "main", region: "fra", config: wrong })).rejects.toThrow(/422/);
      const misspelt = { ...config, imagge: "x" } as typeof config;
      await expect(api.createMachine("app", { name: "main", region: "fra", config: misspelt })).rejects.toThrow(/422/);
      expect(violations.splice(0)).toHaveLength(2);
    });
  },
);
