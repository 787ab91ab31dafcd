import type { z } from "zod";

import type { machineHeartbeat } from "../../../contracts/api/machines.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { HEARTBEAT_WRITE_MS, MACHINE_HEARTBEAT_S, MACHINE_PROBES_MAX } from "../../../contracts/limits.ts";
import { apiRates } from "../rate/api-rates.ts";
import type { Scope } from "../scope.ts";
import { type CallBack, markOf, requireCallBack } from "./call-backs.ts";
import type { ExternalRecord } from "./drivers/external.ts";
import { DEGRADED } from "./life-health.ts";
import { type MachineFacts, type MachineRow, moveMachine, noteOfMachine } from "./machines.ts";

type Beat = z.output<(typeof machineHeartbeat)["body"]>;

/**
 * Takes a heartbeat that its machine has signed: each once, and none that is older than one before. Throws
 * `unauthenticated` for what is not signed, `too_many_requests` for too many, `gone` for a machine that is being destroyed.
 *
 * @param text the body, as it was signed
 */
export async function takeHeartbeat(scope: Scope, id: string, request: Request, text: string, beat: Beat) {
  const callBack = await requireCallBack(scope, id, request, text);
  const { machine: row } = callBack;
  const { refusal } = apiRates.countCallBack(row.id, Date.now());
  if (refusal !== null) throw refusal;
  if (row.state === "destroying") {
    throw new PlatformError("gone", "This machine is being destroyed. Stop it, and send no more.");
  }
  const after = await note(scope, callBack, beat, Date.now());
  return { state: after.state, heartbeatEverySeconds: MACHINE_HEARTBEAT_S };
}

async function note(scope: Scope, { machine: row, claim }: CallBack, beat: Beat, now: number): Promise<MachineRow> {
  const mark = markOf(claim, row.lastCallBackId);
  if (mark === null) return row;
  const isOwn = row.driver === "external";
  const event = isOwn ? eventOf(row, beat) : null;
  const facts = factsOf(row, beat, { isOwn, mark, now });
  // Probes and provisions go on without it; a machine may not have the database write at every call.
  const saysTheSame = row.health === facts.health && (row.error?.code === DEGRADED) === (beat.status === DEGRADED);
  // Its first one is, or it could be sent again.
  const takenAt = row.lastCallBackId === null ? null : row.heartbeatAt;
  const isRecent = takenAt !== null && now - takenAt.getTime() < HEARTBEAT_WRITE_MS;
  if (event === null && saysTheSame && isRecent && beat.status !== "stopping") return row;
  if (event !== null) return (await moveMachine(scope, row.id, event, facts)).row;
  return (await noteOfMachine(scope, row.id, facts)) ?? row;
}

/** A machine of somebody's own is what it says it is. */
function eventOf({ state }: MachineRow, { status }: Beat): "saw:stopped" | "saw:started" | null {
  if (status === "stopping") return state === "started" ? "saw:stopped" : null;
  return state === "stopped" || state === "failed" ? "saw:started" : null;
}

function factsOf(
  row: MachineRow,
  { status, message }: Beat,
  { isOwn, mark, now }: { isOwn: boolean; mark: string; now: number },
): MachineFacts & { health: MachineRow["health"] } {
  const { stoppedAt: _, ...record } = row.provider as ExternalRecord;
  const provider = status === "stopping" ? { ...record, stoppedAt: now } : record;
  const isWell = status === "ok" && row.probesFailed < MACHINE_PROBES_MAX;
  return {
    heartbeatAt: new Date(now),
    lastCallBackId: mark,
    health: isWell ? "healthy" : status === "stopping" ? row.health : "unhealthy",
    ...(status === DEGRADED
      ? { error: { code: DEGRADED, message: message ?? "The machine says that it is not well." } }
      : row.error?.code === DEGRADED
        ? { error: null }
        : {}),
    ...(isOwn ? { provider } : {}),
    // Its provider is asked about it first.
    ...(status === "stopping" && !isOwn ? { lookedAt: null } : {}),
  };
}
