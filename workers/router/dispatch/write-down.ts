import { ERROR_STATUS, type PlatformError } from "../../../contracts/errors.ts";
import type { ExecutionRecord } from "../../../contracts/execution.ts";
import { redactSecrets } from "../capabilities/redaction.ts";
import type { RouterContext, RouterEnv } from "../env.ts";
import { logBuffer, scheduleDelivery } from "../log/delivery.ts";
import { newExecutionId } from "../log/execution-id.ts";
import { usageMeter } from "../usage/meter.ts";
import { announce, CALLER_GONE_STATUS, isWorthALook } from "./caller.ts";
import { traitsOf } from "./isolate.ts";
import { isWorthKeeping, keepBody } from "./kept-body.ts";
import { faultNamed, refused, type Ended } from "./outcomes.ts";
import { recordOf } from "./record.ts";
import type { Run, RunResult } from "./run.ts";
import type { Fault } from "./run-facts.ts";

/** Runs that took no longer have not lost their callers, in milliseconds. */
const MOMENT_MS = 5;

/** Who, when and for how long. */
type Measured = Pick<ExecutionRecord, "id" | "startedAt" | "durationMs">;

/** Tells how a run ended, and the log of it, which nobody waits for. */
export function finish(
  run: Run,
  ended: Ended,
  measured: Measured,
  env: RouterEnv,
  ctx: RouterContext,
): RunResult | Promise<RunResult> {
  // Nobody goes away within a moment, and asking costs most runs more than it may.
  if (measured.durationMs > MOMENT_MS && ended.outcome === "ok" && run.request.signal.aborted) {
    return writeDown(run, abandoned(ended), measured, env, ctx);
  }
  // Elsewhere than on one computer a proxy in front tells at once who has gone.
  if (env.LOG_DELIVERY !== "polled" || !isWorthALook(run, ended.response, measured.durationMs)) {
    return writeDown(run, ended, measured, env, ctx);
  }
  return lookAfter(run, ended, measured, env, ctx);
}

/** Answers, and writes down afterwards whether anybody was there to hear it. */
async function lookAfter(
  run: Run,
  ended: Ended,
  measured: Measured,
  env: RouterEnv,
  ctx: RouterContext,
): Promise<RunResult> {
  const answer = ended.response ?? new Response(null);
  const streams = traitsOf(run.org.projection.orgId, run.script)?.streams !== false;
  const { response, gone } = await announce(answer, run.request.signal, streams);
  const heard = { ...ended, response: new Response(null, answer) };
  ctx.waitUntil(gone.then((isGone) => writeDown(run, isGone ? abandoned(heard) : heard, measured, env, ctx)));
  return resultOf(measured, { ...ended, response });
}

/** Writes down that a run was asked for which the platform does not begin. */
export function refuseRun(run: Run, refusal: PlatformError, env: RouterEnv, ctx: RouterContext): RunResult {
  const startedAt = Date.now();
  const id = run.executionId ?? newExecutionId(startedAt);
  const ended: Ended = { ...refused(refusal), fault: faultNamed("Refused", refusal.message), outcome: "refused" };
  return writeDown(run, ended, { id, startedAt, durationMs: 0 }, env, ctx);
}

const abandoned = (ended: Ended): Ended => ({ ...ended, outcome: "abandoned" });

function statusOf({ outcome, response, refusal }: Ended): number {
  if (outcome === "abandoned") return CALLER_GONE_STATUS;
  return response?.status ?? ERROR_STATUS[refusal?.code ?? "internal"];
}

function writeDown(run: Run, told: Ended, measured: Measured, env: RouterEnv, ctx: RouterContext): RunResult {
  const { orgId } = run.org.projection;
  const ended = told.fault === null ? told : { ...told, fault: withoutSecrets(orgId, told.fault) };
  if (run.asksAgain === true && ended.refusal?.code === "unavailable") return resultOf(measured, ended);
  if (ended.outcome !== "refused") {
    usageMeter.ran(orgId, ended.outcome === "ok", measured.startedAt + measured.durationMs);
  }
  const facts = { ...measured, status: statusOf(ended) };
  let { response } = ended;
  if (response !== null && isWorthKeeping(response)) {
    const both = keepBody(response);
    response = both.response;
    ctx.waitUntil(both.kept.then((body) => logBuffer.addRecord(orgId, recordOf(run, ended, facts, body))));
  } else {
    logBuffer.addRecord(orgId, recordOf(run, ended, facts, null));
  }
  if (ended.fault !== null) logBuffer.addLines(orgId, measured.id, ended.fault.lines);
  if (env.LOG_DELIVERY === "scheduled") scheduleDelivery(ctx, env.STATE);
  return resultOf(measured, { ...ended, response });
}

const resultOf = ({ id, durationMs }: Measured, ended: Ended): RunResult => ({
  executionId: id,
  response: ended.response,
  refusal: ended.refusal,
  fault: ended.fault,
  status: statusOf(ended),
  durationMs,
});

/** What a failed script says, without the secrets that it may have read. */
function withoutSecrets(orgId: string, fault: Fault): Fault {
  const { name, message, stack } = fault.error;
  return {
    ...fault,
    error: { name, message: redactSecrets(orgId, message), stack: redactSecrets(orgId, stack) },
    lines: fault.lines.map((line) => ({ ...line, text: redactSecrets(orgId, line.text) })),
  };
}
