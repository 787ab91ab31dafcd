import { MACHINE_PROBES_MAX, MACHINE_SILENCE_MS } from "../../../contracts/limits.ts";
import type { MachineHealth } from "../../../contracts/machines.ts";
import type { MachineRow } from "./machines.ts";

/** What a machine said of itself with its last heartbeat, kept in its `error`. */
export const DEGRADED = "degraded";

/** Whether a machine that sends heartbeats has fallen silent. One that never sent any is not asked for them. */
function isSilent({ heartbeatAt }: Pick<MachineRow, "heartbeatAt">, now: number): boolean {
  return heartbeatAt !== null && now - heartbeatAt.getTime() > MACHINE_SILENCE_MS;
}

/** What probes and heartbeats together tell of a machine. */
export function healthOf(
  row: Pick<MachineRow, "heartbeatAt" | "probesFailed" | "error">,
  now: number,
  known: { answers: boolean },
): MachineHealth {
  const isUnwell = row.probesFailed >= MACHINE_PROBES_MAX || isSilent(row, now) || row.error?.code === DEGRADED;
  if (isUnwell) return "unhealthy";
  return known.answers ? "healthy" : "unknown";
}
