import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import type { DeliverRequest, DeliverResult, QueueAcks } from "../../../contracts/events/dispatch.ts";
import { flatEvent } from "../../../contracts/events/flat.ts";
import { ASYNC_RESULT_BYTES_MAX, EVENT_DEPTH_MAX, SATURATED_PAUSE_MS } from "../../../contracts/limits.ts";
import type { RouterContext, RouterEnv } from "../env.ts";
import { quarantine } from "../quarantine/watch.ts";
import { readAcks } from "./fault.ts";
import { readBounded } from "./read-bounded.ts";
import { runScript, type Run, type RunResult } from "./run.ts";
import { findTarget, type Target } from "./target.ts";
import { refuseRun } from "./write-down.ts";
import { jsonRequest, requestOf } from "./written-request.ts";

/** Pause before what could not be read is asked for again, in milliseconds. */
const UNREADABLE_PAUSE_MS = 1_000;
/** Pause before an org that has used up its month is tried again, in milliseconds: its quota or budget may have been raised. */
const OVER_QUOTA_PAUSE_MS = 10_000;
/** Words of an error that go back to whoever delivers, in characters. */
const MESSAGE_LENGTH_MAX = 1_000;
/** Header of a kept answer whose body was too long to keep. */
const BODY_DROPPED_HEADER = "isola-body-dropped";

/** Runs a script for an event, or for a request that nobody waits for. All that can happen is a result. */
export async function deliver(request: DeliverRequest, env: RouterEnv, ctx: RouterContext): Promise<DeliverResult> {
  try {
    const target = await findTarget(request, env);
    if (target === null) return refusedAs(null, new PlatformError("not_found", "The script or its org is gone."));
    return await deliverTo(target, request, env, ctx);
  } catch (error) {
    const refusal = platformErrorOf(error);
    if (refusal?.code === "unavailable") return { outcome: "saturated", retryAfterMs: pauseAfter(refusal) };
    if (refusal?.code === "too_many_requests" || refusal?.code === "over_quota") {
      return { outcome: "saturated", retryAfterMs: OVER_QUOTA_PAUSE_MS };
    }
    if (refusal !== null) return refusedAs(null, refusal);
    console.error("deliver:", error);
    const message = "Something went wrong on our side.";
    return { outcome: "failed", executionId: null, durationMs: 0, code: "internal", message };
  }
}

async function deliverTo(
  target: Target,
  request: DeliverRequest,
  env: RouterEnv,
  ctx: RouterContext,
): Promise<DeliverResult> {
  const run = runOf(target, request, env);
  const refusal = refusalOf(run);
  if (refusal !== null) return refusedAs(refuseRun(run, refusal, env, ctx).executionId, refusal);
  const verdict = quarantine.active ? quarantine.verdictOf(request.orgId, Date.now()) : null;
  if (verdict?.kind === "refused") {
    return { outcome: "saturated", retryAfterMs: Math.max(SATURATED_PAUSE_MS, verdict.untilMs - Date.now()) };
  }
  const result = await runScript(run, env, ctx);
  return request.work.type === "event" ? resultOfEvent(result) : resultOfRequest(result);
}

function runOf(target: Target, { work }: DeliverRequest, env: RouterEnv): Run {
  const origin = `http://${target.org.projection.slug}.${env.DOMAIN}`;
  if (work.type === "event") {
    const { event } = work;
    return {
      ...target,
      trigger: event.data.kind,
      params: {},
      path: "/",
      request: jsonRequest(`${origin}/`, JSON.stringify(flatEvent(event))),
      isEvent: true,
      eventDepth: event.depth,
      delivery: { id: event.id, attempt: event.attempt },
      asksAgain: true,
    };
  }
  const { run } = work;
  return {
    ...target,
    trigger: run.trigger ?? "execute",
    params: run.params,
    path: run.path,
    request: requestOf(`${run.origin ?? origin}${run.path}`, run),
    eventDepth: run.depth,
    executionId: run.executionId,
    ...(run.causedBy === null
      ? {}
      : { caller: { executionId: run.causedBy, scriptName: run.callerScript ?? "", depth: run.invokeDepth - 1 } }),
    asksAgain: true,
  };
}

/** Why a run may never begin. */
function refusalOf({ script, eventDepth = 0 }: Run): PlatformError | null {
  if (script.kind !== "endpoint") {
    return new PlatformError("not_found", `"${script.name}" is a module now, which handles nothing.`);
  }
  if (eventDepth <= EVENT_DEPTH_MAX) return null;
  const message =
    `${eventDepth} events led to one another, and ${EVENT_DEPTH_MAX} may. ` +
    "Have the handler write where no trigger of the chain looks, or only when something changes.";
  return new PlatformError("over_budget", message, { depth: eventDepth, max: EVENT_DEPTH_MAX });
}

async function resultOfEvent(result: RunResult): Promise<DeliverResult> {
  const { executionId, durationMs, response, fault } = result;
  if (response !== null) {
    return { outcome: "ok", executionId, durationMs, acks: await readAcks(response), response: null };
  }
  const refusal = refusalIn(result);
  const message = fault === null ? refusal.message : `${fault.error.name}: ${fault.error.message}`;
  if (fault?.noRetry === true) return refusedAs(executionId, new PlatformError("script_error", message));
  return failedAs(result, refusal.code, message, fault?.acks ?? null);
}

/** What a stranger may know of it: the result of such a run is read by whoever asked for it. */
async function resultOfRequest(result: RunResult): Promise<DeliverResult> {
  const { executionId, durationMs, response, status } = result;
  if (response === null) {
    const refusal = refusalIn(result);
    return failedAs(result, refusal.code, refusal.message, null);
  }
  const { body, bodyEncoding, truncated } = await readBounded(response, ASYNC_RESULT_BYTES_MAX);
  const headers = Object.fromEntries(response.headers);
  // The half of a body is worse than none.
  const answer = truncated
    ? { status, headers: { ...headers, [BODY_DROPPED_HEADER]: "too-large" }, body: "", bodyEncoding: "utf8" as const }
    : { status, headers, body, bodyEncoding };
  return { outcome: "ok", executionId, durationMs, acks: null, response: answer };
}

/** Why there is no answer; a run that never began for want of room is thrown, for it is to be asked for again. */
function refusalIn({ refusal }: RunResult): PlatformError {
  if (refusal === null) return new PlatformError("internal", "The script did not answer.");
  if (refusal.code === "unavailable") throw refusal;
  return refusal;
}

function failedAs(
  { executionId, durationMs }: RunResult,
  code: string,
  message: string,
  acks: QueueAcks | null,
): DeliverResult {
  return { outcome: "failed", executionId, durationMs, code, message: message.slice(0, MESSAGE_LENGTH_MAX), acks };
}

const refusedAs = (executionId: string | null, { code, message }: PlatformError): DeliverResult => ({
  outcome: "refused",
  executionId,
  code,
  message: message.slice(0, MESSAGE_LENGTH_MAX),
});

function pauseAfter({ details }: PlatformError): number {
  if (typeof details["retryAfterS"] === "number") return details["retryAfterS"] * 1_000;
  return details["reason"] === "concurrency" ? SATURATED_PAUSE_MS : UNREADABLE_PAUSE_MS;
}
