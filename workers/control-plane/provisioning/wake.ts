import type { ProjectedMachine } from "../../../contracts/machines.ts";
import { platformErrorOf } from "../../../contracts/errors.ts";
import { idSchema } from "../../../contracts/ids.ts";
import { eq } from "drizzle-orm";

import { org } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { findMachineOf, projectedMachine } from "./machines.ts";
import { startMachineOf } from "./life.ts";

const orgIdSchema = idSchema("org");

/**
 * Has an org's machine started where it is stopped and a request may start it, and answers at once with what it is now;
 * null where there is none. However many ask at once, it is started once.
 */
export async function wakeMachine(scope: Scope, orgId: unknown): Promise<ProjectedMachine | null> {
  const id = orgIdSchema.safeParse(orgId);
  if (!id.success) return null;
  const [owner] = await scope.database.select().from(org).where(eq(org.id, id.data));
  if (owner === undefined || owner.driver === "isolate") return null;
  const row = await findMachineOf(scope, owner.id);
  if (row === null) return null;
  const sleeps = row.state === "stopped" || row.state === "suspended";
  if (!sleeps || !row.spec.wake || owner.state !== "running") return projectedMachine(row);
  try {
    return projectedMachine((await startMachineOf(scope, owner)) ?? row);
  } catch (error) {
    // It went another way in the same moment, or nobody can start it here any more.
    if (platformErrorOf(error) === null) throw error;
    const now = await findMachineOf(scope, owner.id);
    return now === null ? null : projectedMachine(now);
  }
}
