import { PlatformError } from "../../../contracts/errors.ts";

const running = new Map<string, number>();

/**
 * Lets one more run of an org in, or refuses it at once: what is over the bound never waits here. Leave by
 * {@link leaveGate}.
 *
 * @throws PlatformError `unavailable`
 */
export function enterGate(orgId: string, concurrencyMax: number): void {
  const count = running.get(orgId) ?? 0;
  if (count >= concurrencyMax) {
    throw new PlatformError("unavailable", `This org runs ${count} scripts at once, which is its limit. Try again.`, {
      limit: concurrencyMax,
      reason: "concurrency",
    });
  }
  running.set(orgId, count + 1);
}

/** Ends what {@link enterGate} began. */
export function leaveGate(orgId: string): void {
  const count = running.get(orgId) ?? 0;
  if (count <= 1) running.delete(orgId);
  else running.set(orgId, count - 1);
}
