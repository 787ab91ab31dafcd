import { ENDPOINTS } from "../../../contracts/api/index.ts";
import type { ExecutionDetail } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { idSchema } from "../../../contracts/ids.ts";
import { auditLater } from "../audit/write.ts";
import { actorOf } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { toExecution } from "./execution.ts";
import { pageRequest } from "./page.ts";
import { REPLAY_WARNING, replayInput } from "./replay.ts";
import { Stacks } from "./stacks.ts";
import { toEvents } from "./tail.ts";

const scriptId = idSchema("script");

/** What ran in an org. */
export const executions = new Mounts()
  .add(ENDPOINTS.listExecutions, async ({ scope, access, query }) => {
    const { id } = access.org;
    const filter = {
      ...(await factsOf(scope, id, query)),
      executionId: query.id ?? null,
      since: query.since ?? null,
      until: query.until ?? null,
    };
    const page = await scope.state.listExecutions(id, filter, pageRequest(query));
    const stacks = new Stacks(scope, id);
    const items = [];
    for (const execution of page.items) items.push(await toExecution(execution, stacks));
    return { items, cursor: page.cursor };
  })
  .addEvents(ENDPOINTS.tailExecutions, async ({ scope, access, query }) => {
    const { id } = access.org;
    const filter = { ...(await factsOf(scope, id, query)), executionId: null, since: null, until: null };
    return toEvents(await scope.state.tailExecutions(id, filter), new Stacks(scope, id));
  })
  .add(ENDPOINTS.getExecution, async ({ scope, access, params }) =>
    toExecution(await executionOf(scope, access.org.id, params.id), new Stacks(scope, access.org.id)),
  )
  .add(ENDPOINTS.replayExecution, async ({ scope, principal, access, params, body }) => {
    const { id, slug } = access.org;
    const recorded = await executionOf(scope, id, params.id);
    const script = await scope.state.findScript(id, recorded.scriptId);
    if (script === null) {
      throw new PlatformError("conflict", `The script ${recorded.scriptName} is deleted, so this cannot run again.`);
    }
    const { input, origin, headersLeftOut } = replayInput(recorded, body);
    const answer = await scope.edges.invoke({ orgId: id, slug, scriptId: script.id, ...input, replayOf: recorded.id });
    const entry = { actor: actorOf(principal), action: "execution.replay", target: recorded.id, orgId: id };
    auditLater(scope, { ...entry, details: { executionId: answer.executionId, script: script.name } });
    const stacks = new Stacks(scope, id);
    return {
      ...answer,
      lines: await stacks.mapLines(answer.lines, script.live.id),
      error: await stacks.map(answer.error, script.live.id),
      replayOf: recorded.id,
      input: origin,
      headersLeftOut,
      warning: REPLAY_WARNING,
    };
  });

interface Facts {
  script?: string | undefined;
  status?: string | undefined;
  trigger?: ExecutionDetail["trigger"] | undefined;
  text?: string | undefined;
}

async function factsOf(scope: Scope, orgId: string, { script, status, trigger, text }: Facts) {
  return {
    scriptId: await scriptIdOf(scope, orgId, script),
    status: status ?? null,
    trigger: trigger ?? null,
    text: text ?? null,
  };
}

/** An id is taken as it is, for a deleted script's executions are still there; a name has to name a script. */
async function scriptIdOf(scope: Scope, orgId: string, idOrName: string | undefined): Promise<string | null> {
  if (idOrName === undefined) return null;
  if (scriptId.safeParse(idOrName).success) return idOrName;
  const script = await scope.state.findScript(orgId, idOrName);
  if (script === null)
    throw new PlatformError("not_found", `There is no script ${JSON.stringify(idOrName)} in this org.`);
  return script.id;
}

async function executionOf(scope: Scope, orgId: string, id: string): Promise<ExecutionDetail> {
  const execution = await scope.state.findExecution(orgId, id);
  if (execution === null) throw new PlatformError("not_found", "There is no such execution, or it is no longer kept.");
  return execution;
}
