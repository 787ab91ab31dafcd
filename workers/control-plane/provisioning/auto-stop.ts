import { and, asc, eq, sql } from "drizzle-orm";

import { platformErrorOf } from "../../../contracts/errors.ts";
import { MACHINES_AT_ONCE, MACHINES_PER_PASS } from "../../../contracts/limits.ts";
import { hourStart, type UsageHour } from "../../../contracts/usage.ts";
import { machine, org } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { stopMachineOf } from "./life.ts";
import { type MachineRow, noteOfMachine } from "./machines.ts";

const MINUTE_MS = 60_000;

/** What a look at an org's requests comes to. */
export type Idleness = { stop: true } | { stop: false; note: Pick<MachineRow, "requestsSeen" | "requestedAt"> | null };

/**
 * Whether a machine has gone without a request for as long as its spec says.
 *
 * @param hours from the one in which it was last asked
 */
export function judgeIdleness(
  row: Pick<MachineRow, "requestsSeen" | "requestedAt">,
  hours: readonly Pick<UsageHour, "hourAt" | "requests">[],
  { autoStopMinutes, now }: { autoStopMinutes: number; now: number },
): Idleness {
  const since = hourStart(row.requestedAt.getTime());
  const sum = (from: number): number =>
    hours.reduce((total, { hourAt, requests }) => (hourAt >= from ? total + requests : total), 0);
  if (sum(since) > row.requestsSeen) {
    return { stop: false, note: { requestsSeen: sum(hourStart(now)), requestedAt: new Date(now) } };
  }
  return now - row.requestedAt.getTime() >= autoStopMinutes * MINUTE_MS ? { stop: true } : { stop: false, note: null };
}

/** Stops machines that nobody has asked for anything for as long as their specs say. */
export async function stopIdleMachines(scope: Scope): Promise<void> {
  const rows = await scope.database
    .select({ machine, org })
    .from(machine)
    .innerJoin(org, eq(org.id, machine.orgId))
    .where(and(eq(machine.state, "started"), sql`${machine.spec} ->> 'autoStopMinutes' is not null`))
    .orderBy(asc(machine.requestedAt))
    .limit(MACHINES_PER_PASS);
  const queue = rows.values();
  const worker = async (): Promise<void> => {
    for (const row of queue) await stopIfIdle(scope, row);
  };
  await Promise.all(Array.from({ length: MACHINES_AT_ONCE }, worker));
}

type Row = { machine: MachineRow; org: typeof org.$inferSelect };

async function stopIfIdle(scope: Scope, { machine: row, org }: Row): Promise<void> {
  const { autoStopMinutes } = row.spec;
  if (autoStopMinutes === undefined || row.driver === "external") return;
  try {
    const now = Date.now();
    const hours = await scope.state.usageHours(org.id, hourStart(row.requestedAt.getTime()), now + 1);
    const judged = judgeIdleness(row, hours, { autoStopMinutes, now });
    if (judged.stop) await stopMachineOf(scope, org);
    else if (judged.note !== null) await noteOfMachine(scope, row.id, judged.note);
  } catch (error) {
    // It runs on until somebody knows whether it is needed.
    reportFailure(scope.requestId, `whether ${row.id} is idle`, platformErrorOf(error) ?? error);
  }
}
