import { MACHINE_PROBE_MS } from "../../../contracts/limits.ts";
import type { MachineSpec } from "../../../contracts/machines.ts";
import type { ControlPlaneEnv } from "../env.ts";
import { type MachineAddress, problemOfAddress } from "./probe-address.ts";

/** Whether a machine answers; where it does not, why, for people. */
export type Probed = { answers: true } | { answers: false; reason: string };

/** A machine answers when its status is below this. */
const FAILURE_STATUS = 500;

const silent = (reason: string): Probed => ({ answers: false, reason });

/**
 * Asks a machine once whether it answers, at its spec's path. A redirect is an answer and is not followed. What is said to
 * be public is reached as the internet is, and never where it leads to a private address. Never throws.
 */
export async function probe(
  env: Pick<ControlPlaneEnv, "PUBLIC_URL" | "TENANT_URL" | "INTERNET">,
  { origin, network }: MachineAddress,
  { healthPath }: Pick<MachineSpec, "healthPath">,
  timeoutMs = MACHINE_PROBE_MS,
): Promise<Probed> {
  const url = origin + healthPath;
  if (network === "public" && problemOfAddress(env, url) !== null) return silent("Its address is not a public one.");
  const ask = network === "public" && env.INTERNET !== undefined ? env.INTERNET.fetch.bind(env.INTERNET) : fetch;
  try {
    const response = await ask(url, {
      redirect: "manual",
      headers: { "user-agent": "isola-probe" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.status < FAILURE_STATUS) return { answers: true };
    return silent(`It answers ${response.status} at ${healthPath}.`);
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    return silent(isLate ? `It did not answer within ${timeoutMs} ms.` : "It cannot be reached.");
  }
}
