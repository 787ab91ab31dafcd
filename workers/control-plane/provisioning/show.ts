import { asc, desc, eq } from "drizzle-orm";
import type { z } from "zod";

import type { machineSchema, orgMachineSchema, provisionSchema } from "../../../contracts/api/machines.ts";
import type { ProvisionProgress } from "../../../contracts/machines.ts";
import { machine, org, provision, provisionStep } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { newestProvision } from "./create.ts";
import { type StepRow, stepsOf } from "./journal.ts";
import { findMachineOf, type MachineRow, type ProvisionRow } from "./machines.ts";

type OrgMachine = z.input<typeof orgMachineSchema>;

/** An org's machine and the newest attempt to give it one, as the API shows them; in one round trip. */
export async function orgMachineOf({ database }: Pick<Scope, "database">, orgId: string): Promise<OrgMachine> {
  const newest = database
    .select({ id: provision.id })
    .from(provision)
    .where(eq(provision.orgId, orgId))
    .orderBy(desc(provision.createdAt))
    .limit(1);
  const rows = await database
    .select({ machine, provision, step: provisionStep })
    .from(org)
    .leftJoin(machine, eq(machine.orgId, org.id))
    .leftJoin(provision, eq(provision.id, newest))
    .leftJoin(provisionStep, eq(provisionStep.provisionId, provision.id))
    .where(eq(org.id, orgId))
    .orderBy(asc(provisionStep.place));
  const [first] = rows;
  const steps = rows.flatMap(({ step }) => step ?? []);
  return {
    machine: first?.machine ? toMachine(first.machine) : null,
    provision: first?.provision ? toProvision(first.provision, steps) : null,
  };
}

/** A machine as the API shows it. */
export function toMachine(row: MachineRow): z.input<typeof machineSchema> {
  const { id, driver, state, health, spec, region, origin, provider, error } = row;
  const times = {
    stateAt: row.stateAt.getTime(),
    heartbeatAt: row.heartbeatAt?.getTime() ?? null,
    createdAt: row.createdAt.getTime(),
  };
  return { id, driver, state, health, spec, region, origin, provider, error, ...times };
}

function toProvision(row: ProvisionRow, steps: StepRow[]): z.input<typeof provisionSchema> {
  const { id, machineId, driver, state, error } = row;
  return {
    id,
    machineId,
    driver,
    state,
    error,
    steps: steps.map(({ step, state, attempts, error, startedAt, endedAt }) => ({
      step,
      state,
      attempts,
      error,
      startedAt: startedAt?.getTime() ?? null,
      endedAt: endedAt?.getTime() ?? null,
    })),
    deadlineAt: row.deadlineAt.getTime(),
    createdAt: row.createdAt.getTime(),
  };
}

/** How far an org's machine is on its way up, for who waits at its host; null when it is not on any. */
export async function provisionProgress(scope: Scope, orgId: string): Promise<ProvisionProgress | null> {
  const [[owner], row, newest] = await Promise.all([
    scope.database.select({ state: org.state }).from(org).where(eq(org.id, orgId)),
    findMachineOf(scope, orgId),
    newestProvision(scope.database, orgId),
  ]);
  if (owner === undefined) return null;
  const isUnderWay = newest?.state === "running" || newest?.state === "compensating";
  if (newest !== null && (isUnderWay || owner.state === "failed")) {
    const steps = await stepsOf(scope, newest.id);
    const done = steps.filter(({ state }) => state === "done").length;
    const step = steps.find(({ state }) => state !== "done")?.step ?? null;
    const state = owner.state === "failed" || newest.state !== "running" ? "failed" : "provisioning";
    const isStarting = owner.state === "starting" && state === "provisioning";
    return {
      state: isStarting ? "starting" : state,
      step,
      done,
      total: steps.length,
      startedAt: newest.createdAt.getTime(),
    };
  }
  if (row === null || row.state === "started" || row.state === "destroying") return null;
  const state = row.state === "failed" ? "failed" : "starting";
  return { state, step: "start", done: 0, total: 1, startedAt: row.stateAt.getTime() };
}
