import { audit } from "../audit/write.ts";
import type { Scope } from "../scope.ts";
import { change, type Journal } from "./journal.ts";
import { PLATFORM } from "./machines.ts";
import type { Run } from "./run.ts";

/** Ends a provision whose steps are all done: the machine stands by itself now. */
export async function endProvision(scope: Scope, run: Run, { row, org }: Journal): Promise<void> {
  await scope.database.transaction(async (tx) => {
    await change(tx, run, { state: "done", error: null });
    const details = {
      provision: row.id,
      machine: row.machineId,
      driver: row.driver,
      before: org.driver,
      after: row.driver,
    };
    await audit(tx, scope, { actor: PLATFORM, action: "machine.publish", target: org.slug, orgId: row.orgId, details });
  });
}
