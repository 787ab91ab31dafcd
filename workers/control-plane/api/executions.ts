import { ENDPOINTS } from "../../../contracts/api/index.ts";
import type { ExecutionDetail } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { idSchema } from "../../../contracts/ids.ts";
import { Mounts } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { pageRequest } from "./page.ts";
import { Stacks } from "./stacks.ts";

const scriptId = idSchema("script");

/** What ran in an org. */
export const executions = new Mounts()
  .add(ENDPOINTS.listExecutions, async ({ scope, access, query }) => {
    const { id } = access.org;
    const filter = { scriptId: await scriptIdOf(scope, id, query.script), status: query.status ?? null };
    const page = await scope.state.listExecutions(id, filter, pageRequest(query));
    const stacks = new Stacks(scope, id);
    const items = [];
    for (const execution of page.items) items.push(await toExecution(execution, stacks));
    return { items, cursor: page.cursor };
  })
  .add(ENDPOINTS.getExecution, async ({ scope, access, params }) => {
    const execution = await scope.state.findExecution(access.org.id, params.id);
    if (execution === null)
      throw new PlatformError("not_found", "There is no such execution, or it is no longer kept.");
    return toExecution(execution, new Stacks(scope, access.org.id));
  });

/** An id is taken as it is, for a deleted script's executions are still there; a name has to name a script. */
async function scriptIdOf(scope: Scope, orgId: string, idOrName: string | undefined): Promise<string | null> {
  if (idOrName === undefined) return null;
  if (scriptId.safeParse(idOrName).success) return idOrName;
  const script = await scope.state.findScript(orgId, idOrName);
  if (script === null)
    throw new PlatformError("not_found", `There is no script ${JSON.stringify(idOrName)} in this org.`);
  return script.id;
}

async function toExecution(execution: ExecutionDetail, stacks: Stacks) {
  const { id, trigger, method, path, status, outcome, startedAt, durationMs, lines } = execution;
  return {
    id,
    script: { id: execution.scriptId, name: execution.scriptName },
    version: { id: execution.versionId, number: execution.versionNumber },
    trigger,
    method,
    path,
    status,
    outcome,
    startedAt,
    durationMs,
    error: await stacks.map(execution.error, execution.versionId),
    lines: await stacks.mapLines(lines, execution.versionId),
  };
}
