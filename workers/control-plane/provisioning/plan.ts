import type { MachineSpec } from "../../../contracts/machines.ts";
import { sha256Hex, toHex } from "../auth/hash.ts";
import type { ControlPlaneEnv } from "../env.ts";
import type { Scope } from "../scope.ts";
import type { Plan, ProviderRecord } from "./driver.ts";

/** What of a machine's row, or of the provision that is to give it one, a driver works by. */
export interface PlanSource {
  orgId: string;
  machineId: string;
  spec: MachineSpec;
  provider: ProviderRecord;
  secretsVersion: number;
  enrolmentHash: string | null;
  enrolmentExpiresAt: Date | null;
}

/** What a row of `machine` gives a driver to work by. */
export const sourceOfMachine = (row: Omit<PlanSource, "machineId"> & { id: string }): PlanSource => ({
  ...row,
  machineId: row.id,
});

/**
 * What a driver is asked to bring up. The token by which the machine registers itself is in its environment for as long
 * as it is the one that is good, and nothing else of worth ever is.
 *
 * @param slug the org's, for people who look at the provider
 */
export async function planOf({ env }: Scope, source: PlanSource, slug: string): Promise<Plan> {
  const { orgId, machineId, spec, provider } = source;
  const environment = { ISOLA_URL: env.PUBLIC_URL, ISOLA_MACHINE_ID: machineId };
  const token = await enrolmentTokenOf(env, machineId, source.secretsVersion);
  const isGood =
    source.enrolmentHash === (await sha256Hex(token)) && (source.enrolmentExpiresAt?.getTime() ?? 0) > Date.now();
  return {
    owner: { platformId: env.PLATFORM_ID, orgId, machineId, slug },
    spec,
    known: provider,
    environment: isGood ? { ...environment, ISOLA_ENROLMENT_TOKEN: token } : environment,
  };
}

/**
 * The first token by which a machine registers itself, `isola_enrol_…`. It is worked out, so that a run that was cut off
 * goes on with the same one while nothing but its hash is stored.
 */
export async function enrolmentTokenOf(env: ControlPlaneEnv, machineId: string, version: number): Promise<string> {
  const text = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", text.encode(env.MACHINE_KEY), algorithm, false, ["sign"]);
  const signed = await crypto.subtle.sign("HMAC", key, text.encode(`isola machine enrolment ${machineId} ${version}`));
  return `isola_enrol_${toHex(new Uint8Array(signed))}`;
}
