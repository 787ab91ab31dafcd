import { FLY_CONFIRM_PAUSE_MS, FLY_LEASE_WAIT_MS } from "../../../../contracts/limits.ts";
import { ProviderError } from "../provider-error.ts";
import type { FlyApi, MachinePath } from "./fly-api.ts";

export interface FlyClock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

/**
 * Does something to a machine that nobody else changes meanwhile. Another's lease is waited for; what was leased here is
 * released in any case, and ends by itself where that fails.
 *
 * @throws ProviderError `unavailable` when another holds the machine for too long, `not_found` when there is no machine
 */
export async function withLease<T>(
  api: FlyApi,
  clock: FlyClock,
  machine: MachinePath,
  work: (nonce: string) => Promise<T>,
): Promise<T> {
  const until = clock.now() + FLY_LEASE_WAIT_MS;
  let nonce = await api.takeLease(machine);
  while (nonce === null) {
    if (clock.now() >= until) {
      throw new ProviderError("unavailable", "Somebody else is changing the machine at Fly.io.", {
        retryAfterMs: FLY_LEASE_WAIT_MS,
      });
    }
    await clock.sleep(FLY_CONFIRM_PAUSE_MS);
    nonce = await api.takeLease(machine);
  }
  try {
    return await work(nonce);
  } finally {
    await api.releaseLease(machine, nonce).catch(() => {});
  }
}
