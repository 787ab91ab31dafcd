import { env } from "cloudflare:test";

import { newId } from "../../../../contracts/ids.ts";
import type { ProjectedMachine } from "../../../../contracts/machines.ts";
import { newTenant, type Tenant } from "../../testing/tenant.ts";

/** What reached the machine: a request, or the end of a socket. */
export interface Reached {
  method: string;
  url: string;
  headers: Record<string, string>;
  closed?: number;
}

const { MACHINES } = env as unknown as { MACHINES: Fetcher };

/** A machine as an edge knows it, up at an address of the stand-in's. */
export const aMachine = (patch: Partial<ProjectedMachine> = {}): ProjectedMachine => ({
  id: newId("machine"),
  driver: "mock",
  state: "started",
  origin: "http://10.0.0.7:8080",
  network: "host",
  secretsVersion: 1,
  wake: true,
  ...patch,
});

/** A fresh org with a machine. */
export async function newMachineTenant(patch: Partial<ProjectedMachine> = {}): Promise<Tenant> {
  const tenant = await newTenant();
  tenant.machine = aMachine(patch);
  await tenant.publish();
  return tenant;
}

/** What reached the machine since the last look, and how many bodies nobody read to their end. */
export async function reached(): Promise<{ asked: Reached[]; cancelled: number }> {
  return (await MACHINES.fetch("http://machine/-/asked")).json();
}

/** Has the machine's connection fail so many times. */
export async function failNext(times: number): Promise<void> {
  await (await MACHINES.fetch(`http://machine/-/fail?times=${times}`)).text();
}
