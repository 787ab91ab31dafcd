import { and, eq, gt } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { MACHINE_LOG_LINES_MAX, PAGE_SIZE_DEFAULT } from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import { actorOf } from "../auth/principal.ts";
import { machine, org } from "../database/schema.ts";
import { Mounts } from "../mount.ts";
import { enabledDrivers, findDriver } from "../provisioning/drivers/index.ts";
import { enrolMachine, offerEnrolment } from "../provisioning/enrol.ts";
import { takeHeartbeat } from "../provisioning/heartbeat.ts";
import { refusalOfProvider } from "../provisioning/life-errors.ts";
import { atProvider } from "../provisioning/life-steps.ts";
import { requireRunHere, restartMachineOf, startMachineOf, stopMachineOf } from "../provisioning/life.ts";
import { findMachineOf, type MachineRow } from "../provisioning/machines.ts";
import { reconcileFor } from "../provisioning/reconcile.ts";
import { orgMachineOf, toMachine } from "../provisioning/show.ts";
import { sweepFor } from "../provisioning/sweep.ts";
import type { Scope } from "../scope.ts";
import { keyOfCursor, pageOfRows } from "./page.ts";

const ISOLATE = { driver: "isolate", title: "Scripts on isolates, without a machine" } as const;

/** The life of machines once they are there, how they tell of themselves, and how the platform looks after them. */
export const machineLife = new Mounts()
  .add(ENDPOINTS.listDrivers, ({ scope }) => Promise.resolve({ items: drivers(scope) }))
  .add(ENDPOINTS.startMachine, ({ scope, principal, access }) => {
    requireAwake(access.org);
    return demand(scope, access.org, actorOf(principal), startMachineOf);
  })
  .add(ENDPOINTS.stopMachine, ({ scope, principal, access }) =>
    demand(scope, access.org, actorOf(principal), stopMachineOf),
  )
  .add(ENDPOINTS.restartMachine, ({ scope, principal, access }) => {
    requireAwake(access.org);
    return demand(scope, access.org, actorOf(principal), restartMachineOf);
  })
  .add(
    ENDPOINTS.enrolmentToken,
    ({ scope, principal, access }) => offerEnrolment(scope, access.org, actorOf(principal)),
    { secretAnswer: true },
  )
  .add(ENDPOINTS.machineLogs, async ({ scope, access, query }) => {
    const row = await findMachineOf(scope, access.org.id);
    if (row === null) throw new PlatformError("not_found", `The org ${access.org.slug} has no machine.`);
    const { driver, plan } = await atProvider(scope, { machine: row, org: access.org });
    try {
      return { items: await driver.logs(plan, query.limit ?? MACHINE_LOG_LINES_MAX) };
    } catch (error) {
      throw refusalOfProvider(error);
    }
  })
  .add(ENDPOINTS.listMachines, async ({ scope, query }) => {
    const limit = query.limit ?? PAGE_SIZE_DEFAULT;
    const after = keyOfCursor(query.cursor);
    const { driver, state } = query;
    const found = await scope.database
      .select({ machine, org: { id: org.id, slug: org.slug } })
      .from(machine)
      .innerJoin(org, eq(org.id, machine.orgId))
      .where(
        and(
          driver === undefined ? undefined : eq(machine.driver, driver),
          state === undefined ? undefined : eq(machine.state, state),
          after === null ? undefined : gt(machine.id, after),
        ),
      )
      .orderBy(machine.id)
      .limit(limit + 1);
    const { rows, cursor } = pageOfRows(found, limit, (row) => row.machine.id);
    return { items: rows.map((row) => ({ ...toMachine(row.machine), org: row.org })), cursor };
  })
  .add(ENDPOINTS.sweepOrphans, ({ scope, principal, body }) => sweepFor(scope, actorOf(principal), body.dryRun))
  .add(ENDPOINTS.reconcileMachines, ({ scope, principal, body }) =>
    reconcileFor(scope, actorOf(principal), body.dryRun),
  )
  .addOpen(ENDPOINTS.enrolMachine, ({ scope, body }) => enrolMachine(scope, body))
  .addSigned(ENDPOINTS.machineHeartbeat, ({ scope, params, body, text, request }) =>
    takeHeartbeat(scope, params.id, request, text, body),
  );

function drivers(scope: Scope) {
  return enabledDrivers(scope.env).map((name) => {
    if (name === "isolate") return { ...ISOLATE, image: null, size: null, regions: [], volumes: false };
    const driver = findDriver(scope, name);
    if (driver === null) throw new Error(`The driver ${name} is enabled and not there`);
    const { image, size, regions } = driver.defaults;
    return { driver: name, title: driver.title, image, size, regions: [...regions], volumes: driver.hasVolumes };
  });
}

function requireAwake({ state }: OrgRow): void {
  if (state !== "suspended") return;
  throw new PlatformError("conflict", "The org is suspended. Resume it, and its machine starts.", { state });
}

/** Has something asked of an org's machine; what becomes of it is seen in the answer and after it. */
async function demand(
  scope: Scope,
  owner: OrgRow,
  actor: Actor,
  of: (scope: Scope, org: OrgRow, actor: Actor) => Promise<MachineRow | null>,
) {
  await requireRunHere(scope, owner);
  await of(scope, owner, actor);
  return orgMachineOf(scope, owner.id);
}
