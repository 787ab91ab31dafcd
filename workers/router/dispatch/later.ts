import type { NewAsyncRun } from "../../../contracts/events/delivery.ts";
import { newId } from "../../../contracts/ids.ts";
import { ASYNC_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import type { ProjectedScript } from "../../../contracts/projection.ts";
import { stateOf } from "../capabilities/state.ts";
import type { RouterEnv } from "../env.ts";
import type { ResolvedOrg } from "../resolve/org.ts";
import { tooLarge } from "./body-limit.ts";
import { readBounded } from "./read-bounded.ts";

/** A run that is to happen later, and why. */
interface LaterRun {
  org: ResolvedOrg;
  script: ProjectedScript;
  trigger: "http" | "execute" | "invoke";
  params: Record<string, string>;
  request: Request;
  /** Path and query, as the script is to see them. */
  path: string;
  caller?: { executionId: string; scriptName: string; depth: number; eventDepth: number };
}

/**
 * Hands a run over to be run later, and answers the id that its result can be asked for by: whoever has the id may, so
 * it is made of nothing but chance. What is accepted runs, also when this process ends.
 *
 * @throws PlatformError `too_large`, or what the state refuses by
 */
export async function runLater(later: LaterRun, env: RouterEnv): Promise<string> {
  const { org, script, trigger, params, request, path, caller } = later;
  const executionId = newId("execution");
  const run: NewAsyncRun = {
    executionId,
    scriptId: script.id,
    method: request.method,
    path,
    headers: Object.fromEntries(request.headers),
    ...(await bodyOf(request)),
    params,
    invokeDepth: caller === undefined ? 0 : caller.depth + 1,
    depth: caller?.eventDepth ?? 0,
    causedBy: caller?.executionId ?? null,
    origin: new URL(request.url).origin,
    trigger,
    ...(caller === undefined ? {} : { callerScript: caller.scriptName }),
  };
  await stateOf(env).startAsyncRun(org.projection.orgId, run);
  return executionId;
}

async function bodyOf(request: Request): Promise<Pick<NewAsyncRun, "body" | "bodyEncoding">> {
  if (request.body === null) return { body: null, bodyEncoding: "utf8" };
  if (Number(request.headers.get("content-length")) > ASYNC_BODY_BYTES_MAX) throw tooLarge(ASYNC_BODY_BYTES_MAX);
  const { body, bodyEncoding, truncated } = await readBounded(request, ASYNC_BODY_BYTES_MAX);
  if (truncated) throw tooLarge(ASYNC_BODY_BYTES_MAX);
  return { body, bodyEncoding };
}
