import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { actorOf } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";
import { giveMachine, retryProvision } from "../provisioning/create.ts";
import { beginDestroyingMachine } from "../provisioning/destroy.ts";
import { followMachine } from "../provisioning/progress.ts";
import { orgMachineOf } from "../provisioning/show.ts";
import { requireConfirmed } from "./confirm.ts";

/** How an org comes by a machine, and how it loses it. */
export const machines = new Mounts()
  .add(ENDPOINTS.getMachine, ({ scope, access }) => orgMachineOf(scope, access.org.id))
  .add(ENDPOINTS.createMachine, async ({ scope, principal, access, body }) => {
    const { driver, ...spec } = body;
    await giveMachine(scope, access.org, { driver, spec }, actorOf(principal));
    return orgMachineOf(scope, access.org.id);
  })
  .add(ENDPOINTS.deleteMachine, async ({ scope, principal, access, query }) => {
    requireConfirmed(query.confirm, access.org.slug, "destroy the machine of the org");
    await beginDestroyingMachine(scope, access.org, actorOf(principal));
    return orgMachineOf(scope, access.org.id);
  })
  .add(ENDPOINTS.retryMachine, async ({ scope, principal, access }) => {
    await retryProvision(scope, access.org, actorOf(principal));
    return orgMachineOf(scope, access.org.id);
  })
  .addEvents(ENDPOINTS.machineProgress, async ({ scope, principal, access }) =>
    followMachine(scope.env, principal, access.org.id),
  );
